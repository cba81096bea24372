"""A form whose values belong to the session: widgets show them and change them, and nothing is lost when they go."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Generic, TypeVar

import streamlit as st

from sparsecbm.ui.session import chosen, seed_widget
from sparsecbm.ui.typed import typed

Value = TypeVar("Value")


class Form(Generic[Value]):
    """A frozen dataclass of the session; `name` starts the keys of its widgets, `empty` makes what it starts with."""

    def __init__(self, name: str, empty: Callable[[], Value]) -> None:
        self._name, self._empty = name, empty

    @property
    def now(self) -> Value:
        """What it says."""
        held: Value = st.session_state.setdefault(f"{self._name}:form", self._empty())
        return held

    def set(self, value: Value) -> None:
        """Put another value in its place."""
        st.session_state[f"{self._name}:form"] = value

    def change(self, **changes: Any) -> None:
        """Change some fields."""
        self.set(replace(self.now, **changes))  # type: ignore[type-var]

    def widget(self, field: str, shown_as: str = "value") -> dict[str, Any]:
        """What a widget of one field is to be called with; `shown_as` names the argument that holds its value."""
        key = self.key(field)
        return {shown_as: seed_widget(key, getattr(self.now, field)), "key": key, "on_change": self._said,
                "args": (field,)}

    def choice(self, field: str, options: Sequence[Any]) -> dict[str, Any]:
        """The same of a list to choose from; a value that is no longer among the options gives way to the first."""
        if getattr(self.now, field) not in options:
            self.change(**{field: options[0]})
        said = self.widget(field, "index")
        return said | {"options": options, "index": options.index(said["index"])}

    def key(self, field: str) -> str:
        """The key of the widget of a field."""
        return f"{self._name}:{field}"

    def _said(self, field: str) -> None:
        if chosen(self.key(field)):
            said = st.session_state[self.key(field)]
            self.change(**{field: typed(said) if isinstance(said, str) else said})
