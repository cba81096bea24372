"""The label head: concepts first, from the truth; then the residual, on what is left."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from sparsecbm.config import TrainConfig
from sparsecbm.model.network import SparseCBM
from sparsecbm.training.heads import LABEL_L2, fit_label_head, fit_multinomial, fit_residual, fit_typical_logits
from sparsecbm.training.rows import TrainingRows
from tests.helpers import tiny_model, toy_reviews, toy_split, train_config

ROWS = TrainingRows.of(toy_split(4), "majority")
NO_OFFSET = torch.zeros(len(ROWS), 3)


def fitted(rows: TrainingRows = ROWS, seed: int = 0, regime: str = "independent", **model: Any) -> SparseCBM:
    """A model whose label head was fitted on features drawn from `seed`."""
    made = tiny_model(**model)
    pooled = torch.randn(len(rows), len(made.config.passes), 16, generator=torch.Generator().manual_seed(seed))
    fit_label_head(made, train_config(regime=regime, model=model), pooled, rows)
    return made


def head(model: SparseCBM) -> torch.Tensor:
    return torch.cat([model.label_weight.flatten(), model.label_bias])


# -- logistic regression -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("l2", [1e-3, 0.03, 1.0])
def test_the_regression_equals_scikit_learns(l2: float, bias: bool) -> None:
    """Mean loss plus l2 / 2 |w|^2 is scikit-learn's C = 1 / (rows * l2)."""
    features, labels = torch.randn(60, 5), torch.randint(0, 3, (60,))
    weight, constant = fit_multinomial(features, labels, torch.ones(60), torch.zeros(60, 3), l2, bias)
    peer = LogisticRegression(C=1 / (60 * l2), fit_intercept=bias, tol=1e-10, max_iter=10_000)
    peer.fit(features.double().numpy(), labels.numpy())
    np.testing.assert_allclose(weight.T, peer.coef_, atol=2e-4)
    shift = constant.numpy() - np.broadcast_to(peer.intercept_, 3)  # a constant for all labels changes nothing
    np.testing.assert_allclose(shift - shift.mean(), 0, atol=2e-4)
    assert bias or not constant.any()


def test_a_weight_of_two_is_the_row_twice() -> None:
    features, labels, offset = torch.randn(20, 4), torch.randint(0, 3, (20,)), torch.randn(20, 3)
    weights = torch.tensor([1.0, 2.0]).repeat(10)
    twice = torch.arange(20).repeat_interleave(weights.long())
    weighted = fit_multinomial(features, labels, 0.3 * weights, offset, 0.1, bias=True)  # only their ratios count
    repeated = fit_multinomial(features[twice], labels[twice], torch.ones(30), offset[twice], 0.1, bias=True)
    plain = fit_multinomial(features, labels, torch.ones(20), offset, 0.1, bias=True)
    for one, other, unlike in zip(weighted, repeated, plain, strict=True):
        torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-4)
        assert not torch.allclose(one, unlike, atol=1e-3)


def test_the_regression_stands_on_the_given_logits() -> None:
    """At the optimum features^T (p - y) / n + l2 w = 0, with p from offset plus features."""
    features, labels, offset = torch.randn(40, 4), torch.randint(0, 3, (40,)), 2 * torch.randn(40, 3)
    weight, constant = fit_multinomial(features, labels, torch.ones(40), offset, 0.1, bias=True)
    error = (offset + features @ weight + constant).softmax(-1) - torch.eye(3)[labels]
    torch.testing.assert_close(features.T @ error / 40 + 0.1 * weight, torch.zeros(4, 3), atol=1e-5, rtol=0)
    torch.testing.assert_close(error.mean(0), torch.zeros(3), atol=1e-5, rtol=0)
    assert weight.dtype == torch.float32


# -- concepts first ------------------------------------------------------------------------------------------------


def test_concept_first_reads_true_concepts_and_nothing_of_the_backbone() -> None:
    one, other = fitted(seed=0), fitted(seed=1)
    assert torch.equal(head(one), head(other))
    inputs = ROWS.targets.flatten(1)
    weight, bias = fit_multinomial(inputs, ROWS.labels, ROWS.weights, NO_OFFSET, LABEL_L2, bias=True)
    assert torch.equal(one.label_weight.flatten(0, 1), weight) and torch.equal(one.label_bias, bias)


