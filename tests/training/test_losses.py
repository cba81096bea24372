"""The losses: plain cross-entropy, over what is known only, each computed from its own pass."""

import itertools
import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch.nn.functional import cross_entropy

from sparsecbm.config import TrainConfig
from sparsecbm.model.network import SparseCBM
from sparsecbm.training.losses import concept_losses, label_loss, leakage_loss, training_loss
from sparsecbm.training.rows import TrainingRows
from tests.helpers import random_masks, tiny_encoder, tiny_model, toy_split, train_config


def setup(regime: str = "independent", seed: int = 0, **model: Any) -> tuple[SparseCBM, TrainConfig, TrainingRows]:
    """A model, its settings and three rows."""
    if regime == "joint":
        model = {"residual": False} | model
    config = train_config(regime=regime, concept_targets="majority", gamma=3.0, model=model)
    made = tiny_model(**model).requires_grad_(True)
    return made, config, TrainingRows.of(toy_split(), "majority").select([0, 5, 8])


# -- concepts ------------------------------------------------------------------------------------------------------


def test_concept_loss_by_hand() -> None:
    """Two rows; the second does not know the second concept. Targets may be soft."""
    logits = torch.log(torch.tensor([[[0.5, 0.25, 0.25], [0.2, 0.2, 0.6]], [[0.1, 0.8, 0.1], [0.3, 0.3, 0.4]]]))
    targets = torch.tensor([[[1.0, 0, 0], [0, 0.5, 0.5]], [[0, 1.0, 0], [1.0, 0, 0]]])
    known = torch.tensor([[True, True], [True, False]])
    losses = concept_losses(logits, targets, known, torch.ones(2))
    assert losses[0].item() == pytest.approx(-(math.log(0.5) + math.log(0.8)) / 2)
    assert losses[1].item() == pytest.approx(-(math.log(0.2) + math.log(0.6)) / 2)
    losses = concept_losses(logits, targets, known, torch.tensor([0.5, 3.0]))
    assert losses[0].item() == pytest.approx(-(0.5 * math.log(0.5) + 3 * math.log(0.8)) / 2)
    assert losses[1].item() == pytest.approx(-0.5 * (math.log(0.2) + math.log(0.6)) / 2)


def test_a_concept_without_majority_carries_no_loss() -> None:
    logits = torch.randn(4, 2, 3, requires_grad=True)
    known = torch.tensor([[True, True], [False, True], [True, True], [False, True]])
    concept_losses(logits, torch.eye(3)[torch.zeros(4, 2, dtype=torch.int64)], known, torch.ones(4)).sum().backward()
    gradient = logits.grad
    assert gradient is not None
    assert ((gradient != 0).any(-1) == known).all()


def test_an_unknown_concept_costs_nothing_at_all() -> None:
    known = torch.tensor([[True, False], [True, False]])
    losses = concept_losses(torch.randn(2, 2, 3), torch.ones(2, 2, 3) / 3, known, torch.ones(2))
    assert losses[1] == 0 and losses[0] > 0


def test_certain_logits_cost_nothing() -> None:
    """A sigmoid before the softmax would leave at least 0.5514."""
    truth = torch.eye(3)[torch.tensor([[0, 2]])]
    assert concept_losses(60 * truth, truth, torch.ones(1, 2, dtype=torch.bool), torch.ones(1)).max() < 1e-6


def test_an_overfit_batch_has_no_concept_loss_left() -> None:
    """Through the masked passes of the network."""
    model, encoder = tiny_model().requires_grad_(True), tiny_encoder()
    rows = TrainingRows.of(toy_split(1), "majority")
    masks, encoded = random_masks(model, 0.7), encoder.encode(rows.texts)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(60):
        losses = concept_losses(model(encoded, masks)[0], rows.targets, rows.known, rows.weights)
        optimizer.zero_grad()
        losses.sum().backward()
        optimizer.step()
    assert losses.detach().max() < 0.02


# -- the label -----------------------------------------------------------------------------------------------------


def test_label_loss_counts_rows_with_a_majority_only() -> None:
    logits, labels = torch.randn(4, 3), torch.tensor([0, -1, 2, -1])
    assert torch.allclose(label_loss(logits, labels, torch.ones(4)), cross_entropy(logits[[0, 2]], labels[[0, 2]]))
    assert label_loss(logits, torch.full((4,), -1), torch.ones(4)) == 0


