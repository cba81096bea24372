"""The charts of scenes: as JSON text, drawn large, and checked where they come from a file."""

import html
import json
from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go

from sparsecbm.deck.chart_json import check_chart, read_chart, refused
from sparsecbm.deck.deck import Deck, read_deck
from sparsecbm.deck.parts import Chart

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
    return html.unescape(title if isinstance(title, str) else str(title.get("text") or ""))


def check_figure(text: str) -> None:
    """InputError unless the text is a figure that a scene may have and that plotly can draw."""
    check_chart(text)
    plain = read_chart(text)
    try:
        go.Figure(plain["data"], plain["layout"])
    except (ValueError, TypeError) as error:
        raise refused(f"a chart that plotly cannot draw ({' '.join(str(error).split())[:80]})") from None


def deck_from_json(data: bytes, source: str = "deck") -> Deck:
    """The deck of a file, each chart of which can be drawn. InputError names what is wrong, and what is allowed."""
    deck = read_deck(data, source)
    for scene in deck.scenes:
        for part in scene.parts:
            if isinstance(part, Chart):
                check_figure(part.light)
                check_figure(part.dark)
    return deck


def enlarged(text: str, scale: float, heading: str) -> dict[str, Any]:
    """The figure for people far away: type, marks and margins `scale` times as large. The text was checked before.

    It has no title of its own where that is the `heading` above it.
    """
    plain: dict[str, Any] = _scaled(read_chart(text), scale)
    layout = plain["layout"]
    margin = {side: scale * room for side, room in (layout.get("margin") or {}).items() if room}
    if figure_title(plain) == heading:
        layout.pop("title", None)
        margin["t"] = max(margin.get("t", 0) - _TITLE_PIXELS * scale, 10)
    layout["font"] = {"size": 12 * scale} | (layout.get("font") or {})
    layout["margin"] = margin
    layout["height"] = min(max(scale * (layout.get("height") or 300), 420), 620)
    return plain


def _scaled(value: Any, scale: float) -> Any:
    if isinstance(value, dict):
        return {name: scale * one if name in _SIZES and isinstance(one, int | float) else _scaled(one, scale)
                for name, one in value.items()}
    return [_scaled(one, scale) for one in value] if isinstance(value, list) else value
