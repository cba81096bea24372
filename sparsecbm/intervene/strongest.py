"""The few largest of many scores without sorting them: a threshold from a sample, then an exact choice above it."""

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor

#: Every so manieth score is looked at to find a threshold. A prime, so that the sample reaches all columns of a matrix.
STRIDE = 61
#: Where that gives fewer scores than this, all are looked at.
LEAST_SAMPLE = 1024

Kinds = UInt8[np.ndarray, " weight"]


def strongest(
    scores: Float[Tensor, " weight"], kinds: Kinds, kind: int, count: int
) -> Int[np.ndarray, " chosen"]:
    """Positions of the `count` largest positive scores of one kind, largest first, of equal ones the first first.

    Fewer where fewer are positive. The result is that of a full sort, but only about `count` scores are sorted.
    """
    step = STRIDE if len(scores) >= STRIDE * LEAST_SAMPLE else 1
    sample = scores[::step].cpu().numpy()[kinds[::step] == kind]
    wanted, least = 2 * count // step + 8, float(np.finfo(sample.dtype).tiny)
    while True:
        # If at least `count` scores reach the threshold, the largest `count` do, with all that equal the last of them.
        threshold = max(least, float(np.partition(sample, -wanted)[-wanted])) if wanted < len(sample) else least
        found = _at_least(scores, threshold)
        found = found[kinds[found] == kind]
        if len(found) >= count or threshold == least:
            values = scores[torch.from_numpy(found).to(scores.device)].cpu().numpy()
            chosen: np.ndarray = found[_largest_first(values, count)]
            return chosen
        wanted *= 4


def _at_least(scores: Float[Tensor, " weight"], threshold: float) -> Int[np.ndarray, " found"]:
    """Positions in ascending order. On a CPU torch takes several times as long for it as numpy."""
    if scores.device.type == "cpu":
        return np.flatnonzero(scores.numpy() >= np.float32(threshold))
    positions: np.ndarray = (scores >= threshold).nonzero().squeeze(1).cpu().numpy()
    return positions


def _largest_first(values: Float[np.ndarray, " found"], count: int) -> Int[np.ndarray, " chosen"]:
    """The places of the `count` largest values in falling order, of equal ones the first first."""
    if count == 0:
        return np.zeros(0, dtype=np.int64)
    last = np.partition(values, -count)[-count] if count < len(values) else -np.inf
    over, ties = np.flatnonzero(values > last), np.flatnonzero(values == last)
    places = np.concatenate([over[np.argsort(-values[over], kind="stable")], ties])
    return places[:count]
