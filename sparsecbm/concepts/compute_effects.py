"""What each single change did, when several were made at once."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from scipy.special import softmax

from sparsecbm.errors import CheckpointError, InputError
from sparsecbm.model.network import SparseCBM
from sparsecbm.types import Prediction

#: What a concept adds to each label logit once it is set to a value for certain.
Effects = Float[np.ndarray, "concept value label"]

#: Combinations of values that are looked through at most: ten concepts of three values, each set or left as it is.
MOST_STATES = 2**20


@torch.inference_mode()
def concept_effects(model: SparseCBM) -> Effects:
    """The effects of a model, in logits and read-only: the same for every review. CheckpointError for a black box."""
    require_concepts(model)
    concepts, values, _ = model.label_weight.shape
    certain = torch.eye(values, device=model.device)
    entering = torch.stack([torch.stack([model.override_bottleneck(value, k) for value in certain])
                            for k in range(concepts)])
    effects: np.ndarray = torch.einsum("kvw,kwy->kvy", entering.double(), model.label_weight.double()).cpu().numpy()
    effects.flags.writeable = False
    return effects


def require_concepts(model: SparseCBM) -> None:
    """CheckpointError when the label does not come from concepts, so that setting one could not change it."""
    if model.config.kind == "black_box":
        raise CheckpointError("The checkpoint is of kind black_box and has no concepts to set; allowed: kind dense or "
                              "sparse. Name another checkpoint, such as the one that ships.")


def set_one(
    logits: Float[np.ndarray, "*row label"], contributions: Float[np.ndarray, "*row concept label"], effects: Effects
) -> Float[np.ndarray, "*row concept value label"]:
    """Label logits when one concept alone is set to one value, for every concept and value."""
    without: np.ndarray = logits[..., None, :] - contributions
    return np.asarray(without[..., None, :] + effects)


def set_all(
    prediction: Prediction, effects: Effects, concepts: Sequence[str]
) -> Float[np.ndarray, "*value label"]:
    """Label logits of every combination of values of some concepts: an axis of values for each, in the order given.

    The other concepts stay as they are. InputError for an unknown or repeated concept, or more than MOST_STATES states.
    """
    chosen = [prediction.schema.concept_index(concept) for concept in concepts]
    if len(set(chosen)) < len(chosen):
        raise InputError(f"Concepts {', '.join(concepts)} came; allowed: each one once. Leave the repeated one out.")
    check_states(effects.shape[1], len(chosen))
    logits = prediction.label_logits - prediction.contributions[chosen].sum(0, dtype=np.float64)
    for k in chosen:
        logits = logits[..., None, :] + effects[k]
    return np.asarray(logits)


def check_states(options: int, concepts: int) -> None:
    """InputError when so many options for each of so many concepts are more than can be looked through."""
    if options**concepts > MOST_STATES:
        most = math.floor(math.log(MOST_STATES) / math.log(options))
        raise InputError(f"{concepts} concepts with {options} possibilities each make {options**concepts:,} states; "
                         f"allowed: {MOST_STATES:,}, which is {most} concepts. Take fewer concepts.")


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
