"""The columns of the results tables: what they read of the stored results, and how it is printed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Figures = tuple[float, ...]


@dataclass(frozen=True)
class Column:
    """`read` gets the stored results of one seed and returns one figure or several, such as one per concept; None where
    they were not measured. Their means over seeds are printed with `digits`, a `sign` where the figure is a change,
    their standard deviation where `spread` is set, and `between` them."""

    name: str
    read: Callable[[dict[str, Any]], Figures | None]
    scale: float = 100
    digits: int = 1
    sign: bool = False
    spread: bool = True
    between: str = " / "

    def cell(self, reports: Sequence[dict[str, Any]]) -> str:
        """Mean and standard deviation of each figure over the seeds that have it."""
        known = [figures for report in reports if (figures := self.read(report)) is not None]
        return self.between.join(self._figure([self.scale * value for value in values])
                                 for values in zip(*known, strict=True)) or "-"

    def _figure(self, values: Sequence[float]) -> str:
        mean = f"{np.mean(values):{'+' if self.sign else ''}.{self.digits}f}".replace("-", "−")
        return mean + (f" ± {np.std(values, ddof=1):.{self.digits}f}" if len(values) > 1 and self.spread else "")


def leads(report: dict[str, Any]) -> Figures | None:
    """By how much each concept is predicted better from its own mask than from the best other one."""
    if not report["specificity"]:
        return None
    square = np.array(report["specificity"])
    others = np.where(np.eye(len(square), dtype=bool), -np.inf, square).max(0)
    return tuple((square.diagonal() - others).tolist())


def necessity(report: dict[str, Any]) -> Figures | None:
    """What each concept loses when its mask is replaced by random ones of the same kind and size."""
    if "probe" not in report:
        return None
    return tuple(one["own"] - one["random"]["mean"] for one in report["probe"]["necessity"].values())


def overlap(report: dict[str, Any]) -> Figures | None:
    """The smallest and the largest Jaccard overlap of two concepts' masks."""
    if not report["jaccard"]:
        return None
    pairs = np.array(report["jaccard"])[np.triu_indices(len(report["jaccard"]), 1)]
    return float(pairs.min()), float(pairs.max())


def gain(report: dict[str, Any]) -> Figures | None:
    """What correcting changes in the label accuracy of the rows with a wrong concept."""
    found = report["correction"]
    if not found:
        return None
    return (found["corrected"]["rows_with_wrong_concept"] - found["predicted"]["rows_with_wrong_concept"],)


def gain_interval(report: dict[str, Any]) -> Figures | None:
    """The ends of the 95 % interval of the gain, paired by row."""
    found = (report["correction"] or {}).get("gain")
    return None if found is None else tuple(found["ci95"])


def _least(read: Callable[[dict[str, Any]], Figures | None]) -> Callable[[dict[str, Any]], Figures | None]:
    return lambda report: None if (found := read(report)) is None else (min(found),)


#: What is printed of each row's runs, table by table.
TABLES = {
    "Accuracy and price": (
        Column("rating accuracy", lambda r: (r["label"]["accuracy"],)),
        Column("rating macro F1", lambda r: (r["label"]["macro_f1"],)),
        Column("concept macro F1", lambda r: r["concepts"] and (
            float(np.mean([c["macro_f1"] for c in r["concepts"].values()])),)),
        Column("gain of correcting", gain, sign=True),
        Column("its 95 % interval", gain_interval, sign=True, spread=False, between=" to "),
        Column("megabytes", lambda r: (r["megabytes"],) if "megabytes" in r else None, scale=1),
        Column("× one dense pass", lambda r: (r["passes"]["over_dense"],) if "passes" in r else None, 1, digits=2),
    ),
    "Subnetworks": (
        Column("least lead", _least(leads)),
        Column("leads", leads),
        Column("least necessity", _least(necessity)),
        Column("necessity", necessity),
        Column("Jaccard of pairs", overlap, scale=1, digits=2, between=" to "),
    ),
}


#: What is printed of what repeats over the seeds of a row.
STABILITY = ("rank correlation of pairs over seeds", "the same units over seeds (by chance)")


def stability_cells(stability: Mapping[str, Any]) -> list[str]:
    """The mean rank correlation with the share of random orders that agree as well; by kind of unit, for each concept
    the mean Jaccard overlap of what two seeds keep, in percent, and by chance."""
    pairs, agreement = stability["concept_pairs"], stability["agreement"]
    concepts = stability["passes"][: stability["concepts"]]
    order = "all pairs alike"
    if pairs is not None:
        order = f"{pairs['mean']:.2f}".replace("-", "−") + f" (p {pairs['chance']:.2g})"
    kinds = [f"{kind} " + " / ".join(f"{100 * np.mean(agreement[name][kind]['jaccard']):.0f} "
                                     f"({100 * np.mean(agreement[name][kind]['chance']):.0f})" for name in concepts)
             for kind in agreement[concepts[0]]]
    return [order, "; ".join(kinds)]
