"""Stacked bars: each bar is made of parts, as shares of a whole, one after the other."""

from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float

from sparsecbm.figures.style import DARK_PAPER, PAPER, hatched, ink, ink_on, layout, plain, ticks

_ROW_PIXELS = 40


@dataclass(frozen=True)
class Look:
    """How one part of every bar is named and drawn."""

    name: str
    colour: str
    hatched: bool = False


@dataclass(frozen=True, eq=False)
class Marks:
    """A mark on every bar, at a share to compare its parts with; `symbol` is one of Plotly's."""

    name: str
    shares: Float[np.ndarray, " row"]
    symbol: str = "line-ns"


@dataclass(frozen=True, eq=False)
class StackedBars:
    """A bar for each row, made of shares 0..1. `hover` is the HTML shown for a row, and `text` says what is seen.

    `axis` says what 100 % are.
    """

    title: str
    text: str
    rows: tuple[str, ...]
    looks: tuple[Look, ...]
    shares: Float[np.ndarray, "row part"]
    hover: tuple[str, ...]
    axis: str = ""
    marks: tuple[Marks, ...] = ()

    @property
    def end(self) -> float:
        """The share at which the scale ends: a little more than the longest bar."""
        return float(min(1.0, 1.05 * self.shares.sum(1).max(initial=0.01)))

    def figure(self, dark: bool) -> go.Figure:
        """As a Plotly chart; a part prints its percentage where there is room for it."""
        paper, places = DARK_PAPER if dark else PAPER, list(range(len(self.rows)))
        traces: list[go.Bar | go.Scatter] = [go.Bar(
            name=plain(look.name), orientation="h", y=places, x=(100 * self.shares[:, part]).tolist(),
            marker={"color": look.colour, "pattern": hatched("/" if look.hatched else "", paper)},
            text=[f"{100 * share:.1f} %" if share >= 0.05 * self.end else "" for share in self.shares[:, part]],
            textposition="inside", textangle=0, textfont={"color": ink_on(look.colour)},
            insidetextanchor="start" if self.marks and not part else "middle",  # next to the marks
            customdata=list(self.hover), hovertemplate="%{customdata}<extra></extra>",
        ) for part, look in enumerate(self.looks) if self.shares[:, part].any()]
        colour = ink(dark)["color"]
        traces += [go.Scatter(
            name=plain(marks.name), mode="markers", y=places, x=(100 * marks.shares).tolist(),
            marker={"symbol": marks.symbol, "size": 12, "color": colour, "line": {
                "color": colour if marks.symbol.startswith("line") else paper, "width": 2}},
            hovertemplate=f"{plain(marks.name)}: %{{x:.1f}} %<extra></extra>") for marks in self.marks]
        return go.Figure(traces, layout(
            self.title, 134 + _ROW_PIXELS * len(places), dark, barmode="stack", bargap=0.3,
            xaxis={"title": {"text": plain(self.axis)}, "range": [0, 100 * self.end], "ticksuffix": " %",
                   "fixedrange": True},
            yaxis=ticks(self.rows, range=[len(places) - 0.5, -0.5])))
