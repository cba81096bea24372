"""A chart as every one comes: a heading with help, the picture, the same as a table, and a pin."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from sparsecbm.ui.deck.parts import Draw, chart_part, chart_title
from sparsecbm.ui.deck.pinning import pin
from sparsecbm.ui.shell import is_dark


def chart(
    figure: go.Figure | Draw, table: pd.DataFrame, key: str, alt: str, pressed: Callable[[Any], None] | None = None
) -> None:
    """Draw a chart and its table twin. `pressed` gets the `customdata` of a point that is pressed, before the page
    runs again. A figure that comes as a function of "dark" can be pinned, for it must be shown on either paper."""
    draw = None if isinstance(figure, go.Figure) else figure
    if not isinstance(figure, go.Figure):
        figure = figure(is_dark())
    config = {"toImageButtonOptions": {"format": "svg", "filename": key.replace(":", "-")}}
    if pressed is None:
        st.plotly_chart(figure, key=key, config=config, alt=alt)
    else:
        st.plotly_chart(figure, key=key, config=config, alt=alt, selection_mode="points",
                        on_select=lambda: _pressed(key, pressed))
    if draw is None:
        _table(table, key, alt)
        return
    with st.container(horizontal=True, gap="small"):
        _table(table, key, alt)
        pin(key, partial(chart_title, figure), lambda: [chart_part(draw, table, alt)])


def title(text: str, explanation: str) -> None:
    """The heading of one chart, with a "?"."""
    st.markdown(f"#### {text}", help=explanation)


def _table(table: pd.DataFrame, key: str, alt: str) -> None:
    fold = st.expander("As a table", key=f"{key}:table", on_change="rerun")
    if fold.open:  # a browser takes as long to draw a table that nobody sees
        fold.dataframe(table, hide_index=True, alt=f"Table: {alt}")


def _pressed(key: str, tell: Callable[[Any], None]) -> None:
    points = st.session_state[key]["selection"]["points"]
    if points and points[0].get("customdata") is not None:  # nothing is selected when a selection is lifted
        tell(points[0]["customdata"])
