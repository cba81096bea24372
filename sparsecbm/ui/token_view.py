"""The review as words that can be clicked away: a Streamlit component around the pieces of `tokens`.

The review reaches its script as data only.
"""

from collections.abc import Callable, Sequence

import streamlit as st

from sparsecbm.ui.component import component
from sparsecbm.ui.tokens import Piece

_component = component(__file__)


def token_view(
    key: str, label: str, review: str, pieces: Sequence[Piece], density: str,
    changed: Callable[[tuple[int, ...]], None],
) -> None:
    """Draw the pieces under the name `label`; `changed` gets the numbers of all hidden words when one is pressed.

    A press reports all of them, not the one, and is numbered. What is drawn carries the number of the last press it
    knows of, so that none is lost when the page is still busy with the press before.
    """
    turn = f"{key}:turn"

    def pressed() -> None:
        press = st.session_state[key].get("hidden")
        if press is not None:
            st.session_state[turn] = int(press["turn"])
            changed(tuple(int(number) for number in press["hidden"]))

    _component(key=key, on_hidden_change=pressed, data={
        "label": label, "review": review, "pieces": list(pieces), "density": density,
        "turn": st.session_state.get(turn, 0)})
