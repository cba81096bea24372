"""What setting concepts does to the label: only the label head runs again, the residual stays as it was."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Float

from sparsecbm.concepts.contributions import check_distribution
from sparsecbm.errors import CheckpointError, InputError
from sparsecbm.model.network import SparseCBM
from sparsecbm.model.prediction import relabel
from sparsecbm.types import InterventionResult, Prediction

#: What a concept adds to each label logit once it is set to a value for certain.
Effects = Float[np.ndarray, "concept value label"]

#: Combinations of values that are looked through at most: ten concepts of three values, each set or left as it is.
MOST_STATES = 2**20


@torch.inference_mode()
def concept_effects(model: SparseCBM) -> Effects:
    """The effects of a model, in logits and read-only: the same for every text. CheckpointError for a black box.

    A value that a concept cannot have has the effects of the concept's first one, so that it widens no range.
    """
    require_concepts(model)
    schema = model.config.schema
    concepts, values, _ = model.label_weight.shape
    certain = torch.eye(values, device=model.device)
    entering = torch.stack([torch.stack([model.override_bottleneck(value, k) for value in certain])
                            for k in range(concepts)])
    entering, weight = entering.cpu().double(), model.label_weight.cpu().double()
    effects: np.ndarray = torch.einsum("kvw,kwy->kvy", entering, weight).numpy()
    for k, concept in enumerate(schema.concepts):
        own = schema.value_places(concept)
        effects[k, [v for v in range(values) if v not in own]] = effects[k, own[0]]
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


@torch.inference_mode()
def override(
    model: SparseCBM, prediction: Prediction, overrides: Mapping[str, Sequence[float]], residual: bool = True
) -> InterventionResult:
    """The prediction with some concepts set to a distribution, and the residual left out when `residual` is False.

    No backbone pass runs. Without overrides the result equals the prediction bit for bit.
    """
    schema = model.config.schema
    checked = {concept: check_distribution(concept, list(shares), schema) for concept, shares in overrides.items()}
    probabilities, bottleneck = prediction.concept_probabilities.copy(), prediction.bottleneck.copy()
    for concept, shares in checked.items():
        k, distribution = schema.concept_index(concept), torch.tensor(shares, device=model.device)
        probabilities[k] = shares
        bottleneck[k] = model.override_bottleneck(distribution, k).cpu().numpy()
    rest = prediction.residual if residual else np.zeros_like(prediction.residual)
    edited = replace(prediction, concept_probabilities=probabilities, bottleneck=bottleneck, residual=rest,
                     receipt=replace(prediction.receipt, method="override"))
    after = relabel(model, edited)
    return InterventionResult(prediction, after, checked, after.receipt)
