"""The common core and each concept's own part: one picture of all masked weights, and sentences about it."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from jaxtyping import Int

from sparsecbm.figures.colour import DARK_PAPER, NEUTRAL, PAPER, SHARED, ink_on, mixed
from sparsecbm.figures.names import percent_range
from sparsecbm.figures.plotly_text import hatched, ink, layout, plain, ticks
from sparsecbm.subnetworks.counts import MaskCounts

CORE, SOME, OWN, UNUSED = "common core", "shared with some", "its own", "switched off"


def concept_parts(total: MaskCounts) -> dict[str, Int[np.ndarray, " concept"]]:
    """Weights of each concept by who keeps them besides it; the parts of one concept add up to all masked weights."""
    concepts = total.shared_by.shape[1] - 1
    kept, own = total.kept[0, :concepts], total.exclusive[0, :concepts]
    core = np.full(concepts, total.core[0] if concepts > 1 else 0)  # of a single concept all is its own
    return {CORE: core, SOME: kept - core - own, OWN: own, UNUSED: total.weights[0] - kept}


def sharing_bars(total: MaskCounts, title: str, dark: bool) -> go.Figure:
    """One bar per concept, as shares of all masked weights."""
    paper = DARK_PAPER if dark else PAPER
    parts, weights = concept_parts(total), int(total.weights[0])
    names = total.passes[: len(parts[CORE])]
    looks = {CORE: (NEUTRAL, ""), SOME: (mixed(paper, SHARED, 0.45), "/"), OWN: (SHARED, ""),
             UNUSED: (mixed(paper, NEUTRAL, 0.18), "")}
    traces = []
    for part, counts in parts.items():
        colour, pattern = looks[part]
        traces.append(go.Bar(
            name=part, orientation="h", y=list(range(len(names))), x=(100 * counts / weights).tolist(),
            marker={"color": colour, "pattern": hatched(pattern, paper)},
            text=[_printed(count / weights) for count in counts], textposition="inside", insidetextanchor="middle",
            textangle=0, textfont={"color": ink_on(colour)},
            customdata=[f"{plain(name)}: {count:,} of {weights:,} weights" for name, count
                        in zip(names, counts.tolist(), strict=True)],
            hovertemplate=f"{part}, %{{customdata}} (%{{x:.1f}} %)<extra></extra>"))
    return go.Figure(traces, layout(
        title, 130 + 44 * len(names), dark, barmode="stack", margin={"l": 10, "r": 10, "t": 76, "b": 10}, bargap=0.3,
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1.01, "yanchor": "bottom", "traceorder": "normal"},
        xaxis={"title": {"text": "percent of all weights that can be switched off"}, "range": [0, 100],
               "fixedrange": True},
        yaxis=ticks(names, range=[len(names) - 0.5, -0.5])))


def users_bars(total: MaskCounts, title: str, dark: bool) -> go.Figure:
    """Which share of the weights is used by none, one, .. all of the concepts."""
    counts, weights = total.shared_by[0], int(total.weights[0])
    colours = [NEUTRAL if users == 0 else SHARED for users in range(len(counts))]
    bars = go.Bar(
        x=list(range(len(counts))), y=(100 * counts / weights).tolist(), marker={"color": colours},
        text=[f"{100 * count / weights:.1f}" for count in counts], textposition="outside", cliponaxis=False,
        textfont=ink(dark),
        customdata=[f"{count:,} of {weights:,} weights" for count in counts.tolist()],
        hovertemplate="used by %{x}: %{customdata} (%{y:.1f} %)<extra></extra>")
    return go.Figure(bars, layout(
        title, 130 + 44 * (len(counts) - 1), dark, bargap=0.35,
        xaxis=ticks(tuple(map(str, range(len(counts)))), title={"text": "concepts that use the weight"}),
        yaxis={"title": {"text": "percent of weights"}, "range": [0, 108], "fixedrange": True}))


def sharing_table(total: MaskCounts) -> pd.DataFrame:
    """The bars as counts, with each concept's share."""
    parts, weights = concept_parts(total), int(total.weights[0])
    table = pd.DataFrame({"concept": total.passes[: len(parts[CORE])], **parts})
    table["share kept, percent"] = np.round(100 * (weights - parts[UNUSED]) / weights, 2)
    return table


def users_table(total: MaskCounts) -> pd.DataFrame:
    """The sharing bar as counts."""
    counts = total.shared_by[0]
    return pd.DataFrame({"concepts that use the weight": range(len(counts)), "weights": counts,
                         "percent": np.round(100 * counts / total.weights[0], 2)})


def sharing_text(total: MaskCounts) -> str:
    """What the two pictures say, in plain words."""
    parts, weights = concept_parts(total), int(total.weights[0])
    concepts = len(parts[CORE])
    kept = (weights - parts[UNUSED]) / weights
    said = (f"Of {_many(weights)} weights that can be switched off, each concept is read with "
            f"{percent_range(kept, 1)}, its subnetwork.")
    if concepts == 1:
        return said
    core, own, some = (parts[part] / weights for part in (CORE, OWN, SOME))
    said += (f" {percent_range(core[:1], 1)} are a common core that all {concepts} concepts use; "
             f"{percent_range(own, 1)} belong to one concept alone")
    said += f", and {percent_range(some, 1)} it shares with some of the others." if some.max() >= 0.0005 else "."
    return said + f" {percent_range(total.shared_by[0, :1] / weights, 1)} are used by none of them."


def _printed(share: float) -> str:
    return f"{100 * share:.1f} %" if share >= 0.03 else ""


def _many(count: int) -> str:
    return f"{count / 1e6:.1f} million" if count >= 1e6 else f"{count:,}"
