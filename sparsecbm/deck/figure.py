"""Plotly figures as JSON text: what may be in one, and how it is drawn large.

A figure of someone else could fetch pictures, carry links or hide buttons. Only what our own charts use is allowed.
"""

import html
import json
import math
import re
from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go

from sparsecbm.errors import InputError

TRACES = ("bar", "heatmap", "scatter")
LAYOUT = frozenset((
    "annotations", "bargap", "bargroupgap", "barmode", "coloraxis", "dragmode", "font", "height", "hoverdistance",
    "hovermode", "legend", "margin", "shapes", "showlegend", "title", "xaxis", "yaxis", "yaxis2"))
MOST_TRACES = 60
#: Deeper than any figure of ours.
MOST_DEPTH = 16
#: Names of the pieces of markup that plotly may read; anything else that looks like a tag is refused.
_MARKUP = re.compile(r"</?(?:b|i|em|strong|sub|sup|br|extra)\s*/?>", re.IGNORECASE)
_TAG = re.compile(r"<[a-z!/?]", re.IGNORECASE)
#: Room that a title takes above a chart.
_TITLE_PIXELS = 36
#: Sizes that grow with the type.
_SIZES = ("size", "thickness")


def figure_json(figure: go.Figure) -> str:
    """A figure as text, without its template: whoever draws it has one."""
    plain = json.loads(figure.to_json(validate=False))
    plain["layout"].pop("template", None)
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":"))


def figure_title(plain: Mapping[str, Any]) -> str:
    """The title as people read it, empty where there is none."""
    title = plain["layout"].get("title") or ""
    return html.unescape(title if isinstance(title, str) else title.get("text") or "")


def check_figure(text: str) -> None:
    """InputError unless the text is a figure of bars, cells, points and lines, and nothing else."""
    plain = _parsed(text)
    traces, layout = plain.get("data"), plain.get("layout")
    if set(plain) != {"data", "layout"} or not isinstance(traces, list) or not isinstance(layout, dict):
        raise _refused("a chart that is not made of data and a layout")
    kinds = [trace.get("type") if isinstance(trace, dict) else None for trace in traces]
    if len(traces) > MOST_TRACES or not all(kind in TRACES for kind in kinds):
        raise _refused(f"a chart of {len(traces):,} parts, {sorted({str(kind) for kind in kinds})[:5]}")
    if foreign := sorted(set(layout) - LAYOUT):
        raise _refused(f"a chart with {foreign[0][:40]!r} in its layout")
    _check_values(plain, 0)
    try:
        go.Figure(traces, layout)
    except (ValueError, TypeError) as error:
        raise _refused(f"a chart that plotly cannot draw ({' '.join(str(error).split())[:80]})") from None


def enlarged(text: str, scale: float, heading: str) -> dict[str, Any]:
    """The figure for people far away: type, marks and margins `scale` times as large. The text was checked before.

    It has no title of its own where that is the `heading` above it.
    """
    plain: dict[str, Any] = _scaled(_parsed(text), scale)
    layout = plain["layout"]
    margin = {side: scale * room for side, room in (layout.get("margin") or {}).items() if room}
    if figure_title(plain) == heading:
        del layout["title"]
        margin["t"] = max(margin.get("t", 0) - _TITLE_PIXELS * scale, 10)
    layout["font"] = {"size": 12 * scale} | (layout.get("font") or {})
    layout["margin"] = margin
    layout["height"] = min(max(scale * (layout.get("height") or 300), 420), 620)
    return plain


def _parsed(text: str) -> dict[str, Any]:
    try:
        plain = json.loads(text)
    except (ValueError, RecursionError):
        raise _refused("a chart that is no JSON") from None
    if not isinstance(plain, dict):
        raise _refused("a chart that is no object")
    return plain


def _check_values(value: Any, depth: int) -> None:
    if depth > MOST_DEPTH:
        raise _refused("a chart nested too deep")
    if isinstance(value, float) and not math.isfinite(value):
        raise _refused("a chart with a number that is none")
    if isinstance(value, str):
        if _TAG.search(_MARKUP.sub("", value)):
            raise _refused(f"a chart with markup in a text ({value[:40]!r})")
    elif isinstance(value, dict):
        for name, one in value.items():
            _check_values(name, depth)
            _check_values(one, depth + 1)
    elif isinstance(value, list):
        for one in value:
            _check_values(one, depth + 1)


def _scaled(value: Any, scale: float) -> Any:
    if isinstance(value, dict):
        return {name: scale * one if name in _SIZES and isinstance(one, int | float) else _scaled(one, scale)
                for name, one in value.items()}
    return [_scaled(one, scale) for one in value] if isinstance(value, list) else value


def _refused(what: str) -> InputError:
    return InputError(f"The deck holds {what}; allowed: {', '.join(TRACES)} charts as this program pins them. Pin it "
                      "again, or leave the scene out.")