def test_concept_first_has_the_meaning_of_the_data() -> None:
    """The toy label is the balance of the two values, so the head predicts it for every true pair."""
    model = fitted()
    for review in toy_reviews(1):
        truth = torch.eye(3)[torch.tensor([review.concepts])]
        assert int(model.label(truth, torch.zeros(1, 3)).logits.argmax()) == review.label


def test_sequential_reads_what_the_model_predicts() -> None:
    assert not torch.allclose(head(fitted(seed=0, regime="sequential")), head(fitted(seed=1, regime="sequential")))
    model = tiny_model()
    pooled = torch.randn(len(ROWS), 3, 16)
    fit_label_head(model, train_config(regime="sequential"), pooled, ROWS)
    inputs = model.concept_logits(pooled).softmax(-1).flatten(1)
    weight, _ = fit_multinomial(inputs, ROWS.labels, ROWS.weights, NO_OFFSET, LABEL_L2, bias=True)
    torch.testing.assert_close(model.label_weight.flatten(0, 1), weight, atol=1e-3, rtol=1e-3)


def test_joint_keeps_the_head_it_has_learned() -> None:
    before = head(tiny_model(residual=False))
    assert torch.equal(head(fitted(regime="joint", residual=False)), before)


def test_rows_without_majority_label_are_left_out() -> None:
    labels = ROWS.labels.clone()
    labels[::5] = -1
    targets = ROWS.targets.clone()
    targets[::5] = torch.tensor([0.0, 1.0, 0.0])
    labelled = ROWS.select((labels >= 0).nonzero().squeeze(1).tolist())
    assert torch.equal(head(fitted(replace(ROWS, labels=labels, targets=targets))), head(fitted(labelled)))


def test_soft_targets_are_fitted_as_they_are() -> None:
    soft = TrainingRows.of(toy_split(4), "shares")
    weight, _ = fit_multinomial(soft.targets.flatten(1), soft.labels, soft.weights, NO_OFFSET, LABEL_L2, bias=True)
    assert torch.equal(fitted(soft).label_weight.flatten(0, 1), weight)
    assert not torch.allclose(fitted(soft).label_weight, fitted().label_weight)


# -- typical logits ------------------------------------------------------------------------------------------------


def test_typical_logits_are_means_over_the_rows_of_a_value() -> None:
    model = tiny_model()
    pooled, known = torch.randn(len(ROWS), 3, 16), ROWS.known.clone()
    known[:9] = False  # rows whose concepts have no majority do not count
    fit_typical_logits(model, pooled, replace(ROWS, known=known))
    logits, truth = model.concept_logits(pooled), ROWS.targets.argmax(-1)
    for k in range(2):
        for value in range(3):
            chosen = (truth[:, k] == value) & known[:, k]
            torch.testing.assert_close(model.typical_logits[k, value], logits[chosen, k].mean(0))


def test_typical_logits_and_the_residuals_zero_count_rows_by_their_weight() -> None:
    """Rows of weight 0.25 and 0.75, by hand."""
    model, pooled = tiny_model(), torch.randn(2, 3, 16)
    two = replace(ROWS.select([0, 0]), weights=torch.tensor([0.25, 0.75]), labels=torch.tensor([0, 1]))
    fit_typical_logits(model, pooled, two)
    logits = model.concept_logits(pooled)
    value = int(two.targets[0, 0].argmax())
    torch.testing.assert_close(model.typical_logits[0, value], 0.25 * logits[0, 0] + 0.75 * logits[1, 0])
    fit_residual(model, train_config(residual_l2=(0.1,)), pooled, two, [(pooled, two)])
    residual = model.residual_logits(pooled)
    torch.testing.assert_close(0.25 * residual[0] + 0.75 * residual[1], torch.zeros(3), atol=1e-5, rtol=0)
    assert residual.abs().max() > 0.01


def test_an_unseen_value_keeps_its_typical_logits_finite() -> None:
    model = tiny_model()
    before = model.typical_logits.clone()
    only = ROWS.select((ROWS.targets[:, 0, 2] == 1).nonzero().squeeze(1).tolist())
    fit_typical_logits(model, torch.randn(len(only), 3, 16), only)
    assert torch.equal(model.typical_logits[0, :2], before[0, :2]) and model.typical_logits.isfinite().all()


def test_a_logit_bottleneck_is_fitted_on_what_an_override_would_set() -> None:
    model = fitted(bottleneck="logits")
    inputs = torch.stack([torch.stack([model.override_bottleneck(row[k], k) for k in range(2)])
                          for row in ROWS.targets])
    weight, _ = fit_multinomial(inputs.flatten(1), ROWS.labels, ROWS.weights, NO_OFFSET, LABEL_L2, bias=True)
    torch.testing.assert_close(model.label_weight.flatten(0, 1), weight, atol=1e-3, rtol=1e-3)


