"""The label head, fitted after the backbone: concepts first, then a strongly regularised residual."""

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
    offset: Float[Tensor, "batch label"],
    l2: float,
    bias: bool,
) -> tuple[Float[Tensor, "feature label"], Float[Tensor, " label"]]:
    """Multinomial logistic regression on top of given logits, by full-batch L-BFGS in float64.

    Minimises mean cross-entropy (nats) of `offset + features @ weight + bias` plus `l2 / 2 * |weight|^2`.
    """
    x, fixed = features.double(), offset.double()
    weight = torch.zeros(x.shape[1], fixed.shape[1], dtype=torch.float64, requires_grad=True)
    constant = torch.zeros(fixed.shape[1], dtype=torch.float64, requires_grad=bias)
    optimizer = torch.optim.LBFGS([weight, constant] if bias else [weight], max_iter=200, tolerance_grad=1e-7,
                                  line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        value = cross_entropy(fixed + x @ weight + constant, labels) + l2 / 2 * weight.square().sum()
        value.backward()
        return value

    optimizer.step(loss)
    return weight.detach().float(), constant.detach().float()


@torch.no_grad()
def fit_typical_logits(model: SparseCBM, pooled: Float[Tensor, "row pass_ hidden"], rows: TrainingRows) -> None:
    """Mean concept logits over the training rows of each value: what an override of a logit bottleneck uses."""
    logits = model.concept_logits(pooled)
    truth = rows.targets.argmax(-1)
    for k in range(truth.shape[1]):
        for value in range(rows.targets.shape[-1]):
            chosen = rows.known[:, k] & (truth[:, k] == value)
            if bool(chosen.any()):
                model.typical_logits[k, value] = logits[chosen, k].mean(0)


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
    weight, bias = fit_multinomial(inputs[labelled].flatten(1), rows.labels[labelled],
                                   torch.zeros(int(labelled.sum()), labels),
                                   LABEL_L2, bias=True)
    with torch.no_grad():
        model.label_weight.copy_(weight.reshape(model.label_weight.shape))
        model.label_bias.copy_(bias)


def fit_residual(
    model: SparseCBM,
    config: TrainConfig,
    pooled: Float[Tensor, "row pass_ hidden"],
    rows: TrainingRows,
    eval_pooled: Float[Tensor, "eval_row pass_ hidden"],
    eval_rows: TrainingRows,
) -> dict[str, float]:
    """Fit R on what the concepts leave unexplained; returns the accuracy on the evaluation rows per penalty.

    The features are standardised, and the residual is zero on average over the training rows, so that it explains
    single reviews and not the base rate.
    """
    with torch.no_grad():
        features, labelled = pooled[:, -1], rows.labels >= 0
        mean, spread = features.mean(0), features.std(0).clamp_min(1e-6)
        nothing = torch.zeros(len(rows), len(model.label_bias))
        fixed = model.label(_bottleneck(model, config, pooled, rows), nothing).logits
        predicted = model.bottleneck(model.concept_logits(eval_pooled))
        eval_told = eval_rows.labels >= 0
    accuracy, fitted = {}, {}
    for l2 in sorted(config.residual_l2):
        scaled, _ = fit_multinomial(((features - mean) / spread)[labelled], rows.labels[labelled], fixed[labelled],
                                    l2, bias=False)
        weight = (scaled / spread.unsqueeze(1)).T  # [label, hidden]
        fitted[l2] = (weight, -weight @ mean)
        with torch.no_grad():
            residual = eval_pooled[:, -1] @ weight.T - weight @ mean
            guess = model.label(predicted, residual).logits.argmax(-1)
            accuracy[l2] = float((guess == eval_rows.labels)[eval_told].float().mean())
    chosen = max(l2 for l2, value in accuracy.items() if value >= max(accuracy.values()) - TOLERANCE)
    with torch.no_grad():
        model.residual_weight.copy_(fitted[chosen][0])
        model.residual_bias.copy_(fitted[chosen][1])
    return {f"accuracy_l2_{l2:g}": value for l2, value in accuracy.items()} | {"chosen_l2": chosen}


def _bottleneck(
    model: SparseCBM, config: TrainConfig, pooled: Float[Tensor, "row pass_ hidden"], rows: TrainingRows
) -> Float[Tensor, "row concept value"]:
    """What the label head is fitted on: the truth as a person would set it, or the model's own concepts."""
    if config.regime == "independent":
        if config.model.bottleneck == "probabilities":
            return rows.targets
        return torch.einsum("bkv,kvw->bkw", rows.targets, model.typical_logits)
    return model.bottleneck(model.concept_logits(pooled))
