"""Keep an exact number of weights: how many make a density, and which have the best scores."""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def kept_weights(density: float, weights: int) -> int:
    """The number of weights that make a density 0..1, rounded down so that the sparsity is always reached."""
    return math.floor(density * weights + 1e-6)  # 1 - 0.9 is a little less than 0.1


def best_weights(
    score: Float[Tensor, " weight"], allowed: Bool[Tensor, " weight"], count: int
) -> Bool[Tensor, " weight"]:
    """The `count` allowed weights with the best scores, of equal scores the first; ValueError where there are fewer."""
    if count > int(allowed.sum()):
        raise ValueError(f"Only {int(allowed.sum())} weights are active, so {count} cannot be kept.")
    chosen = torch.zeros_like(allowed)
    if count == 0:
        return chosen
    candidates = score[allowed]
    threshold = candidates.kthvalue(len(candidates) - count + 1).values
    chosen |= allowed & (score > threshold)
    ties = (allowed & (score == threshold)).nonzero().squeeze(1)
    chosen[ties[: count - int(chosen.sum())]] = True
    return chosen
