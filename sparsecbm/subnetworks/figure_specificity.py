"""Whether subnetworks carry their concepts: accuracies from every mask and costs of knock-outs, drawn and in words."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from sparsecbm.figures.cell_table import Cells
from sparsecbm.figures.style import NEUTRAL, plain
from sparsecbm.figures.text import listed
from sparsecbm.subnetworks.specificity import Accuracies, Lead, Necessity, Specificity, SpecificityReport


def specificity_map(specificity: Specificity, concepts: tuple[str, ...], title: str) -> Cells:
    """Accuracy of each concept's head (column) from each mask (row); the own mask's cells are framed."""
    printed = [[f"{100 * cell:.1f}" for cell in row] for row in specificity]
    hover = [[f"{plain(concept)} from {'its own subnetwork' if i == k else f'the subnetwork of {plain(mask)}'}:<br>"
              f"{100 * specificity[i, k]:.1f} % right" + ("" if i == k else
              f", {_points(specificity[i, k] - specificity[k, k])} compared with its own")
              for k, concept in enumerate(concepts)] for i, mask in enumerate(concepts)]
    return Cells(specificity, concepts, concepts, title, printed, hover, axes=("subnetwork", "concept predicted"),
                 chosen=tuple((k, k) for k in range(len(concepts))), hue=NEUTRAL)


def cost_map(cost: Accuracies, concepts: tuple[str, ...], title: str) -> Cells:
    """Change of accuracy of each concept (column) when a concept's weights (row) are taken out of every pass."""
    change = -np.asarray(cost)
    printed = [[_number(cell) for cell in row] for row in change]
    hover = [[f"without the weights of {plain(removed)}:<br>{plain(concept)} {_points(change[i, k])} of accuracy"
              for k, concept in enumerate(concepts)] for i, removed in enumerate(concepts)]
    return Cells(change, concepts, concepts, title, printed, hover, limit=max(0.1, float(np.abs(change).max())),
                 axes=("taken out", "concept predicted"))


def square_table(square: Accuracies, concepts: tuple[str, ...], corner: str) -> pd.DataFrame:
    """A map as numbers, in percent or points."""
    return pd.DataFrame({corner: concepts, **{concept: np.round(100 * np.asarray(square)[:, k], 1)
                                              for k, concept in enumerate(concepts)}})


def necessity_table(report: SpecificityReport) -> pd.DataFrame:
    """Every concept from its own and from other masks, in percent right."""
    return pd.DataFrame([{
        "concept": concept, "texts": one.n, "own subnetwork": _percent(one.own),
        "best other concept's": _percent(max(one.swap.values())) if one.swap else None,
        "all weights but its own": _percent(one.complement), "random, mean": _percent(one.random_mean),
        "random, standard deviation": _percent(one.random_sd), "most frequent answer": _percent(one.majority),
    } for concept, one in report.necessity.items()])


def least_lead_text(found: Sequence[Lead]) -> str:
    """How far the least specific subnetwork is ahead; empty where there is no other concept."""
    if not found:
        return ""
    least = min(found, key=lambda lead: lead.lead)
    if least.lead < 0:
        return lead_text(least)
    return (f"Each concept is predicted best from its own subnetwork, by at least {100 * least.lead:.1f} points "
            f"({least.concept}, where {least.best_other}'s comes next).")


def leads_text(found: Sequence[Lead]) -> str:
    """The concepts that are predicted clearly best from their own subnetwork; empty where there is none."""
    good = [f"{lead.concept} by {100 * lead.lead:.1f} points (next best {lead.best_other})" for lead in found
            if not lead.weak]
    return f"Predicted best from their own subnetwork: {', '.join(good)}." if good else ""


def lead_text(lead: Lead) -> str:
    """A lead that is too small, in plain words."""
    points = 100 * lead.lead
    if points < 0:
        return (f"{lead.concept} is not specific: the subnetwork of {lead.best_other} predicts it better "
                f"({100 * lead.other:.1f} % right) than its own ({100 * lead.own:.1f} %).")
    return (f"{lead.concept} is only weakly specific: its own subnetwork ({100 * lead.own:.1f} % right) is "
            f"{points:.1f} points ahead of that of {lead.best_other} ({100 * lead.other:.1f} %).")


def knock_out_text(report: SpecificityReport, concept: str) -> str:
    """What knocking out a concept's subnetwork costs, compared with other masks of its size, in plain words."""
    k, one = report.concepts.index(concept), report.necessity[concept]
    whole, own = report.cost()[k], report.cost(exclusive=True)[k]
    order = sorted(range(len(whole)), key=lambda j: j != k)
    costs = listed([f"{_cost(float(whole[j])) if j == k else _whole(float(whole[j]))} on {report.concepts[j]}"
                     for j in order])
    return (f"Knocking out {concept}'s subnetwork costs {costs}; "
            f"knocking out only its own part costs {_cost(float(own[k]))} on {concept}, and the other concepts "
            f"do not use that part. Replacing its subnetwork by random ones of the same size costs {concept} "
            f"{_cost(one.own - one.random_mean)} (standard deviation {100 * one.random_sd:.0f}), replacing it by all "
            f"weights that it does not use {_cost(one.own - one.complement)}.")


def within_chance(one: Necessity) -> bool:
    """True when the own mask is no better than random ones: within two standard deviations of their mean."""
    return one.own - one.random_mean <= max(2 * one.random_sd, 0.01)


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
