"""From saliency to masks: which pass keeps which weight. Exact counts, deterministic, nested.

All functions work on one matrix, flattened: `scores[pass_, weight]` (larger is more worth keeping) and
`active[pass_, weight]`, the mask so far. A weight that is not active is never revived.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from sparsecbm.model.keeping import best_weights, kept_weights

Scores = Float[Tensor, "pass_ weight"]
Active = Bool[Tensor, "pass_ weight"]


def independent(scores: Scores, active: Active, density: float) -> Active:
    """Each pass keeps its own best active weights (Tan et al. 2024)."""
    count = kept_weights(density, scores.shape[1])
    return torch.stack([best_weights(score, on, count) for score, on in zip(scores, active, strict=True)])


def core_shares(density: float, passes: int, core: float) -> tuple[float, float]:
    """Shares (core, exclusive) of a matrix with core + exclusive = density, exclusive parts being disjoint.

    Disjoint parts of P passes fit when core + P * exclusive <= 1, so the core must be at least
    (P * density - 1) / (P - 1); it is larger only where `core` asks for it.
    """
    needed = (passes * density - 1) / (passes - 1) if passes > 1 else 0.0
    common = min(density, max(core, needed, 0.0))
    return common, density - common


def core_exclusive(scores: Scores, active: Active, density: float, core: float) -> Active:
    """A core that all passes share and, beside it, a part of each pass's own.

    With s normalised per pass: the core holds the largest geometric means of s over passes; every other weight goes
    to the pass with the largest `sqrt(s_k) * s_k / sum_j s_j`, as long as that pass still has room. Each pass keeps
    exactly `kept_weights(density, weight)` weights.
    """
    passes, weights = scores.shape
    common, _ = core_shares(density, passes, core)
    kept = kept_weights(density, weights)
    room = (weights - kept) // (passes - 1) if passes > 1 else kept  # so that share + passes * room <= weights
    exclusive = min(room, kept - kept_weights(common, weights))
    share = kept - exclusive  # rounding never makes a mask smaller than its density
    score = scores.clamp_min(0) / scores.clamp_min(0).mean(1, keepdim=True).clamp_min(torch.finfo(scores.dtype).tiny)
    shared = best_weights(score.clamp_min(1e-30).log().mean(0), active.all(0), share)
    claim = score.sqrt() * score / score.sum(0).clamp_min(1e-30)
    own = _assign(claim, active & ~shared, exclusive)
    return own | shared


def _assign(claim: Scores, free: Active, room: int) -> Active:
    """Give each weight to at most one pass, `room` weights to each, best claims first.

    Every weight bids for the pass with its best claim among those that have room; a pass takes its best bids. At least
    one pass fills up or nothing is left in each round, so there are at most as many rounds as passes.
    """
    own = torch.zeros_like(free)
    for _ in range(len(claim) + 1):
        left = room - own.sum(1)
        bidding = (left > 0).unsqueeze(1) & free & ~own.any(0)
        if not bool(bidding.any()):
            break
        best = torch.where(bidding, claim, -torch.inf).argmax(0)
        for k in range(len(claim)):
            bids = bidding[k] & (best == k)
            own[k] |= best_weights(claim[k], bids, min(int(left[k]), int(bids.sum())))
    for k in range(len(claim)):
        _fill(k, own, claim, free, room)
    return own


def _fill(k: int, own: Active, claim: Scores, free: Active, room: int) -> None:
    """Complete pass k, in place, where what is left over is active in other passes only.

    Another pass gives k a weight and takes one of the left-over weights for it. Should that not be enough, k keeps its
    best active weights whosever they are: an exact density goes before disjointness.
    """
    for j in range(len(claim)):
        spare, offer = free[j] & ~own.any(0), own[j] & free[k]
        count = min(room - int(own[k].sum()), int(spare.sum()), int(offer.sum()))
        if j != k and count > 0:
            given = best_weights(claim[k], offer, count)
            own[j] = own[j] & ~given | best_weights(claim[j], spare, count)
            own[k] |= given
    own[k] |= best_weights(claim[k], free[k] & ~own[k], room - int(own[k].sum()))
