"""What a page shows, as a value of one session: kept over page changes, restored from the address, written back to it.

There is one source of truth, the value in the session. Widgets are set from it before they are drawn and change it
through `change`, so a link, a reset and a click end in the same place.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Generic, NoReturn, TypeVar

import streamlit as st

from sparsecbm.ui.text import as_markdown

Value = TypeVar("Value")
Address = Mapping[str, Sequence[str]]


def unknown_parts(parts: Address, names: Sequence[str]) -> list[str]:
    """A message for every part of an address that means nothing to its page."""
    return [f"The address has a part called {name!r}, which means nothing here; allowed: {', '.join(names)}."
            for name in parts if name not in names]


def repeated_parts(parts: Address, names: Sequence[str], many: Sequence[str] = ()) -> list[str]:
    """A message for every part that came several times; those of `many` may."""
    return [f"The address gives {name!r} {len(given)} times; the last one counts."
            for name, given in parts.items() if name in names and name not in many and len(given) > 1]


class Kept(Generic[Value]):
    """One page's value; `name` starts its keys in the session, `empty` makes what a session starts with."""

    def __init__(self, name: str, empty: Callable[[], Value]) -> None:
        self._empty = empty
        self._value, self._written, self._own, self._problems = (
            f"{name}:{part}" for part in ("view", "written", "own", "problems"))

    @property
    def current(self) -> Value:
        """What this session looks at."""
        if self._value not in st.session_state:
            st.session_state[self._value] = self._empty()
        value: Value = st.session_state[self._value]
        return value

    def opened(self, read: Callable[[Address], tuple[Value, tuple[str, ...]]]) -> Value:
        """The value at the start of a page run: the address wins, unless this session wrote it itself.

        A run that one of our own widgets caused never reads the address: the browser may still be showing an old one.
        `read` gives the value of an address, and one message for every part that could not be used.
        """
        parts = {name: st.query_params.get_all(name) for name in st.query_params}
        if parts and not st.session_state.pop(self._own, False) and parts != st.session_state.get(self._written):
            st.session_state[self._value], st.session_state[self._problems] = read(parts)
        return self.current

    def write(self, parts: Mapping[str, str | list[str]]) -> None:
        """Make the address say what this session looks at."""
        st.session_state.pop(self._own, None)
        written = {name: part if isinstance(part, list) else [part] for name, part in parts.items()}
        if written != {name: st.query_params.get_all(name) for name in st.query_params}:
            st.query_params.from_dict(dict(parts))
        st.session_state[self._written] = written

    def change(self, **changes: Any) -> None:
        """Change parts of the value; for callbacks, which run before the page does."""
        st.session_state[self._value] = replace(self.current, **changes)  # type: ignore[type-var]
        st.session_state[self._own] = True

    def run_again(self) -> NoReturn:
        """Run the whole page again, without the address: the browser may still be showing the one before."""
        st.session_state[self._own] = True
        st.rerun()

    def notices(self) -> None:
        """What could not be used of the address, until dismissed; everything else of it was kept."""
        problems = st.session_state.get(self._problems, ())
        if problems:
            st.warning("  \n".join(["Part of the address could not be used. The rest of it was kept.",
                                    *(f"• {as_markdown(problem)}" for problem in problems)]), icon=":material/warning:")
            st.button("Dismiss", on_click=self.dismiss)

    def dismiss(self) -> None:
        """Forget what could not be used of the address."""
        st.session_state[self._problems] = ()
        st.session_state[self._own] = True
