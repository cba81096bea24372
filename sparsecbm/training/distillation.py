"""Learning from a teacher: a larger trained model whose answers to the training texts are learned as well.

Rows without a label or concepts, of which the annotators say nothing, get the teacher's all the same.
"""

from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import kl_div

from sparsecbm.config import TrainConfig
from sparsecbm.errors import ConfigError
from sparsecbm.model.checkpoint import Checkpoint
from sparsecbm.model.network import SparseCBM
from sparsecbm.model.prediction import pool_texts
from sparsecbm.training.rows import TrainingRows


@torch.no_grad()
def taught(rows: TrainingRows, teacher: Checkpoint, config: TrainConfig) -> TrainingRows:
    """The same rows with the teacher's logits; ConfigError when it does not answer what the model has to learn."""
    network = teacher.model
    if network.config.schema.axes != config.model.schema.axes:
        raise ConfigError(f"The teacher {teacher.path} speaks of {network.config.schema.name}, the model of "
                          f"{config.model.schema.name}; use a teacher of the same concepts and labels.")
    if network.config.kind == "black_box" and config.model.kind != "black_box":
        raise ConfigError(f"The teacher {teacher.path} is a black box, which has no concepts to teach; use a dense or "
                          "sparse model, or train a black box.")
    pooled = pool_texts(network, teacher.encoder, teacher.masks, rows.texts).to(network.device)
    concepts, residual = network.concept_logits(pooled), network.residual_logits(pooled)
    labels = residual if network.config.kind == "black_box" else network.label(
        network.bottleneck(concepts), residual).logits
    return replace(rows, taught_concepts=concepts.float().cpu(), taught_labels=labels.float().cpu())


def distillation_loss(
    model: SparseCBM, config: TrainConfig, pooled: Float[Tensor, "batch chosen hidden"], chosen: list[int],
    rows: TrainingRows,
) -> Float[Tensor, ""]:
    """T^2 KL(teacher || model) in nats at temperature T, for each concept and the label in place of the cross-entropy
    of `training_loss`, and summed and scaled like that (Hinton et al., 2015, arXiv 1503.02531, section 2)."""
    assert rows.taught_concepts is not None and rows.taught_labels is not None
    concepts = [k for k in chosen if k < len(config.model.schema.concepts)]
    loss = pooled.new_zeros(())
    if concepts and config.model.kind != "black_box":
        own = torch.einsum("bkh,kvh->bkv", pooled[:, : len(concepts)], model.concept_weight[concepts])
        each = _divergence(rows.taught_concepts[:, concepts], own + model.concept_bias[concepts], config.temperature)
        loss = loss + config.gamma * (each * rows.weights.unsqueeze(-1)).mean(0).sum() / len(
            config.model.schema.concepts)
    if len(concepts) < len(chosen):
        each = _divergence(rows.taught_labels, model.residual_logits(pooled), config.temperature)
        loss = loss + (each * rows.weights).mean()
    return loss * len(config.model.passes) / len(chosen)


def _divergence(teacher: Tensor, own: Tensor, temperature: float) -> Tensor:
    """Over the last axis of logits."""
    wanted, found = (logits.div(temperature).log_softmax(-1) for logits in (teacher, own))
    return temperature**2 * kl_div(found, wanted, reduction="none", log_target=True).sum(-1)
