"""The overlap of every pair with its range over seeds, compared with chance, as dots and as tables."""

from collections.abc import Sequence
from statistics import fmean

import pandas as pd

from sparsecbm.figures.dots import Dot
from sparsecbm.subnetworks.stability import MaskStability


def stability_dots(stability: MaskStability, pairs: Sequence[tuple[int, int]]) -> list[Dot]:
    """A row for each pair, the largest overlap at the top: its mean and range over the runs, and chance."""
    series = f"mean and range over {len(stability.runs)} seeds"
    seen, chance = stability.overlaps(pairs), [stability.expected[:, i, j] for i, j in pairs]
    points = []
    for place in sorted(range(len(pairs)), key=lambda place: -seen[:, place].mean()):
        name, values = _name(stability, pairs[place]), seen[:, place]
        points += [Dot(name, series, float(values.mean()), (float(values.min()), float(values.max()))),
                   Dot(name, "two random subnetworks of these sizes", float(chance[place].mean()))]
    return points


def stability_table(stability: MaskStability, pairs: Sequence[tuple[int, int]]) -> pd.DataFrame:
    """The overlap of each pair in every run, its range, and chance."""
    seeds = [run.seed for run in stability.runs]
    names = [f"seed {seed}" if None not in seeds and len(set(seeds)) == len(seeds) else f"run {place}"
             for place, seed in enumerate(seeds, 1)]
    rows = []
    for i, j in pairs:
        values = stability.jaccard[:, i, j]
        rows.append({"first": stability.passes[i], "second": stability.passes[j],
                     **{f"Jaccard, {name}": float(value) for name, value in zip(names, values, strict=True)},
                     "mean": float(values.mean()), "least": float(values.min()), "most": float(values.max()),
                     "by chance, mean": float(stability.expected[:, i, j].mean())})
    return pd.DataFrame(rows).round(4)


def agreement_table(stability: MaskStability) -> pd.DataFrame:
    """By pass and kind of unit, what two runs keep in common, and what all do, compared with chance."""
    rows = []
    for name, kinds in stability.agreement.items():
        for kind, one in kinds.items():
            layers = stability.layer_rankings[name]
            rows.append({"subnetwork": name, "units": kind, "kept, mean": round(fmean(one.kept), 1),
                         "in both of two, mean": round(fmean(one.jaccard), 3), "least": round(min(one.jaccard), 3),
                         "most": round(max(one.jaccard), 3), "by chance": round(fmean(one.chance), 3),
                         "least z": round(min(one.z), 1), "in all seeds": one.in_all,
                         "in all by chance": round(one.in_all_by_chance, 1),
                         "rank correlation of layers": None if layers is None else round(layers.mean, 2)})
    return pd.DataFrame(rows)


def always_table(stability: MaskStability) -> pd.DataFrame:
    """By layer and pass, the heads and neurons that every run keeps; no rows for masks of single weights."""
    return pd.DataFrame([{
        "subnetwork": name, "layer": one.layer, "heads": _numbers(one.heads), "neurons": len(one.neurons),
        "which neurons": _numbers(one.neurons),
    } for name, layers in stability.always.items() for one in layers],
        columns=["subnetwork", "layer", "heads", "neurons", "which neurons"])


def stability_alt(stability: MaskStability, pairs: Sequence[tuple[int, int]]) -> str:
    """The picture in words."""
    return "; ".join(f"{_name(stability, (i, j))} {values.min():.2f} to {values.max():.2f}, by chance "
                     f"{stability.expected[:, i, j].mean():.2f}" for (i, j), values
                     in zip(pairs, stability.overlaps(pairs).T, strict=True))


def _name(stability: MaskStability, pair: tuple[int, int]) -> str:
    return " and ".join(stability.passes[k] for k in pair)


def _numbers(units: Sequence[int]) -> str:
    return ", ".join(map(str, units)) or "none"
