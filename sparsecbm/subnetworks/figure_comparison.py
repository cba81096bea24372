"""Whether other masks give a concept the same weights: bars that add up, the matrix of all pairs, and every layer."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from sparsecbm.figures.cells import Cells
from sparsecbm.figures.colour import DARK_PAPER, NEUTRAL, PAPER, SHARED, ink_on, mixed
from sparsecbm.figures.plotly_text import hatched, ink, layout, plain, ticks
from sparsecbm.figures.text import signed
from sparsecbm.subnetworks.comparison import MaskComparison

#: What the matrix can show of every two concepts, and its title then.
SHOWN = {"own": "Own part kept", "whole": "Jaccard overlap"}
TITLES = {"own": "Share of the row's own part that the column keeps", "whole": "Jaccard overlap of row and column"}
_WHOLE, _OWN = "all its weights", "only its own part"


def recurrence_bars(comparison: MaskComparison, title: str, dark: bool) -> go.Figure:
    """One bar per concept for its whole subnetwork and, beside it, one for its own part: kept again, or by whom else.

    For another checkpoint, marks show what another concept keeps of it on average and, of the whole, chance.
    """
    paper, names = DARK_PAPER if dark else PAPER, comparison.concepts
    looks = {"same": (SHARED, ""), "other": (mixed(paper, SHARED, 0.45), "/"),
             "nowhere": (mixed(paper, NEUTRAL, 0.18), "")}
    sides = {_WHOLE: comparison.whole} | ({_OWN: comparison.own} if len(names) > 1 else {})
    traces: list[go.Bar | go.Scatter] = []
    for place, (part, found) in enumerate(sides.items()):
        axes = {"xaxis": f"x{place + 1}" if place else "x", "legendgroup": "", "showlegend": place == 0}
        for fate, said in fates(comparison).items():
            colour, pattern = looks[fate]
            shares = 100 * getattr(found, fate)
            traces.append(go.Bar(
                name=said, orientation="h", y=list(range(len(names))), x=shares.tolist(),
                marker={"color": colour, "pattern": hatched(pattern, paper)},
                text=[f"\u00a0{share:.0f} %" if share >= 7 else "" for share in shares], textposition="inside",
                textangle=0, insidetextanchor="start" if fate == "same" else "middle",  # beside the marks
                textfont={"color": ink_on(colour)},
                customdata=[f"{plain(name)}, {part}: {said}<br>{share:.1f} % of {weights:,} weights"
                            for name, share, weights in zip(names, shares, found.weights, strict=True)],
                hovertemplate="%{customdata}<extra></extra>", **axes))
        if comparison.second.sparsity is None and len(names) > 1:
            traces.append(_marks("another concept there, on average", "diamond", found.others, dark, axes))
        if comparison.second.sparsity is None and part == _WHOLE:
            traces.append(_marks("by chance", "line-ns", found.chance, dark, axes))
    area = 20 + 44 * len(names)  # pixels of the bars
    figure = go.Figure(traces, layout(
        title, area + 112, dark, barmode="stack", bargap=0.3, margin={"l": 10, "r": 10, "t": 82, "b": 30},
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1 + 22 / area, "yanchor": "bottom",
                "traceorder": "normal"},
        yaxis=ticks(names, range=[len(names) - 0.5, -0.5]), **_axes(len(sides), dark)))
    figure.update_layout(title_y=1 - 6 / (area + 112), title_yanchor="top")  # above the legend, whatever the height
    for place, part in enumerate(sides):
        figure.add_annotation(text=f"<b>Of {part}</b>", x=0, xref=f"x{place + 1 if place else ''} domain", y=1,
                              yref="paper", xanchor="left", yanchor="bottom", showarrow=False, font=ink(dark))
    return figure


def fates(comparison: MaskComparison) -> dict[str, str]:
    """What may become of a weight, by the names in Recurrence, as people say it."""
    if comparison.second.sparsity is None:
        return {"same": "used for the same concept there", "other": "only for other concepts",
                "nowhere": "for no concept"}
    return {"same": "stays", "other": "stays for other concepts only", "nowhere": "goes"}


def recurrence_table(comparison: MaskComparison) -> pd.DataFrame:
    """The bars as numbers, with the other concept that keeps most of each."""
    names, rows = comparison.concepts, []
    for part, found in ((_WHOLE, comparison.whole), (_OWN, comparison.own)):
        rows += [{
            "concept": name, "of": part, "weights": int(found.weights[k]),
            **{f"{said}, percent": _percent(getattr(found, fate)[k]) for fate, said in fates(comparison).items()},
            "kept for another concept, mean percent": _percent(found.others[k]),
            "most for": None if found.rival[k] < 0 else names[found.rival[k]], "percent": _percent(found.best[k]),
            "by chance, percent": _percent(found.chance[k]),
        } for k, name in enumerate(names)]
    return pd.DataFrame(rows)


def cross_map(comparison: MaskComparison, show: str, title: str) -> Cells:
    """Each concept of the first masks (row) beside each of the second (column), the same concept framed.

    `show` is one of SHOWN: the Jaccard overlap of the subnetworks, or the share of the row's own part that is kept.
    """
    numbers, names, total = cross(comparison, show), comparison.concepts, comparison.across.total
    chance, z = (comparison.between(table)[0] for table in (total.expected_jaccard, total.z))
    own = comparison.own.weights

    def hover(i: int, j: int) -> str:
        here, there = f"{plain(names[i])} here", f"{plain(names[j])} there"
        if show == "own":
            return f"{there} keeps {100 * numbers[i, j]:.1f} % of the {own[i]:,} weights<br>that are {here} alone"
        return (f"{here}, {there}<br>Jaccard {numbers[i, j]:.3f}, by chance {chance[i, j]:.3f}, "
                f"z {signed(float(z[i, j]))}")

    places = range(len(names))
    printed = [["" if np.isnan(cell) else f"{cell:.2f}" for cell in row] for row in numbers]
    return Cells(numbers, names, names, title, printed, [[hover(i, j) for j in places] for i in places],
                 axes=("here", "there"), chosen=tuple((k, k) for k in places))


def cross(comparison: MaskComparison, show: str) -> np.ndarray:
    """The numbers of `cross_map`, 0..1: [the first's concept, the second's concept]; NaN where there is no own part."""
    total, size = comparison.across.total, len(comparison.concepts)
    if show == "own":
        start = 2 * len(comparison.passes)
        kept, weights = total.containment[0, start : start + size, :size], comparison.own.weights
        return np.where(weights[:, None] == 0, np.nan, kept)
    return np.asarray(comparison.between(total.jaccard)[0, :size, :size])


def cross_table(comparison: MaskComparison, show: str) -> pd.DataFrame:
    """The matrix as numbers."""
    numbers = cross(comparison, show).round(4)
    return pd.DataFrame({"here": comparison.concepts, **{f"{name} there": numbers[:, k]
                                                         for k, name in enumerate(comparison.concepts)}})


def layer_map(comparison: MaskComparison, title: str) -> Cells:
    """Jaccard overlap of each pass (column) with the same pass of the other masks, layer by layer (row)."""
    layers, names = comparison.across.layers, comparison.passes
    jaccard, chance, z = (_diagonals(comparison, table) for table in (layers.jaccard, layers.expected_jaccard,
                                                                      layers.z))
    rows = tuple(f"layer {unit}" for unit in layers.units)
    hover = [[f"{row}, {plain(name)}<br>Jaccard {jaccard[i, k]:.3f}, by chance {chance[i, k]:.3f}, "
              f"z {signed(float(z[i, k]))}" for k, name in enumerate(names)] for i, row in enumerate(rows)]
    return Cells(jaccard, rows, names, title, [[f"{cell:.2f}" for cell in row] for row in jaccard], hover)


def layer_table(comparison: MaskComparison) -> pd.DataFrame:
    """The map of the layers as numbers, with chance and z."""
    layers = comparison.across.layers
    tables = {"": layers.jaccard, " by chance": layers.expected_jaccard, " z": layers.z}
    return pd.DataFrame({"layer": layers.units, **{
        f"{name}{what}": _diagonals(comparison, table)[:, k].round(4)
        for k, name in enumerate(comparison.passes) for what, table in tables.items()}})


def _diagonals(comparison: MaskComparison, table: np.ndarray) -> np.ndarray:
    return np.diagonal(comparison.between(table), axis1=1, axis2=2)


def _marks(name: str, symbol: str, shares: np.ndarray, dark: bool, axes: dict[str, object]) -> go.Scatter:
    colour = ink(dark)["color"]
    edge, width = (colour, 3) if symbol == "line-ns" else (DARK_PAPER if dark else PAPER, 1)
    return go.Scatter(
        name=name, mode="markers", y=list(range(len(shares))), x=(100 * shares).tolist(),
        marker={"symbol": symbol, "size": 14 if symbol == "line-ns" else 11, "color": colour,
                "line": {"color": edge, "width": width}},
        hovertemplate=f"{name}: %{{x:.1f}} %<extra></extra>", **axes)


def _axes(parts: int, dark: bool) -> dict[str, object]:
    """A horizontal axis per part, side by side."""
    gap = 0.035
    return {f"xaxis{place + 1 if place else ''}": {
        "domain": [place / parts + gap * (place > 0), (place + 1) / parts - gap * (place + 1 < parts)],
        "range": [0, 100], "ticksuffix": " %", "fixedrange": True, "tickfont": ink(dark)} for place in range(parts)}


def _percent(share: float) -> float:
    return round(100 * float(share), 1)
