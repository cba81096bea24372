"""Coloured cells that answer to mouse and keyboard: one Streamlit component, drawn in place.

A Plotly chart reports a press later, cannot be used by keyboard, and is built anew whenever its numbers change. Names
reach the component as data and become text there; the HTML of a hover is made and escaped by the figures.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sparsecbm.figures.cell_table import MOST_PRINTED, Cells
from sparsecbm.figures.style import ink_on
from sparsecbm.figures.text import visible
from sparsecbm.ui.component import component, sent

_component = component(__file__)
_ONLY = "only"


def cell_view(
    key: str, label: str, cells: Cells, dark: bool, pressed: Callable[[Sequence[int]], None] | None = None
) -> None:
    """Draw the cells under the name `label`; `pressed` gets row and column of a cell that is pressed."""
    _component(key=key, on_pressed_change=lambda: _pressed(key, pressed), data={
        "key": key, "pages": {_ONLY: _page(label, cells, dark)}, "shown": _ONLY, "pressable": pressed is not None})


def cell_pages(
    key: str, pages: Mapping[str, tuple[str, Cells]], shown: str | None, dark: bool, follows: str, hint: str
) -> None:
    """One of many tables, each with its name for a screen reader: that of the cell pressed in the view `follows`.

    A page is named by the row of that cell, or by row and column, such as "1,2", and the browser turns to it at once.
    `shown` is what the server knows of; None shows nothing but `hint`.
    """
    _component(key=key, data={
        "pages": {name: _page(*page, dark) for name, page in pages.items()}, "shown": shown, "follows": follows,
        "hint": hint, "pressable": False})


def _page(label: str, cells: Cells, dark: bool) -> dict[str, Any]:
    colours = [[cells.colour(float(number), dark) for number in row] for row in cells.numbers]
    rows, columns, axes = ([visible(name) for name in names] for names in (cells.rows, cells.columns, cells.axes))
    return {
        "label": label, "title": visible(cells.title), "rows": rows, "columns": columns, "axes": axes,
        "printed": cells.printed if len(cells.columns) <= MOST_PRINTED else None,
        "hover": cells.hover, "colours": colours, "inks": [[ink_on(colour) for colour in row] for row in colours],
        "chosen": [list(place) for place in cells.chosen], "scale": [colour for _, colour in cells.stops(dark)],
        "ends": list(cells.ends)}


def _pressed(key: str, tell: Callable[[Sequence[int]], None] | None) -> None:
    place = sent(key, "pressed")
    if place is not None and tell is not None:
        tell([int(part) for part in place])
