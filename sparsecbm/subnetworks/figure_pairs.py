"""What every two subnetworks share, and how much of each layer a subnetwork keeps: cells, bars, tables, sentences."""

import numpy as np
import pandas as pd
from jaxtyping import Float

from sparsecbm.figures.cell_table import Cells
from sparsecbm.figures.stacked import Look, StackedBars
from sparsecbm.figures.style import NEUTRAL, SHARED, plain
from sparsecbm.figures.text import signed
from sparsecbm.subnetworks.counts import ALIKE, MaskCounts

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
    return Cells(numbers, names, names, title, printed, hover, limit, (chosen, chosen[::-1]) if chosen else (),
                 hue=NEUTRAL)


def density_map(layers: MaskCounts, passes: int, title: str, chosen: str | None = None) -> Cells:
    """Share of each layer's weights (row) that each of the first `passes` keeps (column)."""
    density, names = layers.density[:, :passes], layers.passes[:passes]
    rows = tuple(f"layer {unit}" for unit in layers.units)
    printed = [[f"{share:.2f}" for share in row] for row in density]
    hover = [[f"{rows[row]}, {plain(name)}<br>keeps {layers.kept[row, k]:,} of {layers.weights[row]:,} weights "
              f"({100 * density[row, k]:.2f} %)" for k, name in enumerate(names)] for row in range(len(rows))]
    frames = () if chosen is None else tuple((layers.units.index(chosen), k) for k in range(passes))
    return Cells(density, rows, names, title, printed, hover, chosen=frames, hue=NEUTRAL)


def density_table(layers: MaskCounts) -> pd.DataFrame:
    """Density of every layer and subnetwork, 0..1."""
    return pd.DataFrame({"layer": layers.units, "weights": layers.weights,
                         **{name: layers.density[:, k].round(4) for k, name in enumerate(layers.passes)}})


def pair_bars(
    counts: MaskCounts, first: int, second: int, names: tuple[str, ...], title: str, text: str = ""
) -> StackedBars:
    """One bar per unit: the share of its weights that both keep, that only the first keeps, and only the second."""
    both, weights = counts.both[:, first, second], counts.weights
    one, other = counts.passes[first], counts.passes[second]
    parts = np.stack([both, counts.kept[:, first] - both, counts.kept[:, second] - both], axis=1)
    looks = (Look("both", NEUTRAL), Look(f"only {one}", SHARED), Look(f"only {other}", SHARED, hatched=True))
    hover = tuple(f"{plain(name)}<br>{plain(one)}: {counts.kept[row, first]:,}, {plain(other)}: "
                  f"{counts.kept[row, second]:,}, both: {both[row]:,} of {weights[row]:,} weights<br>"
                  f"{_with_chance(counts, row, first, second)}" for row, name in enumerate(names))
    return StackedBars(title, text, names, looks, parts / weights[:, None], hover, "of its weights")


def pair_table(counts: MaskCounts, pairs: list[tuple[int, int]], unit: str) -> pd.DataFrame:
    """Every unit and pair with its counts, the overlap with its chance level, and how much of each the other keeps."""
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
    than = "as much as" if abs(jaccard - chance) < ALIKE else f"{'more' if jaccard > chance else 'less'} than"
    return (f"{one} and {other} share {total.both[0, first, second]:,} weights, "
            f"{100 * float(total.containment[0, first, second]):.0f} % of {one} and "
            f"{100 * float(total.containment[0, second, first]):.0f} % of {other}. Their overlap (Jaccard) is "
            f"{jaccard:.2f}, {than} the {chance:.2f} that two random subnetworks of these sizes share.")


def pairs_alike(total: MaskCounts, passes: int) -> str:
    """What every two of the first `passes` share, in one sentence; empty where pairs differ, or there is none."""
    pairs = np.triu_indices(passes, 1)
    jaccard, chance = (table[0][pairs] for table in (total.jaccard, total.expected_jaccard))
    if not len(jaccard) or max(np.ptp(jaccard), np.ptp(chance)) >= ALIKE:
        return ""
    return (f"Every two subnetworks overlap by {jaccard.mean():.2f} (Jaccard), where two random ones of these sizes "
            f"would overlap by {chance.mean():.2f}.")


def layers_alike(layers: MaskCounts, passes: int) -> str:
    """How much of every layer a subnetwork keeps, in one sentence; empty where that differs."""
    density = layers.density[:, :passes]
    if np.ptp(density) >= ALIKE:
        return ""
    return f"Each subnetwork keeps {100 * density.mean():.0f} % of every layer."


def units_alike(counts: MaskCounts, passes: int) -> bool:
    """True when every unit divides its weights among the first `passes` alike: then one bar says it for all."""
    found = (table[:, :passes] for table in (counts.jaccard[:, :, :passes], counts.density))
    return all(float(np.ptp(table, axis=0).max(initial=0.0)) < ALIKE for table in found)


def _shown(total: MaskCounts, show: str) -> Float[np.ndarray, "pass_ other"]:
    observed, chance = total.jaccard[0], total.expected_jaccard[0]
    return np.asarray({"observed": observed, "expected": chance, "difference": observed - chance}[show])


def _pair_hover(counts: MaskCounts, row: int, i: int, j: int) -> str:
    one, other = plain(counts.passes[i]), plain(counts.passes[j])
    if i == j:
        return f"{one} keeps {counts.kept[row, i]:,} of {counts.weights[row]:,} weights"
    return (f"{one} and {other}<br>both keep {counts.both[row, i, j]:,} weights; one or both "
            f"{counts.union[row, i, j]:,}<br>{_with_chance(counts, row, i, j)}")


def _with_chance(counts: MaskCounts, row: int, i: int, j: int) -> str:
    return (f"Jaccard {counts.jaccard[row, i, j]:.3f}, by chance {counts.expected_jaccard[row, i, j]:.3f}, "
            f"z {signed(float(counts.z[row, i, j]))}")
