"""Coloured cells that answer to mouse and keyboard: one Streamlit component, drawn in place.

A chart of Plotly tells of a press later, cannot be used by keyboard, and is built anew whenever its numbers change. The
script and style are the two files beside this one. Names reach them as data; the HTML of a hover is made and escaped by
our figures.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from sparsecbm.figures.cells import MOST_PRINTED, Cells
from sparsecbm.figures.colour import ink_on

_HERE = Path(__file__).with_suffix("")
_component = st.components.v2.component(
    "sparsecbm.cell_view", css=_HERE.with_suffix(".css").read_text(), js=_HERE.with_suffix(".js").read_text())


def cell_view(
    key: str, label: str, cells: Cells, dark: bool, pressed: Callable[[Sequence[int]], None] | None = None
) -> None:
    """Draw the cells under the name `label`; `pressed` gets row and column of a cell that is pressed."""
    colours = [[cells.colour(float(number), dark) for number in row] for row in cells.numbers]
    ends = [f"{end:.1f}" if cells.limit is None else f"{end:+.2f}" for end in cells.domain]
    _component(key=key, data={
        "label": label, "title": cells.title, "rows": list(cells.rows), "columns": list(cells.columns),
        "axes": list(cells.axes), "printed": cells.printed if len(cells.columns) <= MOST_PRINTED else None,
        "hover": cells.hover, "colours": colours, "inks": [[ink_on(colour) for colour in row] for row in colours],
        "chosen": [list(place) for place in cells.chosen], "scale": [colour for _, colour in cells.stops(dark)],
        "ends": ends, "pressable": pressed is not None,
    }, on_pressed_change=lambda: _pressed(key, pressed))


def _pressed(key: str, tell: Callable[[Sequence[int]], None] | None) -> None:
    place = st.session_state[key].get("pressed")
    if place is not None and tell is not None:
        tell([int(part) for part in place])
