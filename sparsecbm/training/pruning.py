"""One pruning step: from saliency and the masks so far to sparser masks."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from sparsecbm.config import PruneConfig
from sparsecbm.errors import SparseCBMError
from sparsecbm.model.masks import ConceptMasks, best_weights, kept_weights
from sparsecbm.training.saliency import Saliency
from sparsecbm.training.threshold import prune_units, prune_weights


def cubic_sparsity(step: int, steps: int, start: float, final: float) -> float:
    """Sparsity after pruning step `step` of `steps` (1-based), from `start` at the first to `final` at the last.

    Zhu & Gupta 2017 (arXiv 1710.01878), eq. 1: s_t = s_f + (s_i - s_f) (1 - t)^3 with t from 0 to 1.
    """
    progress = 1.0 if steps == 1 else (step - 1) / (steps - 1)
    return final + (start - final) * (1 - progress) ** 3


def learning_rate_factor(step: int, steps: int, warm_up: float = 0.05, hold: float = 0.5) -> float:
    """Factor 0..1 on the peak learning rate: linear warm-up, constant to `hold`, then linear to zero.

    The plateau covers the pruning steps, when the network has most to recover.
    """
    progress = step / max(steps, 1)
    if progress < warm_up:
        return (step + 1) / max(warm_up * steps, 1)
    return 1.0 if progress < hold else max(0.0, (1 - progress) / (1 - hold))


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


def prune(
    masks: ConceptMasks, saliency: Saliency, sparsity: float, config: PruneConfig
) -> ConceptMasks:
    """Masks at `sparsity`, nested in `masks`; the density reached is checked.

    It is that of every matrix and pass, or, of structured or contrastive masks, of every pass in the whole network.
    Structured masks come as near to the density as whole units can.
    """
    if masks.layout is not None:
        return prune_units(masks, saliency.scores, sparsity, config)
    if config.scheme == "contrastive":
        return prune_weights(masks, saliency.scores, sparsity, config)
    stacks = {}
    for name, scores in saliency.scores.items():
        flat, active = scores.flatten(1).float(), masks.unpack(name).flatten(1)
        kept = (core_exclusive(flat, active, 1 - sparsity, config.core) if config.scheme == "core_exclusive"
                else independent(flat, active, 1 - sparsity))
        if not bool((kept.sum(1) == kept_weights(1 - sparsity, kept.shape[1])).all()):
            raise SparseCBMError(f"{name}: pruning kept {kept.sum(1).tolist()} of {kept.shape[1]} weights, "
                                 f"not the {1 - sparsity:.4f} asked for. This is a defect; please report it.")
        stacks[name] = kept.reshape(scores.shape)
    return ConceptMasks.from_bools(masks.passes, stacks)
