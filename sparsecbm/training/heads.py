"""The label head, fitted after the backbone: concepts first, then a strongly regularised residual."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import cross_entropy

from sparsecbm.config import TrainConfig
from sparsecbm.model.network import SparseCBM
from sparsecbm.training.rows import TrainingRows

#: Penalty of the concept-to-label weights: just enough to make the fit unique.
LABEL_L2 = 1e-3
#: The residual's penalty is the largest whose accuracy on the evaluation split is at most this far below the best.
TOLERANCE = 0.01


def fit_multinomial(
    features: Float[Tensor, "batch feature"],
    labels: Int[Tensor, " batch"],
    weights: Float[Tensor, " batch"],
    offset: Float[Tensor, "batch label"],
    l2: float,
    bias: bool,
) -> tuple[Float[Tensor, "feature label"], Float[Tensor, " label"]]:
    """Multinomial logistic regression on top of given logits, by full-batch L-BFGS in float64.

    Minimises the mean cross-entropy (nats) of `offset + features @ weight + bias`, each row counted by its weight, plus
    `l2 / 2 * |weight|^2`.
    """
    x, fixed, shares = features.double(), offset.double(), weights.double() / weights.double().sum()
    weight = torch.zeros(x.shape[1], fixed.shape[1], dtype=torch.float64, requires_grad=True)
    constant = torch.zeros(fixed.shape[1], dtype=torch.float64, requires_grad=bias)
    optimizer = torch.optim.LBFGS([weight, constant] if bias else [weight], max_iter=200, tolerance_grad=1e-7,
                                  line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        each = cross_entropy(fixed + x @ weight + constant, labels, reduction="none")
        value = shares @ each + l2 / 2 * weight.square().sum()
        value.backward()
        return value

    optimizer.step(loss)
    return weight.detach().float(), constant.detach().float()


@torch.no_grad()
def fit_typical_logits(model: SparseCBM, pooled: Float[Tensor, "row pass_ hidden"], rows: TrainingRows) -> None:
    """Weighted mean of the concept logits over the rows of each value: what an override of a logit bottleneck uses."""
    logits = model.concept_logits(pooled)
    truth = rows.targets.argmax(-1)
    for k in range(truth.shape[1]):
        for value in range(rows.targets.shape[-1]):
            chosen = rows.known[:, k] & (truth[:, k] == value)
            if bool(chosen.any()):
                model.typical_logits[k, value] = _mean(logits[chosen, k], rows.weights[chosen])


def fit_label_head(
    model: SparseCBM, config: TrainConfig, pooled: Float[Tensor, "row pass_ hidden"], rows: TrainingRows
) -> None:
    """Fit B and b on the true concepts (independent) or the predicted ones (sequential); joint has learned them."""
    with torch.no_grad():
        fit_typical_logits(model, pooled, rows)
        if config.regime == "joint":
            return
        inputs = _bottleneck(model, config, pooled, rows)
        labelled = rows.labels >= 0
    labels = len(config.model.schema.labels)
    weight, bias = fit_multinomial(inputs[labelled].flatten(1), rows.labels[labelled], rows.weights[labelled],
                                   torch.zeros(int(labelled.sum()), labels), LABEL_L2, bias=True)
    with torch.no_grad():
        model.label_weight.copy_(weight.reshape(model.label_weight.shape))
        model.label_bias.copy_(bias)


def fit_residual(
    model: SparseCBM,
    config: TrainConfig,
    pooled: Float[Tensor, "row pass_ hidden"],
    rows: TrainingRows,
    evaluation: Sequence[tuple[Tensor, TrainingRows]],
) -> dict[str, float]:
    """Fit R on what the concepts leave unexplained; returns the accuracy on the evaluation rows per penalty.

    `evaluation` has the pooled features and the rows of each source; the accuracy is the mean over those with a label.
    The features are standardised, and the residual is zero on average over the training rows, each counted by its
    weight, so that it explains single reviews and not the base rate.
    """
    with torch.no_grad():
        features, labelled = pooled[:, -1], rows.labels >= 0
        mean, spread = _mean(features, rows.weights), features.std(0).clamp_min(1e-6)
        nothing = torch.zeros(len(rows), len(model.label_bias))
        fixed = model.label(_bottleneck(model, config, pooled, rows), nothing).logits
        told = [(each[rows.labels >= 0], rows.labels[rows.labels >= 0]) for each, rows in evaluation]
        scored = [(each[:, -1], model.bottleneck(model.concept_logits(each)), truth) for each, truth in told
                  if len(truth)]
    accuracy, fitted = {}, {}
    for l2 in sorted(config.residual_l2):
        scaled, _ = fit_multinomial(((features - mean) / spread)[labelled], rows.labels[labelled],
                                    rows.weights[labelled], fixed[labelled], l2, bias=False)
        weight = (scaled / spread.unsqueeze(1)).T  # [label, hidden]
        fitted[l2] = (weight, -weight @ mean)
        with torch.no_grad():
            guesses = [model.label(predicted, own @ weight.T - weight @ mean).logits.argmax(-1)
                       for own, predicted, _ in scored]
            accuracy[l2] = float(np.mean([float((guess == truth).float().mean())
                                          for guess, (_, _, truth) in zip(guesses, scored, strict=True)]))
    chosen = max(l2 for l2, value in accuracy.items() if value >= max(accuracy.values()) - TOLERANCE)
    with torch.no_grad():
        model.residual_weight.copy_(fitted[chosen][0])
        model.residual_bias.copy_(fitted[chosen][1])
    return {f"accuracy_l2_{l2:g}": value for l2, value in accuracy.items()} | {"chosen_l2": chosen}


def _mean(values: Float[Tensor, "row value"], weights: Float[Tensor, " row"]) -> Float[Tensor, " value"]:
    """The mean of rows, each counted by its weight."""
    return weights @ values / weights.sum()


def _bottleneck(
    model: SparseCBM, config: TrainConfig, pooled: Float[Tensor, "row pass_ hidden"], rows: TrainingRows
) -> Float[Tensor, "row concept value"]:
    """What the label head is fitted on: the truth as a person would set it, or the model's own concepts."""
    if config.regime == "independent":
        if config.model.bottleneck == "probabilities":
            return rows.targets
        return torch.einsum("bkv,kvw->bkw", rows.targets, model.typical_logits)
    return model.bottleneck(model.concept_logits(pooled))
