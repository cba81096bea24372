"""The review as words that can be clicked away: a Streamlit component around the pieces of `tokens`.

Its script and style are the two files beside this one. They are trusted code; the review reaches them as data only.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from sparsecbm.ui.tokens import Piece

_HERE = Path(__file__).with_suffix("")
_component = st.components.v2.component(
    "sparsecbm.token_view", css=_HERE.with_suffix(".css").read_text(), js=_HERE.with_suffix(".js").read_text())


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
