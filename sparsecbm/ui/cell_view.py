"""Coloured cells that answer to mouse and keyboard: one Streamlit component, drawn in place.

A chart of Plotly tells of a press later, cannot be used by keyboard, and is built anew whenever its numbers change.
Names reach the component as data; the HTML of a hover is made and escaped by our figures.
"""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from sparsecbm.figures.cells import MOST_PRINTED, Cells
from sparsecbm.figures.colour import ink_on
from sparsecbm.ui.component import component

_component = component(__file__)


def cell_view(
    key: str, label: str, cells: Cells, dark: bool, pressed: Callable[[Sequence[int]], None] | None = None
) -> None:
    """Draw the cells under the name `label`; `pressed` gets row and column of a cell that is pressed."""
    _component(key=key, on_pressed_change=lambda: _pressed(key, pressed), data={
        "key": key, "pages": [_page(label, cells, dark)], "shown": 0, "pressable": pressed is not None})


def cell_pages(
    key: str, pages: Sequence[tuple[str, Cells]], shown: int | None, dark: bool, follows: str, hint: str
) -> None:
    """One of many tables, each with its name: the one of the row that is pressed in the view with the key `follows`.

    It turns to that in the browser at once. `shown` is what the server knows of; None shows nothing but `hint`.
    """
    _component(key=key, data={
        "key": key, "pages": [_page(label, cells, dark) for label, cells in pages], "shown": shown, "follows": follows,
        "hint": hint, "pressable": False})


def _page(label: str, cells: Cells, dark: bool) -> dict[str, Any]:
    colours = [[cells.colour(float(number), dark) for number in row] for row in cells.numbers]
    ends = [f"{end:.1f}" if cells.limit is None else f"{end:+.2f}" for end in cells.domain]
    return {
        "label": label, "title": cells.title, "rows": list(cells.rows), "columns": list(cells.columns),
        "axes": list(cells.axes), "printed": cells.printed if len(cells.columns) <= MOST_PRINTED else None,
        "hover": cells.hover, "colours": colours, "inks": [[ink_on(colour) for colour in row] for row in colours],
        "chosen": [list(place) for place in cells.chosen], "scale": [colour for _, colour in cells.stops(dark)],
        "ends": ends}


def _pressed(key: str, tell: Callable[[Sequence[int]], None] | None) -> None:
    place = st.session_state[key].get("pressed")
    if place is not None and tell is not None:
        tell([int(part) for part in place])
