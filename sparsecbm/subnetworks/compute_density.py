"""What the masks amount to: how well each head predicts from each subnetwork, and how much is dropped."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from sparsecbm.model.masks import ConceptMasks
from sparsecbm.model.network import SparseCBM


@dataclass(frozen=True)
class Sparsity:
    """Shares dropped, 0..1.

    masked_weights  of the masked matrices, by each pass
    whole_model     of all parameters of the model, by a pass on average; embeddings and heads are never dropped
    union           of the masked matrices, by all passes alike: only this need not be stored
    """

    masked_weights: dict[str, float]
    whole_model: float
    union: float


def head_accuracy(
    model: SparseCBM, pooled: Float[Tensor, "row pass_ hidden"], concepts: Int[np.ndarray, "row concept"]
) -> Float[np.ndarray, "mask concept"]:
    """Accuracy of each concept's head (column) on the pass of each concept's mask (row).

    Rows without a known truth (-1) are left out of that concept's column.
    """
    with torch.no_grad():
        predicted = model.cross_logits(pooled).argmax(-1).cpu().numpy()  # [row, mask, concept]
    hits = (predicted == concepts[:, None]).sum(0)  # a prediction is never -1
    accuracy: np.ndarray = hits / (concepts >= 0).sum(0)
    return accuracy


def sparsity(model: SparseCBM, masks: ConceptMasks | None) -> Sparsity:
    """How much the masks drop; nothing without masks."""
    if masks is None:
        return Sparsity(dict.fromkeys(model.config.passes, 0.0), 0.0, 0.0)
    dropped = {name: 1 - density for name, density in masks.density().items()}
    parameters = sum(parameter.numel() for parameter in model.parameters())
    average = float(np.mean(list(dropped.values())))
    return Sparsity(dropped, average * masks.weights / parameters, 1 - masks.union_density())
