"""Presenting a deck: one scene fills the window, in large type. It needs no model."""

import plotly.graph_objects as go
import streamlit as st

from sparsecbm.deck.figure import enlarged
from sparsecbm.export.deck import LARGE, scene_pieces, scene_style
from sparsecbm.ui.deck.session import current_deck, present
from sparsecbm.ui.deck.stage import stage
from sparsecbm.ui.shell import errors_shown, is_dark

#: Streamlit measures in the root's type, so all of it grows with that; menu, toolbar and margins go.
_STYLE = (
    "@media screen {{ html {{ font-size: {size}px !important; }} }} "
    "[data-testid=stSidebar], [data-testid=stHeader], [data-testid=stSidebarCollapsedControl] {{ display: none; }} "
    "[data-testid=stMainBlockContainer] {{ max-width: none; padding: 1.2rem 2.4rem 2.6rem; }} "
    "[data-testid=stMain] [data-testid=stVerticalBlock] {{ gap: .4rem; }} "
)


def scene_shown(at: int) -> None:
    """The scene, and the small control that turns to others; where there is none, what to do."""
    deck = current_deck()
    st.html(f"<style>{_STYLE.format(size=16 * LARGE)}{scene_style(is_dark())}</style>")
    if not deck.scenes:
        st.info("**This session has no deck to present.** A deck lasts as long as the session that pinned it. Add the "
                "scenes of a deck that was exported as JSON, or pin some.", icon=":material/info:")
        st.button("To the deck", on_click=present, args=(None,), key="deck:leave", icon=":material/arrow_back:")
        return
    with errors_shown():
        scene = deck.scenes[at]
        for number, piece in enumerate(scene_pieces(scene)):
            if piece.chart is None:
                st.html(f'<div class="scene">{piece.html}</div>')
            else:
                figure = go.Figure(enlarged(piece.chart.dark if is_dark() else piece.chart.light, LARGE, scene.title))
                st.plotly_chart(figure, key=f"deck:chart:{at}:{number}", alt=piece.chart.alt,
                                config={"displayModeBar": False})
    stage("deck:stage", at, len(deck.scenes), present)
