"""What repeats over the seeds of a training and what does not, in plain sentences."""

from collections.abc import Sequence
from statistics import fmean

import numpy as np

from sparsecbm.figures.text import counted, listed, percent_range
from sparsecbm.subnetworks.counts import ALIKE
from sparsecbm.subnetworks.stability import MaskStability, Ranking


def stability_text(stability: MaskStability) -> str:
    """The finding in one sentence: whether it depends on the concepts, and not on the seed, who shares how much."""
    overlaps, runs = stability.overlaps(stability.concept_pairs), len(stability.runs)
    seeds = counted(runs, "seed")
    if not overlaps.size:
        return ""
    found = stability.concept_ranking
    if found is None:
        if overlaps.shape[1] == 1:
            return f"Over {seeds} the one pair of concepts overlaps by {_range(overlaps)} (Jaccard)."
        where = "all" if (np.ptp(overlaps, axis=1) < ALIKE).all() else "in some seed all"
        return (f"Over {seeds} there is no order of the pairs that could repeat: {where} overlap alike. Their overlap "
                f"(Jaccard) is {_range(overlaps)}.")
    if found.same and not found.repeats:
        return (f"The pairs come in the same order in all {seeds}, but {_share(found.chance)} of random orders do, "
                "too: there are too few pairs to say that it repeats.")
    if not found.repeats:
        return f"Which concepts share more does not repeat over {seeds}: {_figures(found, 'pairs')}."
    if found.same:
        return (f"Which concepts share more repeats: the pairs come in the same order in all {seeds}, "
                f"{_most(stability, overlaps)}.")
    most = _most(stability, overlaps)
    return (f"Which concepts share more repeats in part over {seeds}: {_figures(found, 'pairs')}"
            + (f"; {most}." if most else "."))


def details(stability: MaskStability) -> tuple[str, ...]:
    """What else repeats or does not: the residual's pairs, the units of each subnetwork, and its layers."""
    return tuple(filter(None, (_residual(stability), *_units(stability), _layers(stability))))


def cautions(stability: MaskStability) -> tuple[str, ...]:
    """What a reader has to know to believe it."""
    said = ["All runs start from the same pretrained network, so a head, neuron or weight is the same one in each."]
    if stability.differing:
        said.append(f"The runs differ in more than the seed: {', '.join(stability.differing)}. What does not repeat "
                    "may be due to that.")
    return tuple(said)


def _figures(found: Ranking, things: str) -> str:
    each = [f"{correlation:.2f}" for correlation in sorted(found.correlations)]
    spread = f" ({each[0]} to {each[-1]})" if len(each) > 1 else ""
    said = f"the rank correlation of the {things} between two seeds is {found.mean:.2f}{spread}".replace("-", "−")
    return f"{said}, and {_share(found.chance)} of random orders agree as well"


def _share(share: float) -> str:
    return "under 1 %" if share < 0.01 else f"{100 * share:.0f} %"


def _most(stability: MaskStability, overlaps: np.ndarray) -> str:
    """The pair that shares most in every run, and the one that shares least; empty where there is neither."""
    said = []
    for word, places in (("most", overlaps.argmax(axis=1)), ("least", overlaps.argmin(axis=1))):
        if len(set(places.tolist())) == 1:
            pair = stability.concept_pairs[places[0]]
            said.append(f"{' and '.join(stability.passes[k] for k in pair)} share {word} "
                        f"({_range(overlaps[:, places[0]])})")
    return ", ".join(said) + (" in every seed" if said else "")


def _range(values: np.ndarray) -> str:
    low, high = (f"{value:.2f}" for value in (values.min(), values.max()))
    return low if low == high else f"{low} to {high}"


def _residual(stability: MaskStability) -> str:
    found = stability.residual_ranking
    if found is None or (found.same and not found.repeats):  # too few concepts to say anything
        return ""
    if not found.repeats:
        return f"With which concept the residual shares more does not repeat: {_figures(found, 'concepts')}."
    return f"With which concept the residual shares more repeats: {_figures(found, 'concepts')}."


def _units(stability: MaskStability) -> list[str]:
    """A sentence for each kind of unit: how many of them two seeds give to the same concept, and where chance does as
    well."""
    names, said = stability.passes[: stability.concepts], []
    for kind in stability.agreement[names[0]]:
        found = {name: stability.agreement[name][kind] for name in names}
        seen, chance = (percent_range(np.array([fmean(getattr(one, what)) for one in found.values()]))
                        for what in ("jaccard", "chance"))
        unclear = [name for name, one in found.items() if not one.repeats]
        said.append(f"Of the {kind} that a concept keeps in either of two seeds, it keeps {seen} in both (by chance "
                    f"{chance})." + (f" Which {kind} {listed(unclear)} {_keeps(unclear)} does not repeat beyond what "
                                     "chance could give." if unclear else ""))
    return said


def _keeps(names: Sequence[str]) -> str:
    return "keeps" if len(names) == 1 else "keep"


def _layers(stability: MaskStability) -> str:
    found = {name: stability.layer_rankings[name] for name in stability.passes[: stability.concepts]}
    groups = {word: [name for name, one in found.items() if one is not None and one.repeats == again]
              for word, again in (("repeats", True), ("does not repeat", False))}
    said = [f"{word} for {listed(names)}" for word, names in groups.items() if names]
    return f"How much a subnetwork keeps of which layer {', and '.join(said)}." if said else ""
