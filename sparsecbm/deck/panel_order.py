"""The scenes of a deck as cards with small previews: choose one, or drag it to another place."""

from collections.abc import Callable
from typing import Any

from sparsecbm.deck.chart_json import read_chart
from sparsecbm.deck.deck import Scene
from sparsecbm.deck.parts import Bars, Chart, Heatmap, Part, Passage
from sparsecbm.ui.component import component, sent
from sparsecbm.ui.safe_text import shortened

_component = component(__file__)
#: Parts and words that a preview has room for.
_MOST_PARTS, _MOST_WORDS = 4, 24


def order_view(
    key: str, scenes: tuple[Scene, ...], chosen: int, choose: Callable[[int], None], move: Callable[[int, int], None]
) -> None:
    """Draw the cards. `choose` gets the number of a scene, `move` its number and its new one, both from 0.

    The buttons of a card, and Alt with an arrow key, move it without a mouse.
    """

    def acted() -> None:
        act = sent(key, "act") or {}
        if act.get("kind") == "choose":
            choose(int(act["number"]))
        elif act.get("kind") == "move":
            move(int(act["number"]), int(act["to"]))

    cards = [{"title": scene.title, "note": shortened(scene.note, 90), "page": scene.page,
              "parts": [_sketch(part) for part in scene.parts[:_MOST_PARTS]]} for scene in scenes]
    _component(key=key, data={"cards": cards, "chosen": chosen}, on_act_change=acted)


def _sketch(part: Part) -> dict[str, Any]:
    """What a preview needs of a part."""
    if isinstance(part, Passage):
        return {"kind": "quote" if part.quote else "text", "text": shortened(part.text, 110)}
    if isinstance(part, Heatmap):
        spans = part.spans[:_MOST_WORDS]
        return {"kind": "words", "words": [[part.text[start:end], max(-1.0, min(1.0, score / part.limit))]
                                           for start, end, score in spans]}
    if isinstance(part, Bars):
        return {"kind": "bars", "shares": [share for _, share in part.rows]}
    if isinstance(part, Chart):
        traces = read_chart(part.light)["data"]
        return {"kind": traces[0]["type"] if traces else "bar"}
    return {"kind": "table", "rows": [list(row[:3]) for row in part.rows[:3]]}
