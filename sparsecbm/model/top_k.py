"""Keeping an exact number of weights: how many make a density, and which are the best."""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def kept_weights(density: float, weights: int) -> int:
    """How many weights make a density, rounded down so that a sparsity is always reached in full."""
    return math.floor(density * weights + 1e-6)  # 1 - 0.9 is a little less than 0.1


def best_weights(
    score: Float[Tensor, " weight"], allowed: Bool[Tensor, " weight"], count: int
) -> Bool[Tensor, " weight"]:
    """The `count` best allowed weights; of equal ones those that come first. ValueError where there are fewer."""
    if count > int(allowed.sum()):
        raise ValueError(f"{count} weights are to be kept, but only {int(allowed.sum())} are active.")
    chosen = torch.zeros_like(allowed)
    if count == 0:
        return chosen
    candidates = score[allowed]
    threshold = candidates.kthvalue(len(candidates) - count + 1).values
    chosen |= allowed & (score > threshold)
    ties = (allowed & (score == threshold)).nonzero().squeeze(1)
    chosen[ties[: count - int(chosen.sum())]] = True
    return chosen
