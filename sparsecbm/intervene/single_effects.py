"""What each single change did, when several were made at once."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.special import softmax

from sparsecbm.types import Prediction

#: Stands among the parts for a residual that was switched off or on; no concept may have this name.
RESIDUAL = "residual"


@dataclass(frozen=True, eq=False)
class SingleEffect:
    """One part of the label's ledger that changed: a concept, or the residual.

    `change` is what it did to each label logit. That is exact and does not depend on the order, because the ledger is a
    sum: all changes add up to the whole difference. Probabilities do not add up, so there are two of each: with this
    change `alone`, and with all the others `without` it.
    """

    part: str
    change: Float[np.ndarray, " label"]
    alone: Float[np.ndarray, " label"]
    without: Float[np.ndarray, " label"]


def single_effects(before: Prediction, after: Prediction) -> tuple[SingleEffect, ...]:
    """One effect for each part that differs between two predictions of one review, concepts in their order.

    It does not matter whether an override or a revised mask made the difference. Parts that are the same are left out.
    """
    parts = {**dict(zip(before.schema.concepts, _change(before.contributions, after.contributions), strict=True)),
             RESIDUAL: _change(before.residual, after.residual)}
    return tuple(SingleEffect(part, change, softmax(before.label_logits + change), softmax(after.label_logits - change))
                 for part, change in parts.items() if change.any())


def _change(old: Float[np.ndarray, "*part label"], new: Float[np.ndarray, "*part label"]) -> np.ndarray:
    return np.asarray(new.astype(np.float64) - old)
