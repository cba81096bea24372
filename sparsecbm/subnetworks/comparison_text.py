"""Two sets of masks in words and in a table: which weights recur, whose subnetworks are more their own, what to do."""

import re
from collections.abc import Mapping
from statistics import fmean
from typing import Any

import numpy as np
import pandas as pd

from sparsecbm.figures.text import listed, percent_range
from sparsecbm.subnetworks.comparison import MaskComparison, Recurrence
from sparsecbm.subnetworks.specificity import leads, reported_specificity

#: A concept's own weights recur where the same concept keeps this much more of them than any other concept does.
LEAST_AHEAD = 0.05


def headline(comparison: MaskComparison) -> str:
    """The finding in one sentence."""
    second, names = comparison.second, comparison.concepts
    if comparison.identical:
        return "Both have the same masks, bit for bit."
    if second.sparsity is not None:
        return f"Pruned further to {100 * second.sparsity:g} %, " + (
            "concepts lose their own parts first." if _core_stays(comparison) else
            "subnetworks lose common and own weights alike.")
    found, whose = (comparison.own, "own weights") if _some(comparison.own) else (comparison.whole, "weights")
    again = ahead(found)
    if not again:
        return "Which weights a concept gets depends more on the training run than on the concept."
    if len(again) == len(names):
        return f"In both, the {whose} of a concept go to the same concept more than to any other."
    return (f"In both, the {whose} of {listed([names[k] for k in again])} go to the same concept more than to any "
            "other; those of the other concepts depend on the training run.")


def advice(comparison: MaskComparison) -> str:
    """What to do about it."""
    if comparison.identical:
        return "There is no difference to look at; compare with another run."
    if comparison.second.sparsity is not None:
        return ("These masks are pruned by magnitude and not trained again. They show what a subnetwork would lose, "
                "not how good a model of this sparsity can be: train one, and compare with that.")
    found = comparison.own if _some(comparison.own) else comparison.whole
    if len(ahead(found)) == len(comparison.concepts):
        return ("What this page shows of a concept's heads and neurons is likely to hold for other runs; check both "
                "all the same.")
    return ("Do not rely on single heads or neurons of one run. Rely on what the runs agree on: the accuracies, the "
            "leads of the subnetworks, and knock-outs repeated on both.")


def findings(comparison: MaskComparison) -> tuple[str, ...]:
    """The figures behind the headline, in plain sentences."""
    whole, own, names = comparison.whole, comparison.own, comparison.concepts
    if comparison.identical:
        return ()
    said = []
    if comparison.second.sparsity is not None:
        said.append(f"Of each subnetwork {percent_range(whole.same)} stays"
                    + (f", but of the part that is a concept's own {percent_range(own.same)}." if _some(own) else "."))
    else:
        said.append(f"Of a concept's weights here, {percent_range(whole.same)} are used for the same concept "
                    f"there, {percent_range(whole.others)} for any other one on average, and "
                    f"{percent_range(whole.chance)} would be by chance.")
        if _some(own):
            said.append(f"Of its own part, {percent_range(own.same)} are used for the same concept there, and "
                        f"{percent_range(own.others)} for any other one on average.")
            lost = [f"{names[own.rival[k]]} uses {100 * own.best[k]:.0f} % of {names[k]}'s own part, {names[k]} itself "
                    f"{100 * own.same[k]:.0f} %" for k in np.flatnonzero(own.lead <= -0.01)]
            if lost:
                said.append(f"There, {'; '.join(lost)}.")
    if len(names) > 1:
        said.append(_more_its_own(comparison))
    return tuple(said)


def ahead(found: Recurrence) -> tuple[int, ...]:
    """The concepts, as positions, that clearly keep more of their weights than any other concept does."""
    return tuple(np.flatnonzero(np.round(found.lead, 6) >= LEAST_AHEAD).tolist())


def side_by_side(comparison: MaskComparison) -> pd.DataFrame:
    """One row per figure that both have: counted on the masks, and measured when they were trained."""
    rows = [("weights kept, percent of all", *(_points(overlap.total.density[0, : len(comparison.concepts)].mean())
                                               for overlap in comparison.overlaps))]
    if len(comparison.concepts) > 1:
        rows += [("a subnetwork's own part, percent of it", *(_points(comparison.own_share(side).mean())
                                                              for side in (0, 1))),
                 ("overlap of two subnetworks, mean Jaccard", *(f"{comparison.mean_overlap(side):.2f}"
                                                                for side in (0, 1)))]
    metrics = (comparison.first.metrics, comparison.second.metrics)
    for name, read in _MEASURED.items():
        found = [read(values, comparison.concepts) for values in metrics]
        if None not in found:
            rows.append((name, *map(str, found)))
    names = (comparison.first.name, comparison.second.name)
    return pd.DataFrame(rows, columns=["", names[0], names[1] if names[0] != names[1] else f"{names[1]} (other)"])


