"""Who uses the weights of each subnetwork: the common core, what some concepts share, and each concept's own part."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from jaxtyping import Int

from sparsecbm.figures.stacked import Look, StackedBars
from sparsecbm.figures.style import DARK_PAPER, NEUTRAL, PAPER, SHARED, hatched, ink, layout, mixed, plain, ticks
from sparsecbm.figures.text import percent_range
from sparsecbm.subnetworks.counts import MaskCounts

#: Smaller shares of the weights are neither drawn nor named.
_LEAST_SHOWN = 0.0005
CORE, SOME, OWN, UNUSED = "common core", "shared with some", "its own", "switched off"


def sharing_looks(dark: bool) -> dict[str, Look]:
    """The looks of the parts of a subnetwork; every picture of the page uses the same ones."""
    paper = DARK_PAPER if dark else PAPER
    return {CORE: Look(CORE, NEUTRAL), SOME: Look(SOME, mixed(paper, SHARED, 0.45), hatched=True),
            OWN: Look(OWN, SHARED), UNUSED: Look(UNUSED, mixed(paper, NEUTRAL, 0.18))}


def concept_parts(total: MaskCounts) -> dict[str, Int[np.ndarray, " concept"]]:
    """Weights of each concept by who else keeps them; the parts of one concept add up to all masked weights."""
    concepts = total.shared_by.shape[1] - 1
    kept, own = total.kept[0, :concepts], total.exclusive[0, :concepts]
    core = np.full(concepts, total.core[0] if concepts > 1 else 0)  # of a single concept all is its own
    return {CORE: core, SOME: kept - core - own, OWN: own, UNUSED: total.weights[0] - kept}


def concepts_alike(total: MaskCounts) -> bool:
    """True when the parts of all subnetworks are as large as can be told apart: then one sentence says it for all."""
    shares = np.stack(list(concept_parts(total).values())) / total.weights[0]  # [part, concept]
    return bool((np.ptp(shares, axis=1) < _LEAST_SHOWN).all())


def sharing_bars(total: MaskCounts, title: str, dark: bool) -> StackedBars:
    """One bar per concept, as shares of all masked weights."""
    parts, weights, looks = concept_parts(total), int(total.weights[0]), sharing_looks(dark)
    names = total.passes[: len(parts[CORE])]
    shown = [part for part in looks if (parts[part] >= _LEAST_SHOWN * weights).any()]
    hover = tuple(f"{plain(name)}, of {weights:,} weights<br>" + "<br>".join(
        f"{part}: {parts[part][k]:,} ({100 * parts[part][k] / weights:.1f} %)" for part in shown)
        for k, name in enumerate(names))
    return StackedBars(title, sharing_text(total), names, tuple(looks[part] for part in shown),
                       np.stack([parts[part] for part in shown], axis=1) / weights, hover,
                       "of all weights that can be switched off")


def sharing_table(total: MaskCounts) -> pd.DataFrame:
    """The bars as counts, with each concept's share."""
    parts, weights = concept_parts(total), int(total.weights[0])
    table = pd.DataFrame({"concept": total.passes[: len(parts[CORE])], **parts})
    table["share kept, percent"] = np.round(100 * (weights - parts[UNUSED]) / weights, 2)
    return table


def users_bars(total: MaskCounts, title: str, dark: bool) -> go.Figure:
    """Which share of the weights is used by none, one, .. all of the concepts."""
    counts, weights, looks = total.shared_by[0], int(total.weights[0]), sharing_looks(dark)
    paper, most = DARK_PAPER if dark else PAPER, len(counts) - 1
    shown = [looks[UNUSED if not users else OWN if users == 1 else CORE if users == most else SOME]
             for users in range(most + 1)]
    bars = go.Bar(
        x=list(range(most + 1)), y=(100 * counts / weights).tolist(), showlegend=False,
        marker={"color": [look.colour for look in shown],
                "pattern": hatched("", paper) | {"shape": ["/" if look.hatched else "" for look in shown]}},
        text=[f"{100 * count / weights:.1f}" for count in counts], textposition="outside", cliponaxis=False,
        textfont=ink(dark),
        customdata=[f"{look.name}: {count:,} of {weights:,} weights" for look, count
                    in zip(shown, counts.tolist(), strict=True)],
        hovertemplate="used by %{x}, %{customdata} (%{y:.1f} %)<extra></extra>")
    return go.Figure(bars, layout(
        title, 134 + 40 * most, dark, bargap=0.35,
        xaxis=ticks(tuple(map(str, range(most + 1))), title={"text": "concepts that use the weight"}),
        yaxis={"title": {"text": "percent of weights"}, "range": [0, 108], "fixedrange": True}))


def users_table(total: MaskCounts) -> pd.DataFrame:
    """The same as counts."""
    counts = total.shared_by[0]
    return pd.DataFrame({"concepts that use the weight": range(len(counts)), "weights": counts,
                         "percent": np.round(100 * counts / total.weights[0], 2)})


def sharing_text(total: MaskCounts) -> str:
    """The finding in words: how large a subnetwork is, and whose its weights are."""
    parts, weights = concept_parts(total), int(total.weights[0])
    concepts = len(parts[CORE])
    kept = (weights - parts[UNUSED]) / weights
    said = f"Each concept uses {percent_range(kept, 1)} of the {_many(weights)} weights that can be switched off"
    if concepts == 1:
        return f"{said}."
    core, own, some = (parts[part] / weights for part in (CORE, OWN, SOME))
    owners = [f"{percent_range(core[:1], 1)} are a common core of all {concepts} concepts",
              f"{percent_range(own, 1)} belong to that concept alone"]
    if some.max() >= _LEAST_SHOWN:
        owners.append(f"{percent_range(some, 1)} it shares with some of the others")
    return (f"{said}: {', '.join(owners)}. No concept uses the other "
            f"{percent_range(total.shared_by[0, :1] / weights, 1)}.")


def _many(count: int) -> str:
    return f"{count / 1e6:.1f} million" if count >= 1e6 else f"{count:,}"
