"""Plotly figures as JSON text: what may be in the chart of a scene.

A figure from somewhere else could fetch pictures, carry links or hide buttons. Only what our own charts use is allowed.
"""

import json
import math
import re
from typing import Any

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


def check_chart(text: str) -> None:
    """InputError unless the text is JSON of bars, cells, points and lines, and nothing else."""
    plain = read_chart(text)
    traces, layout = plain.get("data"), plain.get("layout")
    if set(plain) != {"data", "layout"} or not isinstance(traces, list) or not isinstance(layout, dict):
        raise refused("a chart that does not consist of data and a layout")
    kinds = [trace.get("type") if isinstance(trace, dict) else None for trace in traces]
    if len(traces) > MOST_TRACES or not all(kind in TRACES for kind in kinds):
        raise refused(f"a chart of {len(traces):,} traces, {sorted({str(kind) for kind in kinds})[:5]}")
    if foreign := sorted(set(layout) - LAYOUT):
        raise refused(f"a chart with {foreign[0][:40]!r} in its layout")
    if not isinstance(layout.get("title") or {}, str | dict):
        raise refused("a chart whose title is not a text")
    _check_values(plain, 0)


def read_chart(text: str) -> dict[str, Any]:
    """The figure as plain values; InputError when it is not a JSON object."""
    try:
        plain = json.loads(text)
    except (ValueError, RecursionError):
        raise refused("a chart that is not JSON") from None
    if not isinstance(plain, dict):
        raise refused("a chart that is not an object")
    return plain


def refused(what: str) -> InputError:
    """The error for a chart that a deck must not contain."""
    return InputError(f"The deck contains {what}; allowed: {', '.join(TRACES)} charts as this program pins them. Pin "
                      "it again, or leave the scene out.")


def _check_values(value: Any, depth: int) -> None:
    if depth > MOST_DEPTH:
        raise refused("a chart that is nested too deep")
    if isinstance(value, float) and not math.isfinite(value):
        raise refused("a chart with a number that is not finite")
    if isinstance(value, str):
        if _TAG.search(_MARKUP.sub("", value)):
            raise refused(f"a chart with markup in a text ({value[:40]!r})")
    elif isinstance(value, dict):
        for name, one in value.items():
            _check_values(name, depth)
            _check_values(one, depth + 1)
    elif isinstance(value, list):
        for one in value:
            _check_values(one, depth + 1)