def cautions(comparison: MaskComparison) -> tuple[str, ...]:
    """What makes the two hard to compare, as far as their metrics show."""
    one, other = comparison.first, comparison.second
    mine, its = (str(_at(source.metrics, "training", "config", "backbone") or "") for source in (one, other))
    said, hub_id = [], re.compile(r"[\w-][\w.-]*/[\w.-]+")  # a folder's name does not say which network is in it
    if mine != its and hub_id.fullmatch(mine) and hub_id.fullmatch(its):
        said.append(f"{one.name} was trained from {mine}, {other.name} from {its}. Weights "
                    "correspond only if both started from the same network.")
    data = [_at(source.metrics, "dev", "data_hash") for source in (one, other)]
    if None not in data and data[0] != data[1]:
        said.append("Their scores are of different texts and cannot be compared.")
    return tuple(said)


def _more_its_own(comparison: MaskComparison) -> str:
    here, there = (100 * comparison.own_share(side).mean() for side in (0, 1))
    than = "as much their own as" if abs(there - here) < 1 else f"{'more' if there > here else 'less'} their own than"
    one, other = (comparison.mean_overlap(side) for side in (0, 1))
    return (f"The subnetworks of {comparison.second.name} are {than} those here: {there:.0f} % of one belongs to its "
            f"concept alone (here {here:.0f} %), and two overlap by {other:.2f} (here {one:.2f}, mean Jaccard).")


def _some(found: Recurrence) -> bool:
    return bool((found.weights > 0).all()) and len(found.weights) > 1


def _core_stays(comparison: MaskComparison) -> bool:
    return _some(comparison.own) and bool((comparison.own.same < comparison.whole.same - LEAST_AHEAD).all())


def _label_f1(metrics: Mapping[str, Any], _: tuple[str, ...]) -> str | None:
    score = _number(metrics, "dev", "label", "macro_f1")
    return None if score is None else _points(score)


def _concept_f1(metrics: Mapping[str, Any], concepts: tuple[str, ...]) -> str | None:
    scores = [_number(metrics, "dev", "concepts", concept, "macro_f1") for concept in concepts]
    known = [score for score in scores if score is not None]
    return _points(fmean(known)) if len(known) == len(concepts) else None


def _least_lead(metrics: Mapping[str, Any], concepts: tuple[str, ...]) -> str | None:
    found = reported_specificity(metrics, len(concepts))
    if found is None or len(concepts) < 2:
        return None
    least = min(leads(found[0], concepts), key=lambda lead: lead.lead)
    return f"{100 * least.lead:.1f} ({least.concept})".replace("-", "−")


def _rows(metrics: Mapping[str, Any], _: tuple[str, ...]) -> str | None:
    split, n = _at(metrics, "dev", "split"), _number(metrics, "dev", "n")
    return None if split is None or n is None else f"{split}, {n:,.0f} texts"


def _trained(*path: str) -> Any:
    def read(metrics: Mapping[str, Any], _: tuple[str, ...]) -> str | None:
        found = _at(metrics, "training", "config", *path)
        return None if found is None else str(found).replace("_", " ")
    return read


_MEASURED = {
    "label macro F1, percent": _label_f1, "concept macro F1, mean percent": _concept_f1,
    "least lead of a concept's own subnetwork, points": _least_lead, "measured on": _rows,
    "mask scheme": _trained("prune", "scheme"), "sparsity asked for": _trained("prune", "sparsity"),
    "seed": _trained("seed"),
}


def _at(values: Any, *path: str) -> Any:
    """What stands at a path of JSON objects; None where there is nothing."""
    for name in path:
        values = values.get(name) if isinstance(values, Mapping) else None
    return values


def _number(values: Any, *path: str) -> float | None:
    found = _at(values, *path)
    return float(found) if isinstance(found, int | float) else None


def _points(share: float) -> str:
    return f"{100 * share:.1f}"