def test_weighted_label_loss_by_hand() -> None:
    """Light rows make a small loss, also where a batch has no others."""
    logits = torch.log(torch.tensor([[0.5, 0.25, 0.25], [0.1, 0.1, 0.8], [0.2, 0.2, 0.6]]))
    labels = torch.tensor([0, -1, 2])
    loss = label_loss(logits, labels, torch.tensor([0.5, 7.0, 2.0]))
    assert loss.item() == pytest.approx(-(0.5 * math.log(0.5) + 2 * math.log(0.6)) / 2)
    torch.testing.assert_close(label_loss(logits, labels, torch.full((3,), 0.5)),
                               label_loss(logits, labels, torch.ones(3)) / 2)


@pytest.mark.parametrize("regime", ["independent", "joint"])
def test_a_row_without_majority_label_still_teaches_concepts(regime: str) -> None:
    model, config, rows = setup(regime)
    rows = replace(rows, labels=torch.full_like(rows.labels, -1))
    passes = len(config.model.passes)
    training_loss(model, config, torch.randn(3, passes, 16), list(range(passes)), rows).backward()
    assert model.concept_weight.grad is not None and (model.concept_weight.grad != 0).any()
    for head in (model.residual_weight, model.label_weight):
        assert head.grad is None or (head.grad == 0).all()


# -- together ------------------------------------------------------------------------------------------------------


def parts(model: SparseCBM, pooled: torch.Tensor, rows: TrainingRows) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean concept loss, and concept logits."""
    logits = torch.stack([pooled[:, k] @ model.concept_weight[k].T + model.concept_bias[k] for k in range(2)], 1)
    each = [cross_entropy(logits[:, k], rows.targets[:, k].argmax(-1)) for k in range(2)]
    return torch.stack(each).mean(), logits


@pytest.mark.parametrize("bottleneck", ["probabilities", "logits"])
def test_the_joint_loss_reads_the_label_off_the_concepts(bottleneck: str) -> None:
    model, config, rows = setup("joint", bottleneck=bottleneck)
    pooled = torch.randn(3, 2, 16)
    concepts, logits = parts(model, pooled, rows)
    label = logits.softmax(-1) if bottleneck == "probabilities" else logits
    of_label = cross_entropy(label.flatten(1) @ model.label_weight.flatten(0, 1) + model.label_bias, rows.labels)
    torch.testing.assert_close(training_loss(model, config, pooled, [0, 1], rows), of_label + 3 * concepts)


@pytest.mark.parametrize("regime", ["independent", "joint"])
def test_every_part_of_the_loss_is_weighted(regime: str) -> None:
    """The loss of a batch is the mean of what its rows would cost alone, each times its weight."""
    model, config, rows = setup(regime)
    passes = len(config.model.passes)
    pooled, weights = torch.randn(3, passes, 16), torch.tensor([0.25, 1.0, 3.0])
    alone = torch.stack([training_loss(model, config, pooled[[row]], list(range(passes)), rows.select([row]))
                         for row in range(3)])
    loss = training_loss(model, config, pooled, list(range(passes)), replace(rows, weights=weights))
    torch.testing.assert_close(loss, (weights * alone).mean())


@pytest.mark.parametrize("regime", ["independent", "sequential"])
def test_otherwise_the_label_loss_reads_the_residuals_pass(regime: str) -> None:
    model, config, rows = setup(regime)
    pooled = torch.randn(3, 3, 16, requires_grad=True)
    concepts, _ = parts(model, pooled, rows)
    residual = cross_entropy(pooled[:, 2] @ model.residual_weight.T + model.residual_bias, rows.labels)
    loss = training_loss(model, config, pooled, [0, 1, 2], rows)
    torch.testing.assert_close(loss, residual + 3 * concepts)
    loss.backward()
    assert model.label_weight.grad is None or (model.label_weight.grad == 0).all()


def test_a_black_box_learns_the_label_only() -> None:
    model, config, rows = setup(kind="black_box")
    pooled = torch.randn(3, 3, 16)
    loss = training_loss(model, config, pooled, [0, 1, 2], rows)
    torch.testing.assert_close(loss, cross_entropy(model.residual_logits(pooled), rows.labels))


@pytest.mark.parametrize("size", [1, 2, 3])
def test_random_passes_give_the_whole_loss_on_average(size: int) -> None:
    model, config, rows = setup()
    pooled = torch.randn(3, 3, 16)
    whole = training_loss(model, config, pooled, [0, 1, 2], rows)
    choices = [list(chosen) for chosen in itertools.combinations(range(3), size)]
    some = torch.stack([training_loss(model, config, pooled[:, chosen], chosen, rows) for chosen in choices])
    torch.testing.assert_close(some.mean(), whole)


@pytest.mark.parametrize("k", range(3))
def test_a_single_pass_teaches_its_own_head_only(k: int) -> None:
    model, config, rows = setup()
    training_loss(model, config, torch.randn(3, 1, 16), [k], rows).backward()
    taught = model.concept_weight.grad.abs().sum((1, 2)) if model.concept_weight.grad is not None else torch.zeros(2)
    assert (taught > 0).tolist() == [k == 0, k == 1]
    assert (model.residual_weight.grad is not None and bool((model.residual_weight.grad != 0).any())) == (k == 2)


# -- what concepts read from each other's passes -------------------------------------------------------------------


def test_leakage_by_hand() -> None:
    """Two concepts, two rows: the first pass gives the second concept's head (.5, .25, .25) and (.25, .5, .25)."""
    model, _, _ = setup()
    model.concept_bias.data.zero_()
    model.concept_weight.data.zero_()
    model.concept_weight.data[1, :, :3] = torch.eye(3)
    targets = torch.zeros(2, 2, 3)
    targets[0, :, 0] = targets[1, :, 1] = 1
    rows = TrainingRows(("a", "b"), targets, torch.ones(2, 2, dtype=torch.bool), torch.zeros(2, dtype=torch.int64),
                        torch.ones(2))
    pooled = torch.zeros(2, 2, 16)
    pooled[:, 0, :3] = torch.log(torch.tensor([[0.5, 0.25, 0.25], [0.25, 0.5, 0.25]]))
    first = math.log(0.5) - (math.log(0.5) + math.log(0.25)) / 2  # prior (.5, .5, 0): the same for both rows
    second = math.log(0.5) - math.log(1 / 3)  # the second pass tells the first concept's head nothing at all
    expected = (first + second) / 2 * 3 / 2  # two of three passes were chosen
    assert leakage_loss(model, pooled, [0, 1], rows).item() == pytest.approx(expected)
    halved = replace(rows, weights=torch.full((2,), 0.5))
    assert leakage_loss(model, pooled, [0, 1], halved).item() == pytest.approx(expected / 2)


