"""The only control while a deck is presented: keys, two small buttons, and how far it is.

Which key leads where is the rule of the exported page.
"""

from collections.abc import Callable

import streamlit as st

from sparsecbm.export.deck import KEYS_SCRIPT
from sparsecbm.ui.component import component

_component = component(__file__, KEYS_SCRIPT)
_TURN = "deck:turn"


def stage(key: str, at: int, count: int, go: Callable[[int | None], None]) -> None:
    """Draw it at scene `at` of `count`; `go` gets the scene to show, or None to leave.

    A press says where it leads and is numbered. What is drawn carries the number of the last press it knows of, so that
    two quick presses lead two scenes on although the page was still busy with the first.
    """

    def pressed() -> None:
        press = st.session_state[key].get("pressed")
        if press is not None:
            st.session_state[_TURN] = int(press["turn"])
            go(None if press["at"] is None else int(press["at"]))

    _component(key=key, on_pressed_change=pressed, data={
        "at": at, "count": count, "turn": st.session_state.get(_TURN, 0)})
