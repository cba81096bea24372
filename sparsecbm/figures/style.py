"""What all charts share: names that plotly reads as text and not as markup, and a quiet layout."""

import html
from typing import Any

from sparsecbm.figures.text import visible

SUPPORTS = "#0072B2"
OPPOSES = "#D55E00"
#: End of the scale for shares 0..1, such as an overlap: a colour that neither supports nor opposes.
SHARED = "#009E73"
NEUTRAL = "#7A828C"
PAPER = "#FFFFFF"
DARK_PAPER = "#171614"

_INKS = ("#000000", "#FFFFFF")


def diverging(share: float, paper: str = PAPER) -> str:
    """Background for a signed share in -1..1 (clipped): the paper at 0, full blue at 1, full vermillion at -1."""
    return mixed(paper, SUPPORTS if share > 0 else OPPOSES, abs(share))


def sequential(share: float, paper: str = PAPER) -> str:
    """Background for a share 0..1 (clipped): the paper at 0."""
    return mixed(paper, SHARED, max(share, 0.0))


def mixed(start: str, end: str, amount: float) -> str:
    """A colour between two: the start at 0, the end from 1 on."""
    pairs = zip(_channels(start), _channels(end), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * min(amount, 1.0)):02X}" for a, b in pairs)


def ink_on(background: str) -> str:
    """Black or white, whichever contrasts more with the background."""
    return max(_INKS, key=lambda ink: contrast(ink, background))


def shading(share: float, dark: bool | None) -> str:
    """CSS of a box in the scale's colour with a readable ink; `dark` None gives both, for the page's colour
    scheme to choose from."""
    if dark is None:
        backgrounds = [diverging(share, paper) for paper in (PAPER, DARK_PAPER)]
        inks = [ink_on(background) for background in backgrounds]
        return f"background:light-dark({','.join(backgrounds)});color:light-dark({','.join(inks)})"
    background = diverging(share, DARK_PAPER if dark else PAPER)
    return f"background:{background};color:{ink_on(background)}"


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast ratio of two colours, 1..21; small text wants 4.5."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def sign_colour(number: float) -> str:
    """Colour of a bar by its sign."""
    return SUPPORTS if number > 0 else OPPOSES if number < 0 else NEUTRAL


def _luminance(colour: str) -> float:
    linear = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in _channels(colour)))
    return float(sum(weight * channel for weight, channel in zip((0.2126, 0.7152, 0.0722), linear, strict=True)))


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


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