# -- residual ------------------------------------------------------------------------------------------------------


def residual_case(signal: float, **changes: Any) -> tuple[SparseCBM, TrainConfig, torch.Tensor, dict[str, float]]:
    """The residual's features predict the label with this strength; the concepts are random."""
    model, config = tiny_model(), train_config(**changes)
    pooled = torch.randn(len(ROWS), 3, 16)
    pooled[:, 2, :3] += signal * torch.eye(3)[ROWS.labels] + 5  # not centred
    fit_label_head(model, config, pooled, ROWS)
    return model, config, pooled, fit_residual(model, config, pooled, ROWS, [(pooled, ROWS)])


def test_the_residual_is_zero_on_average() -> None:
    model, _, pooled, _ = residual_case(2.0)
    residual = model.residual_logits(pooled)
    torch.testing.assert_close(residual.mean(0), torch.zeros(3), atol=1e-4, rtol=0)
    assert residual.abs().max() > 0.01


def test_the_residual_leaves_the_concepts_head_alone() -> None:
    model, config, pooled, _ = residual_case(2.0)
    before = head(model)
    fit_residual(model, config, pooled, ROWS, [(pooled, ROWS)])
    assert torch.equal(head(model), before)


def test_the_residual_is_fitted_on_what_the_concepts_leave() -> None:
    """Where the true concepts determine the label, the stationary residual is that of a standardised regression."""
    model, _, pooled, _ = residual_case(2.0, residual_l2=(0.1,))
    features = pooled[:, 2]
    scaled = (features - features.mean(0)) / features.std(0)
    fixed = model.label(ROWS.targets, torch.zeros(len(ROWS), 3)).logits
    weight, _ = fit_multinomial(scaled, ROWS.labels, ROWS.weights, fixed, 0.1, bias=False)
    torch.testing.assert_close(model.residual_logits(pooled), scaled @ weight, atol=1e-4, rtol=1e-3)


def test_the_strongest_penalty_within_tolerance_is_chosen() -> None:
    penalties = (1e-3, 1e-1, 1e6)
    _, _, _, useful = residual_case(8.0, residual_l2=penalties, regime="sequential")
    assert useful["chosen_l2"] < 1e6 and useful["accuracy_l2_0.001"] > useful["accuracy_l2_1e+06"]
    assert set(useful) == {"accuracy_l2_0.001", "accuracy_l2_0.1", "accuracy_l2_1e+06", "chosen_l2"}
    best = max(value for name, value in useful.items() if name != "chosen_l2")
    assert useful["chosen_l2"] == max(l2 for l2 in penalties if useful[f"accuracy_l2_{l2:g}"] >= best - 0.005)


def test_sources_count_the_same_when_a_penalty_is_chosen() -> None:
    """One source is all right, one of five rows all wrong, and one has no label: the mean is one half."""
    model, config, pooled, _ = residual_case(2.0, residual_l2=(0.1,))
    read = model.label(model.bottleneck(model.concept_logits(pooled)), model.residual_logits(pooled)).logits.argmax(-1)
    right, wrong = replace(ROWS, labels=read), replace(ROWS, labels=(read + 1) % 3)
    untold = replace(ROWS, labels=torch.full_like(read, -1))
    sources = [(pooled, right), (pooled[:5], wrong.select([*range(5)])), (pooled, untold)]
    assert fit_residual(model, config, pooled, ROWS, sources)["accuracy_l2_0.1"] == 0.5


def test_a_useless_residual_is_pressed_to_nothing() -> None:
    """True concepts in, so that nothing is left to explain: every penalty is as good, and the strongest wins."""
    model, config = tiny_model(), train_config(residual_l2=(1e-3, 1e6))
    with torch.no_grad():
        model.concept_weight.copy_(100 * torch.eye(3, 16).expand(2, 3, 16))
        model.concept_bias.zero_()
    pooled = torch.cat([torch.nn.functional.pad(ROWS.targets, (0, 13)), torch.randn(len(ROWS), 1, 16)], dim=1)
    fit_label_head(model, config, pooled, ROWS)
    assert fit_residual(model, config, pooled, ROWS, [(pooled, ROWS)])["chosen_l2"] == 1e6
    assert model.residual_logits(pooled).abs().max() < 1e-3
