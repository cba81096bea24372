"""What two subnetworks share: the matrix of all pairs beside chance, and one pair by layer, module or head."""

import numpy as np
import pandas as pd
from jaxtyping import Float

from sparsecbm.figures.cells import Cells
from sparsecbm.figures.colour import DARK_PAPER, NEUTRAL, PAPER, SHARED, mixed
from sparsecbm.figures.names import signed
from sparsecbm.figures.plotly_text import plain
from sparsecbm.figures.stacked import Look, StackedBars
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
