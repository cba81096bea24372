"""A teacher's answers: asked for once, compared by hand, and learned."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from sparsecbm.data.split import Split
from sparsecbm.errors import ConfigError
from sparsecbm.model.checkpoint import load_checkpoint
from sparsecbm.schema import CEBAB
from sparsecbm.service import Explainer
from sparsecbm.training.distillation import distillation_loss, taught
from sparsecbm.training.rows import TrainingRows
from sparsecbm.training.train import train
from tests.helpers import TOY, saved_checkpoint, tiny_model, toy_split, train_config

#: What the teacher says at temperature 2 of a concept's three values and of the labels, of which the first is likelier.
VALUES, LABELS = (0.5, 0.25, 0.25), (0.5, *(0.5 / (len(TOY.labels) - 1) for _ in TOY.labels[1:]))


def lesson(rows: int = 2) -> TrainingRows:
    """Rows with that teacher's logits; nobody else knows anything of them."""
    concepts, labels = (2 * torch.log(torch.tensor(shares)) for shares in (VALUES, LABELS))
    return TrainingRows(
        ("a",) * rows, torch.full((rows, 2, 3), 1 / 3), torch.zeros(rows, 2, dtype=torch.bool),
        torch.full((rows,), -1), torch.ones(rows), concepts.expand(rows, 2, 3), labels.expand(rows, -1))


def from_uniform(shares: tuple[float, ...]) -> float:
    """KL(shares || uniform) in nats."""
    return sum(share * math.log(share * len(shares)) for share in shares)


def test_the_loss_by_hand() -> None:
    """A model of zeros says that everything is as likely, at whatever temperature; T^2 is 4, gamma 2."""
    model, config = tiny_model(), train_config(temperature=2.0)
    for head in (model.concept_weight, model.concept_bias, model.residual_weight, model.residual_bias):
        head.data.zero_()
    pooled, rows = torch.randn(2, 3, 16), lesson()
    concepts, label = 4 * from_uniform(VALUES), 4 * from_uniform(LABELS)
    assert distillation_loss(model, config, pooled, [0, 1, 2], rows).item() == pytest.approx(2 * concepts + label)
    assert distillation_loss(model, config, pooled[:, :1], [1], rows).item() == pytest.approx(3 * concepts)
    assert distillation_loss(model, config, pooled[:, :1], [2], rows).item() == pytest.approx(3 * label)
    light = replace(rows, weights=torch.tensor([0.5, 0.5]))
    assert distillation_loss(model, config, pooled, [0, 1, 2], light).item() == pytest.approx(concepts + label / 2)


def test_a_model_that_agrees_has_nothing_to_learn() -> None:
    model, config = tiny_model(), train_config(temperature=3.0)
    pooled = torch.randn(2, 3, 16)
    rows = replace(lesson(), taught_concepts=model.concept_logits(pooled).detach(),
                   taught_labels=model.residual_logits(pooled).detach())
    assert distillation_loss(model, config, pooled, [0, 1, 2], rows).item() == pytest.approx(0, abs=1e-6)


def test_the_teacher_is_asked_what_it_answers(tmp_path: Path) -> None:
    """Also through its masks."""
    folder, split = saved_checkpoint(tmp_path / "teacher"), toy_split()
    rows = taught(TrainingRows.of(split, "majority"), load_checkpoint(folder, "cpu"), train_config())
    said = Explainer.load(folder, "cpu").predict_texts(split.texts)
    assert rows.taught_concepts is not None and rows.taught_labels is not None
    torch.testing.assert_close(rows.taught_concepts.softmax(-1), torch.from_numpy(said.concept_probabilities),
                               atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(rows.taught_labels.softmax(-1), torch.from_numpy(said.label_probabilities),
                               atol=1e-5, rtol=1e-4)


def test_lessons_stay_with_their_rows() -> None:
    rows = replace(lesson(3), taught_labels=torch.arange(3.0).unsqueeze(1).expand(3, len(TOY.labels)))
    found = TrainingRows.joined([rows, rows]).select([4, 0])
    assert found.taught_labels is not None and found.taught_labels[:, 0].tolist() == [1, 0]
    assert TrainingRows.of(toy_split(), "majority").select([0]).taught_labels is None


@pytest.mark.slow
def test_a_teacher_is_followed_where_nobody_else_says_anything(
    backbone: Path, rows: Split, other_rows: Split, tmp_path: Path
) -> None:
    """All the weight is the teacher's, which contradicts the labels: it says the same of every text."""
    teacher = saved_checkpoint(tmp_path / "teacher", kind="dense")
    found = load_checkpoint(teacher, "cpu")
    config = train_config(backbone, model={"kind": "dense"}, teacher=str(teacher), teacher_weight=1.0, epochs_dense=6,
                          epochs_prune=0, epochs_finetune=0)
    folder = train(config, rows, other_rows, tmp_path / "run", "cpu")
    wanted = Explainer(found).predict_texts(rows.texts).concept_probabilities.argmax(-1)
    alone = train(replace(config, teacher=None), rows, other_rows, tmp_path / "alone", "cpu")
    agree, without = (float((Explainer.load(one, "cpu").predict_texts(rows.texts).concept_probabilities.argmax(-1)
                             == wanted).mean()) for one in (folder, alone))
    assert agree > 0.9 > without


@pytest.mark.parametrize(("teacher", "part"), [
    ({"schema": CEBAB}, "speaks of cebab, the model of toy"), ({"kind": "black_box"}, "no concepts to teach")])
def test_a_teacher_of_something_else_is_refused(teacher: dict[str, Any], part: str, tmp_path: Path) -> None:
    found = load_checkpoint(saved_checkpoint(tmp_path / "teacher", **teacher), "cpu")
    with pytest.raises(ConfigError, match=part):
        taught(TrainingRows.of(toy_split(), "majority"), found, train_config())


@pytest.mark.slow
def test_a_dense_model_is_pruned_later(
    trained: Callable[..., Path], backbone: Path, rows: Split, other_rows: Split, tmp_path: Path
) -> None:
    """In two runs, the first of which could have been the teacher."""
    dense = trained(model={"kind": "dense"}, epochs_dense=1, epochs_prune=0, epochs_finetune=0)
    config = train_config(backbone, start=str(dense), epochs_dense=0, learning_rate=1e-12, head_learning_rate=1e-12)
    pruned = load_checkpoint(train(config, rows, other_rows, tmp_path / "pruned", "cpu"), "cpu")
    before = load_checkpoint(dense, "cpu")
    assert pruned.masks is not None and before.masks is None
    assert pruned.metrics["training"]["before"]["hash"] == before.hash
    weights = before.model.backbone.state_dict()
    assert all(torch.equal(pruned.model.backbone.state_dict()[name], tensor) for name, tensor in weights.items())
    with pytest.raises(ConfigError, match="no pruning epoch"):
        train(replace(config, epochs_prune=0), rows, other_rows, tmp_path / "none", "cpu")
