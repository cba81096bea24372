"""What all charts share: names that plotly reads as text and not as markup, and a quiet layout."""

import html
from typing import Any

from sparsecbm.figures.colour import DARK_PAPER, PAPER, ink_on
from sparsecbm.figures.text import visible

#: Longer names would leave no room for the chart; its table has them whole.
MOST_SHOWN = 24

#: Below the plot, in the container: plotly then leaves as much room as its lines take, on a narrow screen too.
LEGEND = {"orientation": "h", "xref": "container", "x": 0, "xanchor": "left", "yref": "container", "y": 0,
          "yanchor": "bottom", "traceorder": "normal"}


def plain(name: str) -> str:
    """A name for an axis, title or hover box: plotly would read `<b>` and a line break."""
    return html.escape(visible(" ".join(name.split())), quote=False)


def short(name: str) -> str:
    """A name for an axis, cut where it is long."""
    return plain(name if len(name) <= MOST_SHOWN else f"{name[: MOST_SHOWN - 1]}…")


def layout(title: str, height: int, dark: bool, **changes: Any) -> dict[str, Any]:
    """Title above and legend below, no empty margins, nothing that moves when it is dragged, all text in full contrast.

    `changes` replace these parts; those of the legend are added to it.
    """
    font = ink(dark)
    for axis in ("xaxis", "yaxis"):
        heading = changes.get(axis, {}).get("title", {}) | {"font": font}
        changes[axis] = changes.get(axis, {}) | {"tickfont": font, "title": heading}
    changes["legend"] = LEGEND | {"font": font} | changes.get("legend", {})
    return {"title": {"text": plain(title), "font": {"size": 15}}, "height": height, "dragmode": False,
            "margin": {"l": 10, "r": 10, "t": 44, "b": 10}} | changes


def ink(dark: bool) -> dict[str, str]:
    """A font with the full contrast of text on the page; themes make axes paler."""
    return {"color": ink_on(DARK_PAPER if dark else PAPER)}


def colour_bar(dark: bool, form: str = ".1f") -> dict[str, Any]:
    """The legend of a scale; `form` is how its numbers are written."""
    return {"thickness": 10, "tickformat": form, "nticks": 5, "tickfont": ink(dark)}


def ticks(names: tuple[str, ...], **changes: Any) -> dict[str, Any]:
    """An axis of names, at 0, 1, ..; names that look like numbers stay names."""
    return {"tickmode": "array", "tickvals": list(range(len(names))), "ticktext": [short(name) for name in names],
            "automargin": True, "zeroline": False, "showgrid": False, "fixedrange": True} | changes


def hatched(shape: str, paper: str) -> dict[str, Any]:
    """Lines over a bar, so that more than its colour marks a part; none for an empty shape."""
    return {"shape": shape, "fillmode": "overlay", "fgcolor": paper, "size": 6}
