"""A review through changed passes: only these run, the rest is what it was."""

from collections.abc import Mapping
from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor

from sparsecbm.model.masks import ConceptMasks
from sparsecbm.model.network import SparseCBM
from sparsecbm.model.prediction import relabel
from sparsecbm.types import Prediction

#: The matrices of one pass, by parameter name, each the weights times the mask.
Matrices = Mapping[str, Float[Tensor, "_row _column"]]


@torch.no_grad()
def changed_matrices(model: SparseCBM, before: ConceptMasks, after: ConceptMasks, k: int) -> dict[str, Tensor]:
    """The matrices of pass k whose masks differ, multiplied anew. Only those that `changed_masks` replaced are looked
    at, and each byte is compared."""
    weights = dict(model.backbone.named_parameters())
    return {name: weights[name] * after.unpack_pass(name, k) for name, bits in after.bits.items()
            if bits is not before.bits[name] and not torch.equal(bits[k], before.bits[name][k])}


@torch.inference_mode()
def with_passes(
    model: SparseCBM, prediction: Prediction, pooled: Mapping[int, Float[Tensor, "_one hidden"]]
) -> Prediction:
    """The prediction with some passes read anew; only the heads run.

    `pooled` holds the mean states of the changed passes by their number, the last one being the residual's. Every other
    concept is read in its own pass and stays as it was, bit for bit.
    """
    probabilities, bottleneck = prediction.concept_probabilities.copy(), prediction.bottleneck.copy()
    residual = prediction.residual
    for k, states in pooled.items():
        if k < len(probabilities):
            logits = concept_logits(model, k, states)
            probabilities[k] = logits.softmax(-1)[0].cpu().numpy()
            bottleneck[k] = model.bottleneck(logits)[0].cpu().numpy()
        else:
            residual = model.residual_logits(states.unsqueeze(1))[0].cpu().numpy()
    return relabel(model, replace(prediction, concept_probabilities=probabilities, bottleneck=bottleneck,
                                  residual=residual))


def concept_logits(model: SparseCBM, k: int, pooled: Float[Tensor, "batch hidden"]) -> Float[Tensor, "batch value"]:
    """The logits of concept k from the states of its own pass alone."""
    return pooled @ model.concept_weight[k].T + model.concept_bias[k]
