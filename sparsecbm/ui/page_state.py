"""What a page shows, as a value of one session: kept over page changes, restored from the address, written back to it.

There is one source of truth, the value in the session. Widgets are set from it before they are drawn and change it
through `change`, so a link, a reset and a click end in the same place.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any, Generic, NoReturn, TypeVar

import streamlit as st

from sparsecbm.fields import Field, Parts, fitting, read_fields, write_fields
from sparsecbm.ui.chosen_model import MODEL, with_model
from sparsecbm.ui.safe_text import as_markdown, shortened

Value = TypeVar("Value")
#: What a value becomes once its fields are compared with each other, and a message for each that had to give way.
Checked = tuple[Value, Sequence[str]]

#: Browsers and servers in between refuse much longer addresses; what does not fit stays out.
MOST_ENCODED = 6000
#: What mail, chat and search programs add to a link.
_TRACKING = frozenset((
    "fbclid", "gclid", "dclid", "gbraid", "wbraid", "gad_source", "msclkid", "yclid", "twclid", "ttclid", "li_fat_id",
    "igshid", "igsh", "mc_cid", "mc_eid", "mkt_tok", "trk", "ref", "ref_src", "si", "srsltid", "s_cid", "vero_id",
    "_ga", "_gl", "_hsenc", "_hsmi"))
_TRACKING_STARTS = ("utm_", "pk_", "mtm_", "hsa_", "ga_")
_MOST_NAMED = 5


def unknown_names(parts: Collection[str], known: Collection[str]) -> list[str]:
    """The names of an address that mean nothing to its page, without those that other programs add to every link."""
    return [name for name in parts if name not in known
            and name.lower() not in _TRACKING and not name.lower().startswith(_TRACKING_STARTS)]


def listed_names(names: Sequence[str]) -> str:
    """Names of an address as Markdown, the first few of them."""
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(as_markdown(shortened(name, 40)) for name in names[:_MOST_NAMED]) + more


class PageState(Generic[Value]):
    """The state of one page.

    `name` starts its keys in the session, `empty` is what a session starts with, and `fields` says how the address
    holds it. `check` compares fields with each other after they are read; it gets the value and the context of the
    fields. `left_out` names the fields that an address has no room for.
    """

    def __init__(
        self, name: str, empty: Value, fields: Sequence[Field],
        check: Callable[[Value, Any], Checked[Value]] = lambda value, _: (value, ()),
        left_out: Callable[[Value], Collection[str]] = lambda _: (),
    ) -> None:
        self._empty, self._fields, self._check, self._left_out = empty, fields, check, left_out
        self._value, self._written, self._own, self._problems, self._unknown = (
            f"{name}:{part}" for part in ("view", "written", "own", "problems", "unknown"))

    def from_address(self, parts: Parts, context: Any) -> tuple[Value, tuple[str, ...]]:
        """The value of an address, and one message for every part that could not be used. Good parts are kept."""
        found, problems = read_fields(self._fields, parts, self._empty, context)
        value, more = self._check(found, context)
        return value, (*problems, *more)

    def to_address(self, value: Value, context: Any = None) -> dict[str, list[str]]:
        """The parts of the address that restore a value; what every session starts with is left out."""
        left_out = self._left_out(value)
        parts = write_fields(self._fields, value, self._empty, context)
        return {name: texts for name, texts in parts.items() if name not in left_out}

    @property
    def current(self) -> Value:
        """The value of this session."""
        value: Value = st.session_state.setdefault(self._value, self._empty)
        return value

    def opened(self, context: Any = None) -> Value:
        """The value at the start of a page run: the address wins, unless this session wrote it itself.

        A run that one of our own widgets caused never reads the address: the browser may still be showing an old one.
        What does not fit the context, because another model was loaded since, goes back to what a session starts with.
        """
        parts = _address()
        if parts and not st.session_state.pop(self._own, False) and parts != st.session_state.get(self._written):
            st.session_state[self._value], st.session_state[self._problems] = self.from_address(parts, context)
            st.session_state[self._unknown] = unknown_names(parts, [field.name for field in self._fields])
        else:
            st.session_state[self._value] = fitting(self._fields, self.current, self._empty, context)
        return self.current

    def write(self, context: Any = None) -> None:
        """Write the value of this session into the address."""
        st.session_state.pop(self._own, None)
        parts = self.to_address(self.current, context)
        if parts != _address():
            st.query_params.from_dict(with_model(parts))
        st.session_state[self._written] = parts

    def change(self, **changes: Any) -> None:
        """Change parts of the value; for callbacks, which run before the page does."""
        st.session_state[self._value] = replace(self.current, **changes)  # type: ignore[type-var]
        st.session_state[self._own] = True

    def run_again(self) -> NoReturn:
        """Run the whole page again, without the address: the browser may still be showing the one before."""
        st.session_state[self._own] = True
        st.rerun()

    def drop(self, problem: str, **changes: Any) -> None:
        """Change what turned out to be of no use once the page knew more, and say so among the notices."""
        st.session_state[self._value] = replace(self.current, **changes)  # type: ignore[type-var]
        st.session_state[self._problems] = (*st.session_state.get(self._problems, ()), problem)

    def notices(self) -> None:
        """What could not be used of the address, until dismissed; everything else of it was kept."""
        problems, unknown = (st.session_state.get(key, ()) for key in (self._problems, self._unknown))
        if unknown:
            st.markdown(":small[Parts of the address that this page does not know were ignored: "
                        f"{listed_names(unknown)}.]")
        if problems:
            text = "  \n".join(["Part of the address could not be used. The rest of it was kept.",
                                *(f"• {as_markdown(problem)}" for problem in problems)])
            with st.container(horizontal=True, vertical_alignment="center"):
                st.warning(text, icon=":material/warning:")
                st.button("Dismiss", on_click=self.dismiss)

    def dismiss(self) -> None:
        """Forget what could not be used of the address."""
        st.session_state[self._problems] = st.session_state[self._unknown] = ()
        st.session_state[self._own] = True


def _address() -> dict[str, list[str]]:
    """The parts of the address that say what a page shows; of which model is not for a page to say."""
    return {name: st.query_params.get_all(name) for name in st.query_params if name != MODEL}
