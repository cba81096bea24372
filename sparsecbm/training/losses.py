"""The losses of the passes: one per concept, and the label's."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn.functional import cross_entropy

from sparsecbm.config import TrainConfig
from sparsecbm.model.network import SparseCBM
from sparsecbm.training.rows import TrainingRows


def concept_losses(
    logits: Float[Tensor, "batch concept value"],
    targets: Float[Tensor, "batch concept value"],
    known: Bool[Tensor, "batch concept"],
    weights: Float[Tensor, " batch"],
    trust: Float[Tensor, "batch concept"] | None = None,
) -> Float[Tensor, " concept"]:
    """Mean cross-entropy (nats) of each concept, times the row's weight, over the rows where the concept is known.

    `trust` multiplies it further, by row and concept: less where a machine labelled it, for example. The mean is over
    rows and not over weights: in a batch of light rows the loss is small. No sigmoid stands before it.
    """
    each = -(targets * logits.log_softmax(-1)).sum(-1) * known * weights.unsqueeze(-1)  # [batch, concept]
    each = each if trust is None else each * trust
    return each.sum(0) / known.sum(0).clamp_min(1)


def label_loss(
    logits: Float[Tensor, "batch label"], labels: Int[Tensor, " batch"], weights: Float[Tensor, " batch"]
) -> Float[Tensor, ""]:
    """Mean cross-entropy (nats), times the row's weight, over the rows whose label is known; 0 when there is none."""
    each = cross_entropy(logits, labels, ignore_index=-1, reduction="none") * weights
    return each.sum() / (labels >= 0).sum().clamp_min(1)


def training_loss(
    model: SparseCBM,
    config: TrainConfig,
    pooled: Float[Tensor, "batch chosen hidden"],
    chosen: list[int],
    rows: TrainingRows,
) -> Float[Tensor, ""]:
    """The backbone's loss over the passes in `chosen`, scaled so that its mean over random choices is the whole loss.

    joint                    CE(label) + gamma * mean_k CE(concept k)
    independent, sequential  gamma * mean_k CE(concept k), and CE(label) read directly off the residual's pass
    black box                CE(label) read off its only pass
    """
    concepts = [k for k in chosen if k < len(config.model.schema.concepts)]
    loss = pooled.new_zeros(())
    logits = torch.einsum("bkh,kvh->bkv", pooled[:, : len(concepts)], model.concept_weight[concepts])
    logits = logits + model.concept_bias[concepts]
    if concepts and config.model.kind != "black_box":
        trust = None if rows.trust is None else rows.trust[:, concepts]
        each = concept_losses(logits, rows.targets[:, concepts], rows.known[:, concepts], rows.weights, trust)
        loss = loss + config.gamma * each.sum() / len(config.model.schema.concepts)
    every = len(concepts) == len(config.model.schema.concepts)
    if config.regime == "joint" and every and config.model.kind != "black_box":
        nothing = pooled.new_zeros(len(rows), len(config.model.schema.labels))
        loss = loss + label_loss(model.label(model.bottleneck(logits), nothing).logits, rows.labels, rows.weights)
    elif len(concepts) < len(chosen):
        loss = loss + label_loss(model.residual_logits(pooled), rows.labels, rows.weights)
    return loss * len(config.model.passes) / len(chosen)


def leakage_loss(
    model: SparseCBM, pooled: Float[Tensor, "batch chosen hidden"], chosen: list[int], rows: TrainingRows
) -> Float[Tensor, ""]:
    """How well the concepts' heads predict from each other's passes, in nats; scaled like `training_loss`.

    The mean of KL(prior || prediction), times the row's weight, over every concept's head on every other concept's
    pass, where the prior is the concept's weighted mean over the batch: 0 when no pass carries information about
    another concept. The heads are detached, so that only the passes can change.
    """
    concepts = len(model.config.schema.concepts)
    mine = [k for k in chosen if k < concepts]
    if not mine or concepts < 2:
        return pooled.new_zeros(())
    weight, bias = model.concept_weight.detach(), model.concept_bias.detach()
    predicted = (torch.einsum("bmh,kvh->bmkv", pooled[:, : len(mine)], weight) + bias).log_softmax(-1)
    counted = (rows.known * rows.weights.unsqueeze(-1)).unsqueeze(-1)  # [batch, concept, 1]
    tiny = torch.finfo(counted.dtype).tiny
    prior = (rows.targets * counted).sum(0) / counted.sum(0).clamp_min(tiny)  # [concept, value]
    each = (torch.special.xlogy(prior, prior) - prior * predicted).sum(-1)  # [batch, mine, concept]
    divergence = (each * rows.weights[:, None, None]).mean(0)  # [mine, concept]
    apart = torch.tensor([[k != other for other in range(concepts)] for k in mine], device=pooled.device)
    mean: Tensor = (divergence * apart).sum() / (concepts - 1) / concepts
    return mean * len(model.config.passes) / len(chosen)
