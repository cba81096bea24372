"""What each concept, the residual and the bias contribute to the label's logits, before and after a change."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float
from scipy.special import softmax

from sparsecbm.types import InterventionResult, Prediction

#: Names among the contributions that are no concept's.
RESIDUAL, BIAS, SUM = "residual", "bias", "sum"


@dataclass(frozen=True)
class Contribution:
    """What one concept, the residual or the bias adds to a label's logit."""

    before: float
    after: float

    @property
    def changed(self) -> bool:
        """True when a person's changes reach it."""
        return abs(self.after - self.before) > 1e-9


def logit_terms(prediction: Prediction) -> dict[str, Float[np.ndarray, " label"]]:
    """What adds up to the label logits: every concept in its order, then `residual` and `bias`."""
    concepts = dict(zip(prediction.schema.concepts, prediction.contributions, strict=True))
    return {**concepts, RESIDUAL: prediction.residual, BIAS: prediction.label_bias}


def label_contributions(result: InterventionResult, label: str) -> dict[str, Contribution]:
    """The terms of one label's logit, and their `sum`, which is that logit.

    >>> label_contributions(explainer.override(prediction, {"food": (0, 0, 1)}), "5")["food"].after  # doctest: +SKIP
    1.42
    """
    y = result.before.schema.label_index(label)
    before, after = ({**logit_terms(side), SUM: side.label_logits} for side in (result.before, result.after))
    return {name: Contribution(float(before[name][y]), float(after[name][y])) for name in before}


def contribution_table(contributions: dict[str, Contribution]) -> pd.DataFrame:
    """The contributions in logits, with the change."""
    parts = contributions.values()
    return pd.DataFrame({
        "part": list(contributions),
        "before": [round(part.before, 4) for part in parts],
        "after": [round(part.after, 4) for part in parts],
        "change": [round(part.after - part.before, 4) for part in parts],
    })


def probability_table(result: InterventionResult) -> pd.DataFrame:
    """Every label's probability in percent."""
    schema = result.before.schema
    return pd.DataFrame({
        schema.label_title: schema.label_display,
        "before": (100 * result.before.label_probabilities.astype(float)).round(2),
        "after": (100 * result.after.label_probabilities.astype(float)).round(2),
    })


@dataclass(frozen=True, eq=False)
class SingleEffect:
    """One term of the label logits that changed: a concept, or the residual.

    `change` is what it did to each label logit. That is exact and does not depend on the order, because the logits are
    a sum: all changes add up to the whole difference. Probabilities do not add up, so there are two of each: with this
    change `alone`, and with all the others `without` it.
    """

    part: str
    change: Float[np.ndarray, " label"]
    alone: Float[np.ndarray, " label"]
    without: Float[np.ndarray, " label"]


def single_effects(before: Prediction, after: Prediction) -> tuple[SingleEffect, ...]:
    """One effect for each term that differs between two predictions of one document, concepts in their order.

    It does not matter whether an override or a revised mask made the difference. Terms that are the same are left out.
    """
    old, new = logit_terms(before), logit_terms(after)
    changes = {name: new[name].astype(np.float64) - old[name] for name in old}
    return tuple(SingleEffect(part, change, softmax(before.label_logits + change), softmax(after.label_logits - change))
                 for part, change in changes.items() if change.any())
