"""A sanity check: scores that stay as they are when the weights are shuffled say nothing of the model.

Adebayo et al. 2018, "Sanity Checks for Saliency Maps" (arXiv 1810.03292), all layers at once.
"""

import numpy as np
import torch
from scipy.stats import spearmanr
from torch import Tensor

from sparsecbm.model.network import MaskedWeights, SparseCBM
from sparsecbm.types import Attribution


@torch.no_grad()
def shuffled_weights(model: SparseCBM, weights: MaskedWeights | None, seed: int = 0) -> MaskedWeights:
    """Every matrix that masks apply to, its numbers in random places, pass by pass; the model is not written to.

    Zeros move along, so a pass stays as sparse as it was. Without `weights` all passes share one shuffle. Embeddings,
    biases, norms and heads stay as they were trained.
    """
    generator = torch.Generator().manual_seed(seed)

    def shuffled(matrix: Tensor) -> Tensor:
        places = torch.randperm(matrix.numel(), generator=generator).to(matrix.device)
        return matrix.detach().flatten()[places].view_as(matrix)

    if weights is not None:
        return MaskedWeights({name: torch.stack([shuffled(matrix) for matrix in stack])
                              for name, stack in weights.stacks.items()})
    parameters, passes = dict(model.backbone.named_parameters()), len(model.config.passes)
    return MaskedWeights({name: shuffled(parameters[name]).expand(passes, -1, -1) for name in model.sites})


def rank_correlation(one: Attribution, other: Attribution) -> float | None:
    """Spearman's correlation of two attributions of the same words; None where either scores all words alike."""
    if len(one.words) < 2 or np.ptp(one.scores) == 0 or np.ptp(other.scores) == 0:
        return None
    return float(spearmanr(one.scores, other.scores).statistic)
