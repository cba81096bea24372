"""One threshold for the whole network: each pass keeps what scores best, wherever it lies, so that layers differ."""

import math
from collections.abc import Mapping

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from sparsecbm.config import PruneConfig
from sparsecbm.model.kept_units import KeptUnits
from sparsecbm.model.masks import ConceptMasks, best_weights, kept_weights
from sparsecbm.model.units import KINDS, best_units

Scores = Float[Tensor, "pass_ item"]


def contrastive(saliency: Scores, beta: float) -> Scores:
    """`sqrt(s_k) * (s_k / sum_j s_j)^beta`, with each pass's saliency s_k scaled to a mean of 1 over all items.

    With beta 0 the order is that of s_k alone; the larger beta, the more it counts that no other pass needs the item.
    """
    tiny = torch.finfo(saliency.dtype).tiny
    scaled = saliency.clamp_min(0)
    scaled = scaled / scaled.mean(1, keepdim=True).clamp_min(tiny)
    share = scaled / scaled.sum(0).clamp_min(tiny)
    return scaled.sqrt() * share.pow(beta)


def prune_weights(
    masks: ConceptMasks, scores: Mapping[str, Float[Tensor, "pass_ row column"]], sparsity: float, config: PruneConfig
) -> ConceptMasks:
    """Each pass's best active weights of the whole network, and of every matrix at least the floor."""
    sizes = [rows * columns for rows, columns in masks.shapes.values()]
    saliency = torch.cat([scores[name].flatten(1).float() for name in masks.matrices], dim=1)
    active = torch.cat([masks.unpack(name).flatten(1) for name in masks.matrices], dim=1)
    score = contrastive(saliency, _beta(config))
    del saliency
    total = kept_weights(1 - sparsity, sum(sizes))
    kept = torch.zeros_like(active)
    for k, (own, on) in enumerate(zip(score, active, strict=True)):
        start = 0
        for size in sizes:
            part = slice(start, start + size)
            least = min(kept_weights(_floor(config, sparsity), size), int(on[part].sum()))
            kept[k, part] = best_weights(own[part], on[part], least)
            start += size
        kept[k] |= best_weights(own, on & ~kept[k], total - int(kept[k].sum()))
    parts = kept.split(sizes, dim=1)
    return ConceptMasks.from_bools(masks.passes, {
        name: part.unflatten(1, shape) for (name, shape), part in zip(masks.shapes.items(), parts, strict=True)})


def prune_units(
    masks: ConceptMasks, scores: Mapping[str, Float[Tensor, "pass_ layer unit"]], sparsity: float, config: PruneConfig
) -> ConceptMasks:
    """Each pass's best active heads and neurons of the whole network, as long as their weights are within the density.

    A unit that would exceed it is left out and smaller ones after it are still taken. Of each layer's neurons at least
    the floor stays.
    """
    before = KeptUnits.of(masks)
    layout, active = before.layout, before.flat
    score = contrastive(torch.cat([scores[kind].flatten(1).float().cpu() for kind in KINDS], dim=1), _beta(config))
    heads = before.heads[0].numel()
    budget = kept_weights(1 - sparsity, masks.weights)
    kept = torch.stack([
        best_units(own, on, layout, budget, _least(own, on, heads, layout.neurons, _floor(config, sparsity)))
        for own, on in zip(score, active, strict=True)])
    return KeptUnits.of_flat(layout, kept).masks(masks.passes, masks.device)


def _least(
    score: Float[Tensor, " unit"], active: Bool[Tensor, " unit"], heads: int, neurons: int, floor: float
) -> Bool[Tensor, " unit"]:
    """The best neurons of each layer that stay in any case."""
    kept = torch.zeros_like(active)
    for start in range(heads, len(active), neurons):
        part = slice(start, start + neurons)
        kept[part] = best_weights(score[part], active[part], min(math.ceil(floor * neurons), int(active[part].sum())))
    return kept


def _beta(config: PruneConfig) -> float:
    return config.beta if config.scheme == "contrastive" else 0.0


def _floor(config: PruneConfig, sparsity: float) -> float:
    return min(config.floor, 1 - sparsity)
