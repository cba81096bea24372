"""The common core and each concept's own part: one picture of all masked weights, and sentences about it."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from jaxtyping import Float, Int

from sparsecbm.figures.cells import Cells
from sparsecbm.figures.colour import DARK_PAPER, NEUTRAL, PAPER, SHARED, ink_on, mixed
from sparsecbm.figures.plotly_text import hatched, ink, layout, plain, ticks
from sparsecbm.figures.stacked import Look, StackedBars
from sparsecbm.figures.text import percent_range, signed
from sparsecbm.subnetworks.counts import MaskCounts

#: What the matrix can show of every pair.
SHOWN = {"observed": "Observed", "expected": "Expected by chance", "difference": "Difference"}
#: A smaller difference than this never gets the full colour.
_LEAST_LIMIT = 0.1


def pair_matrix(
    total: MaskCounts, passes: int, show: str, title: str, chosen: tuple[int, int] | None = None
) -> Cells:
    """Jaccard overlap of every two of the first `passes`; `show` is one of SHOWN. A pass with itself stays blank."""
    numbers = _shown(total, show)[:passes, :passes].copy()
    np.fill_diagonal(numbers, np.nan)
    limit = None
    if show == "difference":
        limit = max(_LEAST_LIMIT, float(np.nanmax(np.abs(numbers), initial=0.0)) if passes > 1 else 0.0)
    printed = [["" if i == j else f"{numbers[i, j]:.2f}" if limit is None else signed(float(numbers[i, j]))
                for j in range(passes)] for i in range(passes)]
    hover = [[_pair_hover(total, 0, i, j) for j in range(passes)] for i in range(passes)]
    names = total.passes[:passes]
    return Cells(numbers, names, names, title, printed, hover, limit, (chosen, chosen[::-1]) if chosen else ())


def density_map(layers: MaskCounts, passes: int, title: str, chosen: str | None = None) -> Cells:
    """Share of each layer's weights (row) that each of the first `passes` keeps (column)."""
    density, names = layers.density[:, :passes], layers.passes[:passes]
    rows = tuple(f"layer {unit}" for unit in layers.units)
    printed = [[f"{share:.2f}" for share in row] for row in density]
    hover = [[f"{rows[row]}, {plain(name)}<br>keeps {layers.kept[row, k]:,} of {layers.weights[row]:,} weights "
              f"({100 * density[row, k]:.2f} %)" for k, name in enumerate(names)] for row in range(len(rows))]
    frames = () if chosen is None else tuple((layers.units.index(chosen), k) for k in range(passes))
    return Cells(density, rows, names, title, printed, hover, chosen=frames)


def density_table(layers: MaskCounts) -> pd.DataFrame:
    """Density of every layer and subnetwork, 0..1."""
    return pd.DataFrame({"layer": layers.units, "weights": layers.weights,
                         **{name: layers.density[:, k].round(4) for k, name in enumerate(layers.passes)}})


def pair_bars(
    counts: MaskCounts, first: int, second: int, names: tuple[str, ...], title: str, dark: bool, text: str = ""
) -> StackedBars:
    """One bar per unit: the share of its weights that both keep, that only the first keeps, and only the second."""
    paper = DARK_PAPER if dark else PAPER
    both, weights = counts.both[:, first, second], counts.weights
    one, other = counts.passes[first], counts.passes[second]
    parts = np.stack([both, counts.kept[:, first] - both, counts.kept[:, second] - both], axis=1)
    looks = (Look("both", SHARED), Look(f"only {one}", NEUTRAL),
             Look(f"only {other}", mixed(paper, NEUTRAL, 0.4), hatched=True))
    hover = tuple(f"{plain(name)}<br>{plain(one)}: {counts.kept[row, first]:,}, {plain(other)}: "
                  f"{counts.kept[row, second]:,}, both: {both[row]:,} of {weights[row]:,} weights<br>"
                  f"{_against_chance(counts, row, first, second)}" for row, name in enumerate(names))
    return StackedBars(title, text, names, looks, parts / weights[:, None], hover)


def pair_table(counts: MaskCounts, pairs: list[tuple[int, int]], unit: str) -> pd.DataFrame:
    """Every unit and pair with its counts, the overlap beside chance, and how much of each lies in the other."""
    rows = [{
        unit: name, "first": counts.passes[i], "second": counts.passes[j], "weights": int(counts.weights[row]),
        "first keeps": int(counts.kept[row, i]), "second keeps": int(counts.kept[row, j]),
        "both keep": int(counts.both[row, i, j]), "Jaccard": round(float(counts.jaccard[row, i, j]), 4),
        "by chance": round(float(counts.expected_jaccard[row, i, j]), 4), "z": round(float(counts.z[row, i, j]), 1),
        "first in second": round(float(counts.containment[row, i, j]), 4),
        "second in first": round(float(counts.containment[row, j, i]), 4),
    } for row, name in enumerate(counts.units) for i, j in pairs]
    return pd.DataFrame(rows)


def pair_text(total: MaskCounts, first: int, second: int) -> str:
    """One pair in plain words."""
    one, other = total.passes[first], total.passes[second]
    jaccard, chance = (float(table[0, first, second]) for table in (total.jaccard, total.expected_jaccard))
    than = "as much as" if abs(jaccard - chance) < 0.005 else f"{'more' if jaccard > chance else 'less'} than"
    return (f"{one} and {other} share {total.both[0, first, second]:,} weights, "
            f"{100 * float(total.containment[0, first, second]):.0f} % of {one} and "
            f"{100 * float(total.containment[0, second, first]):.0f} % of {other}. Their overlap (Jaccard) is "
            f"{jaccard:.2f}, {than} the {chance:.2f} that two random subnetworks of these sizes share.")


def same_everywhere(counts: MaskCounts) -> bool:
    """True when every unit shares out its weights alike: then looking at one tells of all."""
    spread = np.concatenate([np.ptp(counts.jaccard, axis=0).ravel(), np.ptp(counts.density, axis=0).ravel()])
    return len(counts.units) > 1 and float(spread.max()) < 0.001


def _shown(total: MaskCounts, show: str) -> Float[np.ndarray, "pass_ other"]:
    observed, chance = total.jaccard[0], total.expected_jaccard[0]
    return np.asarray({"observed": observed, "expected": chance, "difference": observed - chance}[show])


def _pair_hover(counts: MaskCounts, row: int, i: int, j: int) -> str:
    one, other = plain(counts.passes[i]), plain(counts.passes[j])
    if i == j:
        return f"{one} keeps {counts.kept[row, i]:,} of {counts.weights[row]:,} weights"
    return (f"{one} and {other}<br>both keep {counts.both[row, i, j]:,} weights; one or both "
            f"{counts.union[row, i, j]:,}<br>{_against_chance(counts, row, i, j)}")


def _against_chance(counts: MaskCounts, row: int, i: int, j: int) -> str:
    return (f"Jaccard {counts.jaccard[row, i, j]:.3f}, by chance {counts.expected_jaccard[row, i, j]:.3f}, "
            f"z {signed(float(counts.z[row, i, j]))}")


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
