"""Whether subnetworks carry their concepts: accuracies through every mask, what knocking out costs, in words too."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float

from sparsecbm.figures.cells import Cells
from sparsecbm.figures.plotly_text import plain
from sparsecbm.figures.text import listed
from sparsecbm.subnetworks.specificity import Necessity, SubnetworkProbe

#: A concept whose own mask is less than this ahead of the best other one is only weakly specific.
LEAST_LEAD = 0.05

Square = Float[np.ndarray, "mask concept"]


@dataclass(frozen=True)
class Lead:
    """How far a concept's own mask is ahead of the best other mask on the concept's head, and whose that is."""

    concept: str
    own: float
    best_other: str
    other: float

    @property
    def lead(self) -> float:
        """The difference of the two accuracies; negative when another mask does better."""
        return self.own - self.other

    @property
    def weak(self) -> bool:
        """True when the lead is too small to call the subnetwork this concept's own."""
        return round(self.lead, 6) < LEAST_LEAD


def measured_specificity(metrics: Mapping[str, Any], concepts: int) -> tuple[Square, str, int] | None:
    """What evaluation kept: [mask, head] accuracy, the split and its number of reviews; None where it did not."""
    report = metrics.get("dev") or {}
    try:
        square = np.array(report.get("specificity"), dtype=float)
    except (TypeError, ValueError):
        return None
    if square.shape != (concepts, concepts) or not np.isfinite(square).all():
        return None
    return square, str(report.get("split", "dev")), int(report.get("n", 0))


def leads(specificity: Square, concepts: tuple[str, ...]) -> tuple[Lead, ...]:
    """Every concept's lead; none where there is no other concept."""
    found = []
    for k, concept in enumerate(concepts):
        others = [(float(specificity[j, k]), j) for j in range(len(concepts)) if j != k]
        if others:
            accuracy, best = max(others, key=lambda other: other[0])
            found.append(Lead(concept, float(specificity[k, k]), concepts[best], accuracy))
    return tuple(found)


def specificity_map(specificity: Square, concepts: tuple[str, ...], title: str) -> Cells:
    """Accuracy of each concept's head (column) through each mask (row); the own mask's cells are framed."""
    printed = [[f"{100 * cell:.1f}" for cell in row] for row in specificity]
    hover = [[f"{plain(concept)} read through {'its own subnetwork' if i == k else f'that of {plain(mask)}'}:<br>"
              f"{100 * specificity[i, k]:.1f} % right, {_points(specificity[i, k] - specificity[k, k])} beside its own"
              for k, concept in enumerate(concepts)] for i, mask in enumerate(concepts)]
    return Cells(specificity, concepts, concepts, title, printed, hover, axes=("read through", "concept asked"),
                 chosen=tuple((k, k) for k in range(len(concepts))))


def cost_map(cost: Square, concepts: tuple[str, ...], title: str) -> Cells:
    """Change of accuracy of each concept (column) when a concept's weights (row) are taken out of every pass."""
    change = -np.asarray(cost)
    printed = [[_number(cell) for cell in row] for row in change]
    hover = [[f"without the weights of {plain(removed)}:<br>{plain(concept)} {_points(change[i, k])} of accuracy"
              for k, concept in enumerate(concepts)] for i, removed in enumerate(concepts)]
    return Cells(change, concepts, concepts, title, printed, hover, limit=max(0.1, float(np.abs(change).max())),
                 axes=("taken out", "concept asked"))


def square_table(square: Square, concepts: tuple[str, ...], corner: str) -> pd.DataFrame:
    """A map as numbers, in percent or points."""
    return pd.DataFrame({corner: concepts, **{concept: np.round(100 * np.asarray(square)[:, k], 1)
                                              for k, concept in enumerate(concepts)}})


def necessity_table(probe: SubnetworkProbe) -> pd.DataFrame:
    """Every concept through its own and through other masks, in percent right."""
    return pd.DataFrame([{
        "concept": concept, "reviews": one.n, "own subnetwork": _percent(one.own),
        "best other concept's": _percent(max(one.swap.values())) if one.swap else None,
        "all weights but its own": _percent(one.complement), "random, mean": _percent(one.random_mean),
        "random, spread": _percent(one.random_sd), "most frequent answer": _percent(one.majority),
    } for concept, one in probe.necessity.items()])


def knock_out_text(probe: SubnetworkProbe, concept: str) -> str:
    """What knocking out a concept's subnetwork costs, and what other masks of its size are worth, in plain words."""
    k, one = probe.concepts.index(concept), probe.necessity[concept]
    whole, own = probe.cost()[k], probe.cost(exclusive=True)[k]
    order = sorted(range(len(whole)), key=lambda j: j != k)
    costs = listed([f"{_cost(float(whole[j])) if j == k else _whole(float(whole[j]))} on {probe.concepts[j]}"
                     for j in order])
    return (f"Knocking out {concept}'s subnetwork costs {costs}; "
            f"knocking out only the part that is its own costs {_cost(float(own[k]))} on {concept}, and the others "
            f"never use that part. In place of its subnetwork, random ones of the same size cost {concept} "
            f"{_cost(one.own - one.random_mean)} (spread {100 * one.random_sd:.0f}), and all the weights that it does "
            f"not use cost {_cost(one.own - one.complement)}.")


def within_chance(one: Necessity) -> bool:
    """True when the own mask is no better than random ones: within two standard deviations of their mean."""
    return one.own - one.random_mean <= max(2 * one.random_sd, 0.01)


def lead_text(lead: Lead) -> str:
    """A lead that is too small, in plain words."""
    points = 100 * lead.lead
    if points < 0:
        return (f"{lead.concept} is not specific: it is read better through the subnetwork of {lead.best_other} "
                f"({100 * lead.other:.1f} % right) than through its own ({100 * lead.own:.1f} %).")
    return (f"{lead.concept} is only weakly specific: its own subnetwork ({100 * lead.own:.1f} % right) is "
            f"{points:.1f} points ahead of that of {lead.best_other} ({100 * lead.other:.1f} %).")


def _cost(share: float) -> str:
    return f"{_whole(share)} point{'' if abs(round(100 * share)) == 1 else 's'}"


def _whole(share: float) -> str:
    return str(round(100 * share)).replace("-", "−")


def _points(change: float) -> str:
    return f"{_number(change)} points"


def _number(change: float) -> str:
    number = f"{100 * change:+.1f}"
    return "0.0" if float(number) == 0 else number.replace("-", "−")


def _percent(share: float) -> float:
    return round(100 * share, 1)
