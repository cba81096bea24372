"""Presenting a deck: one slide fills the window, in large type. It needs no model."""

from collections.abc import Callable

import plotly.graph_objects as go
import streamlit as st

from sparsecbm.deck.deck import Scene
from sparsecbm.deck.figure import enlarged
from sparsecbm.export.deck_page import KEYS_SCRIPT, LARGE, cover_html, scene_pieces, scene_style
from sparsecbm.ui.component import component, sent
from sparsecbm.ui.pin import current_deck, present
from sparsecbm.ui.shell import errors_shown, is_dark

_component = component(__file__, KEYS_SCRIPT)
_TURN = "deck:turn"


def stage(key: str, at: int, count: int, go: Callable[[int | None], None]) -> None:
    """The control at slide `at` of `count`; `go` gets the slide to show, or None to leave.

    A press says where it leads and is numbered. What is drawn carries the number of the last press it knows of, so that
    two quick presses lead two slides on although the page was still busy with the first.
    """

    def pressed() -> None:
        press = sent(key, "pressed")
        if press is not None:
            st.session_state[_TURN] = int(press["turn"])
            go(None if press["at"] is None else int(press["at"]))

    _component(key=key, on_pressed_change=pressed, data={
        "at": at, "count": count, "turn": st.session_state.get(_TURN, 0)})


#: Streamlit measures in the root's type, so all of it grows with that; menu, toolbar and margins go.
_STYLE = (
    "@media screen {{ html {{ font-size: {size}px !important; }} }} "
    "[data-testid=stSidebar], [data-testid=stHeader], [data-testid=stSidebarCollapsedControl] {{ display: none; }} "
    "[data-testid=stMainBlockContainer] {{ max-width: none; padding: 1.2rem 2.4rem 3.4rem; }} "
    "[data-testid=stMain] [data-testid=stVerticalBlock] {{ gap: .4rem; }} "
)


def scene_shown(at: int) -> None:
    """The slide, and the control that turns to others; without a deck, what to do."""
    deck = current_deck()
    st.html(f"<style>{_STYLE.format(size=16 * LARGE)}{scene_style(is_dark())}</style>")
    if not deck.scenes:
        st.info("**This session has no deck to present.** A deck lasts as long as the session that pinned it. Add the "
                "scenes of a deck that was exported as JSON, or pin some.", icon=":material/info:")
        st.button("To the deck", on_click=present, args=(None,), key="deck:leave", icon=":material/arrow_back:")
        return
    with errors_shown():
        if at == 0:
            st.html(f'<div class="scene">{cover_html(deck)}</div>')
        else:
            _scene(deck.scenes[at - 1], at)
    stage("deck:stage", at, len(deck.scenes) + 1, present)


def _scene(scene: Scene, at: int) -> None:
    for number, piece in enumerate(scene_pieces(scene)):
        if piece.chart is None:
            st.html(f'<div class="scene">{piece.html}</div>')
        else:
            figure = go.Figure(enlarged(piece.chart.dark if is_dark() else piece.chart.light, LARGE, scene.title))
            st.plotly_chart(figure, key=f"deck:chart:{at}:{number}", alt=piece.chart.alt,
                            config={"displayModeBar": False})
