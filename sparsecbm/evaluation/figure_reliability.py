"""Calibration: accuracy over confidence, with the number of rows behind every dot."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from sparsecbm.figures.dots import HIGHLIGHT
from sparsecbm.figures.style import NEUTRAL, ink, layout

#: A bin of `evaluate`: `n` rows, their mean `confidence` and `accuracy`, and the interval `ci95` of that, all 0..1.
Bin = Mapping[str, Any]
#: A bin with fewer rows is drawn open: its accuracy says little.
FEW = 10
#: Nearer than this, in 0..1, a model is neither too sure nor too careful.
NEAR = 0.01


def reliability_figure(bins: Sequence[Bin], title: str, dark: bool) -> go.Figure:
    """Above, accuracy with its interval at the mean confidence of every bin; below, how many rows the bin has.

    On the dashed line the model is as sure as it is right; below the line it is too sure.
    """
    many, few = ([one for one in bins if (one["n"] < FEW) is rare] for rare in (False, True))
    counts = [one["n"] for one in bins]
    figure = go.Figure([
        go.Scatter(x=[0, 100], y=[0, 100], mode="lines", name="as sure as right", hoverinfo="skip",
                   line={"color": NEUTRAL, "dash": "dash", "width": 1}),
        _dots(many, "this model", "circle"), _dots(few, f"fewer than {FEW} texts", "circle-open"),
        go.Bar(x=[100 * one["confidence"] for one in bins], y=counts, yaxis="y2", name="texts", width=3,
               marker={"color": NEUTRAL}, text=[f"{count:,}" for count in counts], textposition="outside",
               textangle=-90, constraintext="none", textfont=ink(dark), cliponaxis=False,
               hovertext=[_hover(one) for one in bins], hovertemplate="%{hovertext}<extra></extra>"),
    ])
    figure.update_layout(layout(
        title, 360, dark,
        xaxis={"title": {"text": "confidence, percent"}, "range": [0, 103], "fixedrange": True, "anchor": "y2"},
        yaxis={"title": {"text": "right, percent"}, "range": [0, 103], "domain": [0.34, 1], "fixedrange": True}))
    figure.update_layout(yaxis2={"title": {"text": "texts", "font": ink(dark)}, "domain": [0, 0.24],
                                 "range": [0, 1.3 * max(counts, default=1)], "showticklabels": False,
                                 "fixedrange": True, "showgrid": False})
    return figure


def reliability_table(bins: Sequence[Bin]) -> pd.DataFrame:
    """The same as numbers, a bin a row."""
    return pd.DataFrame({
        "confidence, percent": [100 * one["confidence"] for one in bins],
        "right, percent": [100 * one["accuracy"] for one in bins],
        "95 % from": [100 * one["ci95"][0] for one in bins],
        "95 % to": [100 * one["ci95"][1] for one in bins],
        "texts": [one["n"] for one in bins],
    }).round(1)


def reliability_text(subject: str, bins: Sequence[Bin], error: float) -> str:
    """The expected calibration error, and whether the model is too sure or too careful, in a sentence or two."""
    rows = sum(one["n"] for one in bins)
    ahead = sum(one["n"] * (one["confidence"] - one["accuracy"]) for one in bins) / rows
    lean = "on average as sure as it is right" if abs(ahead) < NEAR else (
        f"on average too {'sure' if ahead > 0 else 'careful'}, by {abs(100 * ahead):.1f} points")
    outside = sum(one["n"] for one in bins if not one["ci95"][0] <= one["confidence"] <= one["ci95"][1])
    said = f"Expected calibration error of {subject}: {100 * error:.1f} points; {lean}."
    if outside:
        return f"{said} For {100 * outside / rows:.0f} % of the texts, the interval of their bin misses the line."
    return f"{said} Every bin's interval reaches the line."


def _dots(bins: Sequence[Bin], name: str, symbol: str) -> go.Scatter:
    right = [100 * one["accuracy"] for one in bins]
    return go.Scatter(
        x=[100 * one["confidence"] for one in bins], y=right, mode="markers", name=name, showlegend=bool(bins),
        marker={"size": 10, "color": HIGHLIGHT, "symbol": symbol}, hovertext=[_hover(one) for one in bins],
        hovertemplate="%{hovertext}<extra></extra>",
        error_y={"type": "data", "symmetric": False, "thickness": 1.5, "width": 4, "color": HIGHLIGHT,
                 "array": [100 * one["ci95"][1] - hits for one, hits in zip(bins, right, strict=True)],
                 "arrayminus": [hits - 100 * one["ci95"][0] for one, hits in zip(bins, right, strict=True)]})


def _hover(one: Bin) -> str:
    low, high = (100 * bound for bound in one["ci95"])
    return (f"{100 * one['confidence']:.0f} % sure on average, {100 * one['accuracy']:.0f} % right ({low:.0f} to "
            f"{high:.0f}), n = {one['n']:,}")
