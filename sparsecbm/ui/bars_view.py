"""Stacked bars, drawn in place: one Streamlit component.

Names reach it as data; the HTML of a hover is made and escaped by our figures.
"""

from collections.abc import Mapping

from sparsecbm.figures.colour import ink_on
from sparsecbm.figures.escaping import visible
from sparsecbm.figures.stacked import StackedBars
from sparsecbm.ui.component import component

_component = component(__file__)


def bars_pages(
    key: str, pages: Mapping[str, tuple[str, StackedBars]], shown: str | None, follows: str, hint: str
) -> None:
    """One of many pictures, each with its name for a screen reader. Which one, is as of `cell_pages`."""
    _component(key=key, data={"pages": {name: _page(*page) for name, page in pages.items()}, "shown": shown,
                              "follows": follows, "hint": hint})


def _page(label: str, bars: StackedBars) -> dict[str, object]:
    return {"label": label, "title": visible(bars.title), "text": visible(bars.text),
            "rows": [visible(row) for row in bars.rows],
            "looks": [{"name": visible(look.name), "colour": look.colour, "ink": ink_on(look.colour),
                       "hatched": look.hatched} for look in bars.looks],
            "shares": bars.shares.tolist(), "hover": list(bars.hover), "end": bars.end}
