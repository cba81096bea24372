"""Scenes with hand-made contents, for whatever keeps, draws or reads them."""

from datetime import UTC, datetime
from typing import Any

import plotly.graph_objects as go

from sparsecbm.deck.deck import Scene
from sparsecbm.deck.figure import figure_json
from sparsecbm.deck.parts import Bars, Chart, Heatmap, Part, Passage, Table

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def a_figure(title: str = "Shares", colour: str = "#009E73") -> str:
    """Two bars as JSON."""
    return figure_json(go.Figure(go.Bar(x=[1, 2], y=["a", "b"], orientation="h", marker={"color": colour}),
                                 {"title": {"text": title}, "height": 300}))


def a_chart(title: str = "Shares") -> Chart:
    """Bars with another colour on dark paper, and their table."""
    return Chart(a_figure(title), a_figure(title, "#111111"), "two bars", Table(("name", "share"), (("a", "1"),)))


def a_scene(title: str = "A title", *parts: Part, **changes: Any) -> Scene:
    """A scene; without parts it has one of each kind."""
    every = (Passage("Words for and against it:"), Heatmap("good soup", ((0, 4, 1.0), (5, 9, -0.5)), 2.0, "food"),
             Bars("Before", (("1 star", 0.25), ("2 stars", 0.75)), "2 stars"), Table(("part",), (("food",),)),
             a_chart())
    values: dict[str, Any] = {
        "title": title, "note": "A note", "created": NOON, "page": "Explain", "parts": parts or every,
        "query": (("text", "good soup"), ("override", "food=Positive")), "checkpoint": "0123456789abcdef"}
    return Scene(**values | changes)
