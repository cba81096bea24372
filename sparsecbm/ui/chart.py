"""What every chart comes with: a heading with help, the picture, the same as a table, and a pin."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from sparsecbm.figures.cell_table import Cells
from sparsecbm.file_names import in_a_name
from sparsecbm.ui.cells import cell_view
from sparsecbm.ui.pin import pin
from sparsecbm.ui.scene_parts import Draw, chart_part, chart_title
from sparsecbm.ui.shell import is_dark


def chart(
    figure: go.Figure | Draw | Cells, table: pd.DataFrame, key: str, alt: str,
    pressed: Callable[[Any], None] | None = None,
) -> None:
    """Draw a chart and its table twin. `pressed` gets the `customdata` of a point that is pressed, or row and column of
    a cell, before the page runs again. Cells, and a figure that comes as a function of "dark", can be pinned: a scene
    must be shown on either paper."""
    if isinstance(figure, go.Figure):
        _plotly(figure, key, alt, pressed)
        table_fold(table, key, alt)
        return
    if isinstance(figure, Cells):
        cell_view(key, alt, figure, is_dark(), pressed)
        chart_foot(figure, partial(str, figure.title), table, key, alt)
    else:
        drawn = figure(is_dark())
        _plotly(drawn, key, alt, pressed)
        chart_foot(figure, partial(chart_title, drawn), table, key, alt)


def chart_foot(drawn: Draw | Cells, name: Callable[[], str], table: pd.DataFrame, key: str, alt: str) -> None:
    """What stands below a picture that can be drawn on either paper: its table twin, and a pin under that name."""
    with st.container(horizontal=True, gap="small"):
        table_fold(table, key, alt)
        pin(key, name, lambda: [chart_part(drawn, table, alt)])


def title(text: str, explanation: str) -> None:
    """The heading of one chart, with a "?"."""
    st.markdown(f"#### {text}", help=explanation)


def _plotly(figure: go.Figure, key: str, alt: str, pressed: Callable[[Any], None] | None) -> None:
    config = {"toImageButtonOptions": {"format": "svg", "filename": in_a_name(key)}}
    if pressed is None:
        st.plotly_chart(figure, key=key, config=config, alt=alt)
    else:
        st.plotly_chart(figure, key=key, config=config, alt=alt, selection_mode="points",
                        on_select=lambda: _pressed(key, pressed))


def table_fold(table: pd.DataFrame, key: str, alt: str, label: str = "As a table") -> None:
    """The numbers of a picture, for whoever opens them."""
    fold = st.expander(label, key=f"{key}:table", on_change="rerun")
    if fold.open:  # a browser takes as long to draw a table that nobody sees
        fold.dataframe(table, hide_index=True, alt=f"Table: {alt}")


def _pressed(key: str, tell: Callable[[Any], None]) -> None:
    points = st.session_state[key]["selection"]["points"]
    if points and points[0].get("customdata") is not None:  # nothing is selected when a selection is lifted
        tell(points[0]["customdata"])
