"""A chart as every one comes: a heading with help, the picture, and the same as a table."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st


def chart(
    figure: go.Figure, table: pd.DataFrame, key: str, alt: str, pressed: Callable[[Any], None] | None = None
) -> None:
    """Draw a chart and its table twin. `pressed` gets the `customdata` of a point that is pressed, before the page
    runs again."""
    config = {"toImageButtonOptions": {"format": "svg", "filename": key.replace(":", "-")}}
    if pressed is None:
        st.plotly_chart(figure, key=key, config=config, alt=alt)
    else:
        st.plotly_chart(figure, key=key, config=config, alt=alt, selection_mode="points",
                        on_select=lambda: _pressed(key, pressed))
    with st.expander("As a table"):
        st.dataframe(table, hide_index=True, alt=f"Table: {alt}")


def title(text: str, explanation: str) -> None:
    """The heading of one chart, with a "?"."""
    st.markdown(f"#### {text}", help=explanation)


def _pressed(key: str, tell: Callable[[Any], None]) -> None:
    points = st.session_state[key]["selection"]["points"]
    if points and points[0].get("customdata") is not None:  # nothing is selected when a selection is lifted
        tell(points[0]["customdata"])
