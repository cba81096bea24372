"""Whether other masks give a concept the same weights: stacked bars, the matrix of all pairs, and every layer."""

from typing import Literal

import numpy as np
import pandas as pd

from sparsecbm.figures.cell_table import Cells
from sparsecbm.figures.stacked import Look, Marks, StackedBars
from sparsecbm.figures.style import NEUTRAL, SHARED, plain
from sparsecbm.figures.text import signed
from sparsecbm.subnetworks.comparison import MaskComparison, Recurrence
from sparsecbm.subnetworks.figure_sharing import OWN, SOME, UNUSED, sharing_looks

#: What the matrix can show of every two concepts, and its title then.
SHOWN = {"own": "Own part kept", "whole": "Jaccard overlap"}
TITLES = {"own": "Share of the row's own part that the column keeps", "whole": "Jaccard overlap of row and column"}
#: The parts of a subnetwork that bars are drawn of: all of it, or the part that no other concept keeps.
Part = Literal["whole", "own"]
PARTS: dict[Part, str] = {"whole": "all its weights", "own": "only its own part"}
#: What becomes of a weight looks like the part of a subnetwork that it is then in.
_LOOKS = {"same": OWN, "other": SOME, "nowhere": UNUSED}


def recurrence_bars(comparison: MaskComparison, part: Part, title: str, dark: bool) -> StackedBars:
    """What becomes of each concept's weights: kept for the same concept, only for others, or for none.

    For another checkpoint, marks show what another concept keeps of it on average and, of the whole, chance.
    """
    names, found = comparison.concepts, recurrence(comparison, part)
    looks, said = sharing_looks(dark), fates(comparison)
    hover = tuple(f"{plain(name)}, {PARTS[part]}: {found.weights[k]:,} weights<br>" + "<br>".join(
        f"{text}: {100 * getattr(found, fate)[k]:.1f} %" for fate, text in said.items())
        for k, name in enumerate(names))
    marks = []
    if comparison.second.sparsity is None and len(names) > 1:
        marks.append(Marks("another concept there, on average", found.others, "diamond"))
    if comparison.second.sparsity is None and part == "whole":
        marks.append(Marks("by chance", found.chance))
    return StackedBars(
        title, "", names, tuple(Look(text, looks[_LOOKS[fate]].colour, looks[_LOOKS[fate]].hatched)
                                for fate, text in said.items()),
        np.stack([getattr(found, fate) for fate in said], axis=1), hover, f"of {PARTS[part]}", tuple(marks))


def recurrence(comparison: MaskComparison, part: Part) -> Recurrence:
    """What becomes of the weights of a part."""
    return comparison.own if part == "own" else comparison.whole


def fates(comparison: MaskComparison) -> dict[str, str]:
    """What may become of a weight, by the names in Recurrence, in words."""
    if comparison.second.sparsity is None:
        return {"same": "used for the same concept there", "other": "only for other concepts",
                "nowhere": "for no concept"}
    return {"same": "stays", "other": "stays for other concepts only", "nowhere": "goes"}


def recurrence_table(comparison: MaskComparison, part: Part) -> pd.DataFrame:
    """The bars as numbers, with the other concept that keeps most of each."""
    names, found = comparison.concepts, recurrence(comparison, part)
    return pd.DataFrame([{
        "concept": name, "of": PARTS[part], "weights": int(found.weights[k]),
        **{f"{said}, percent": _percent(getattr(found, fate)[k]) for fate, said in fates(comparison).items()},
        "kept for another concept, mean percent": _percent(found.others[k]),
        "most for": None if found.rival[k] < 0 else names[found.rival[k]], "percent": _percent(found.best[k]),
        "by chance, percent": _percent(found.chance[k]),
    } for k, name in enumerate(names)])


def cross_map(comparison: MaskComparison, show: str, title: str) -> Cells:
    """Each concept of the first masks (row) with each of the second (column), the same concept framed.

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
                 axes=("here", "there"), chosen=tuple((k, k) for k in places),
                 hue=SHARED if show == "own" else NEUTRAL)


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
    return Cells(jaccard, rows, names, title, [[f"{cell:.2f}" for cell in row] for row in jaccard], hover,
                 hue=NEUTRAL)


def layer_table(comparison: MaskComparison) -> pd.DataFrame:
    """The map of the layers as numbers, with chance and z."""
    layers = comparison.across.layers
    tables = {"": layers.jaccard, " by chance": layers.expected_jaccard, " z": layers.z}
    return pd.DataFrame({"layer": layers.units, **{
        f"{name}{what}": _diagonals(comparison, table)[:, k].round(4)
        for k, name in enumerate(comparison.passes) for what, table in tables.items()}})


def _diagonals(comparison: MaskComparison, table: np.ndarray) -> np.ndarray:
    return np.diagonal(comparison.between(table), axis1=1, axis2=2)


def _percent(share: float) -> float:
    return round(100 * float(share), 1)
