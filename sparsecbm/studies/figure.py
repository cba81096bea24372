"""Charts of a study's results: calibration of confidence, differences between arms, and orders of actions."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from jaxtyping import Int

from sparsecbm.figures.cell_table import Cells
from sparsecbm.figures.dots import series_look
from sparsecbm.figures.style import DARK_PAPER, NEUTRAL, PAPER, ink, ink_on, layout, plain, sign_colour, ticks
from sparsecbm.intervals import Interval

#: Marker sizes in pixels, from one answer to the most of all levels.
_SMALLEST, _LARGEST = 7, 22
_ROW_PIXELS = 44


@dataclass(frozen=True)
class Rated:
    """Answers of one arm and confidence: how many, and the share of right ones, 0..1."""

    arm: str
    confidence: int
    n: int
    right: float


@dataclass(frozen=True)
class Difference:
    """A difference in the unit of the axis, its interval where it has one, and the result of a test in words."""

    row: str
    value: float
    interval: Interval | None
    said: str = ""

    @property
    def clear(self) -> bool:
        """True when the interval excludes zero."""
        return self.interval is not None and (self.interval[0] > 0 or self.interval[1] < 0)


def calibration(levels: Sequence[Rated], highest: int, title: str, dark: bool) -> go.Figure:
    """Percent right by confidence, a line for each arm; larger marks stand for more answers. On the dotted line,
    from 0 % at no confidence to 100 % at the highest, people are as confident as they are right."""
    most = max((level.n for level in levels), default=1)
    traces = [go.Scatter(name="as confident as right", x=[0, highest], y=[0, 100], mode="lines", hoverinfo="skip",
                         line={"color": ink_on(DARK_PAPER if dark else PAPER), "dash": "dot", "width": 1.5})]
    for place, arm in enumerate(dict.fromkeys(level.arm for level in levels)):
        own = sorted((level for level in levels if level.arm == arm), key=lambda level: level.confidence)
        colour, symbol = series_look(place, dark)
        traces.append(go.Scatter(
            name=plain(arm), x=[level.confidence for level in own], y=[100 * level.right for level in own],
            mode="lines+markers", line={"color": colour, "width": 1.5},
            marker={"symbol": symbol, "color": colour, "opacity": 0.9,
                    "size": [_SMALLEST + (_LARGEST - _SMALLEST) * math.sqrt(level.n / most) for level in own]},
            customdata=[[level.n, f"{round(level.right * level.n)}"] for level in own],
            hovertemplate="confidence %{x}: %{customdata[1]} of %{customdata[0]} right, %{y:.0f} %"
                          "<extra>%{fullData.name}</extra>"))
    return go.Figure(traces, layout(
        title, 420, dark, legend={"itemsizing": "constant"},
        xaxis={"title": {"text": f"confidence, 0 (not at all) to {highest} (fully)"}, "dtick": 1, "fixedrange": True,
               "range": [-0.4, highest + 0.4], "zeroline": False},
        yaxis={"title": {"text": "answers right, percent"}, "range": [-6, 106], "fixedrange": True,
               "zeroline": False}))


def calibration_table(levels: Sequence[Rated], highest: int) -> pd.DataFrame:
    """The same as numbers, with the share of right answers that the confidence implies."""
    return pd.DataFrame(
        [(level.arm, level.confidence, level.n, 100 * level.right, 100 * level.confidence / highest)
         for level in levels],
        columns=["arm", "confidence", "answers", "right, percent", "as confident as right, percent"]).round(1)


def differences(found: Sequence[Difference], title: str, axis: str, dark: bool, digits: int = 1) -> go.Figure:
    """A dot for each difference, with its 95 % interval and its number: blue where the whole interval lies above zero,
    vermillion where it lies below, grey otherwise."""
    rows = tuple(one.row for one in found)
    colours = [sign_colour(one.value) if one.clear else NEUTRAL for one in found]
    spans = [one.interval or (one.value, one.value) for one in found]
    ends, figure = np.ravel(spans), go.Figure()
    for place, (one, colour, (low, high)) in enumerate(zip(found, colours, spans, strict=True)):
        figure.add_trace(go.Scatter(
            x=[low, high], y=[place, place], mode="lines", line={"color": colour, "width": 2}, hoverinfo="skip",
            showlegend=False))
        number = with_sign(one.value, digits)
        figure.add_trace(go.Scatter(
            x=[one.value], y=[place], mode="markers+text", showlegend=False, text=[number], textfont=ink(dark),
            textposition="top center", cliponaxis=False,
            marker={"color": colour, "size": 11, "symbol": "circle" if one.clear else "circle-open"},
            hovertext=[f"{plain(one.row)}: {number}{_span(one.interval, digits)}<br>{plain(one.said)}"],
            hovertemplate="%{hovertext}<extra></extra>"))
    return figure.update_layout(layout(
        title, 110 + _ROW_PIXELS * len(rows), dark,
        shapes=[{"type": "line", "x0": 0, "x1": 0, "yref": "paper", "y0": 0, "y1": 1,
                 "line": {"color": ink_on(DARK_PAPER if dark else PAPER), "width": 1, "dash": "dot"}}],
        xaxis={"title": {"text": axis}, "fixedrange": True, "zeroline": False, "range": padded(0.0, *map(float, ends))},
        yaxis=ticks(rows, range=[len(rows) - 0.5, -0.8], ticktext=[plain(row) for row in rows])))


def padded(*numbers: float) -> list[float]:
    """The range of an axis on which all of these are seen whole."""
    low, high = min(numbers), max(numbers)
    gap = 0.05 * (high - low) or 1.0
    return [low - gap, high + gap]


def with_sign(number: float, digits: int = 0) -> str:
    """A number with its sign, as people write it."""
    return f"{number:+.{digits}f}".replace("-", "−")


def order_map(counts: Mapping[str, Sequence[int]], title: str) -> Cells:
    """How often each concept (row) was acted on first, second, .. (column) in a case; the colour is the share of the
    column."""
    numbers, concepts = np.array(list(counts.values()), dtype=np.int64), tuple(counts)
    of = numbers.sum(0)
    shares = np.divide(numbers, of, out=np.full(numbers.shape, np.nan), where=of > 0)
    places = _places(numbers)
    hover = [[f"{plain(concept)} came {place} in {n:,} of {of[column]:,} cases" for column, (place, n)
              in enumerate(zip(places, row, strict=True))]
             for concept, row in zip(concepts, numbers.tolist(), strict=True)]
    return Cells(shares, concepts, places, title, [[f"{n:,}" for n in row] for row in numbers.tolist()], hover,
                 axes=("concept", "place among the concepts acted on"))


def order_table(counts: Mapping[str, Sequence[int]]) -> pd.DataFrame:
    """The same counts."""
    numbers = np.array(list(counts.values()), dtype=np.int64)
    return pd.DataFrame(numbers, columns=list(_places(numbers))).assign(concept=list(counts))[
        ["concept", *_places(numbers)]]


def _places(numbers: Int[np.ndarray, "concept place"]) -> tuple[str, ...]:
    return tuple(f"{place + 1}." for place in range(numbers.shape[1]))


def _span(interval: Interval | None, digits: int) -> str:
    if interval is None:
        return ", no interval"
    low, high = (with_sign(bound, digits) for bound in interval)
    return f" (95 % interval {low} to {high})"