def test_a_pass_that_predicts_the_prior_costs_nothing() -> None:
    model, _, rows = setup()
    model.concept_weight.data.zero_()
    known = rows.known.unsqueeze(-1)
    model.concept_bias.data = ((rows.targets * known).sum(0) / known.sum(0)).clamp_min(1e-30).log()
    assert leakage_loss(model, torch.randn(3, 3, 16), [0, 1, 2], rows).abs() < 1e-6


def test_leakage_moves_the_passes_of_concepts_and_no_head() -> None:
    model, _, rows = setup()
    pooled = torch.randn(3, 3, 16, requires_grad=True)
    leakage_loss(model, pooled, [0, 1, 2], rows).backward()
    assert pooled.grad is not None
    assert (pooled.grad.abs().sum((0, 2)) > 0).tolist() == [True, True, False]  # not the residual's
    assert all(parameter.grad is None for parameter in model.parameters())


def test_the_residuals_pass_alone_has_no_leakage() -> None:
    model, _, rows = setup()
    assert leakage_loss(model, torch.randn(3, 1, 16), [2], rows) == 0


@pytest.mark.parametrize("size", [1, 2])
def test_random_passes_leak_the_same_on_average(size: int) -> None:
    model, _, rows = setup()
    pooled = torch.randn(3, 3, 16)
    choices = [list(chosen) for chosen in itertools.combinations(range(3), size)]
    some = torch.stack([leakage_loss(model, pooled[:, chosen], chosen, rows) for chosen in choices])
    torch.testing.assert_close(some.mean(), leakage_loss(model, pooled, [0, 1, 2], rows))
