"""The loop: which epoch is kept, when weights are removed, and what learns."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate import Accelerator

from sparsecbm.config import TrainConfig
from sparsecbm.model.network import SparseCBM
from sparsecbm.training import loop as module
from sparsecbm.training.loop import Trainer
from sparsecbm.training.progress import TrainingDisplay
from sparsecbm.training.rows import TrainingRows
from tests.helpers import tiny_backbone, tiny_encoder, toy_split, train_config

pytestmark = pytest.mark.slow


def trainer(output: Path, dropout: float = 0.1, **changes: Any) -> Trainer:
    """Over the toy split: 18 rows, three batches of six an epoch."""
    config: TrainConfig = train_config(**changes)
    torch.manual_seed(config.seed)
    model = SparseCBM(config.model, tiny_backbone(hidden_dropout_prob=dropout, attention_probs_dropout_prob=dropout))
    rows = TrainingRows.of(toy_split(), config.concept_targets)
    return Trainer(model, tiny_encoder(), rows, {"toy/train": rows}, config, output, Accelerator(cpu=True))


def run(made: Trainer) -> Trainer:
    with TrainingDisplay(sum(made.steps)) as display:
        made.run(display)
    return made


def weights(model: SparseCBM) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def script(monkeypatch: pytest.MonkeyPatch, scores: list[float]) -> list[dict[str, torch.Tensor]]:
    """Let epochs score as written; returns the weights that were scored, in order."""
    seen: list[dict[str, torch.Tensor]] = []
    upcoming: Iterator[float] = iter(scores)

    def score(model: SparseCBM, *_: Any) -> dict[str, float]:
        seen.append(weights(model))
        return {"macro_f1": next(upcoming)}

    monkeypatch.setattr(module, "selection_scores", score)
    return seen


# -- the best epoch ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("scores", "best"), [([0.2, 0.5, 0.5, 0.1], 1), ([0.9, 0.1, 0.2, 0.3], 0)])
def test_the_best_epoch_at_the_final_sparsity_is_kept(
    scores: list[float], best: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not the last, not an early dense one: two dense epochs and the first of two pruning epochs are never asked."""
    seen = script(monkeypatch, scores)
    made = run(trainer(tmp_path, epochs_dense=2, epochs_prune=2, epochs_finetune=3))
    assert [note["epoch"] for note in made.progress.epochs if "macro_f1" in note] == [3, 4, 5, 6]
    assert made.progress.best_epoch == 3 + best and made.progress.best_score == scores[best]
    now = weights(made.model)
    assert all(torch.equal(now[name], tensor) for name, tensor in seen[best].items())
    others = [k for k in range(4) if k != best]
    assert all(any(not torch.equal(now[name], tensor) for name, tensor in seen[k].items()) for k in others)
    assert made.progress.masks.density() == pytest.approx(dict.fromkeys(made.config.model.passes, 0.3), abs=0.01)


def test_every_epoch_of_a_dense_model_may_be_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script(monkeypatch, [0.9, 0.1, 0.2])
    assert run(trainer(tmp_path, model={"kind": "dense"})).progress.best_epoch == 0


def test_scores_are_taken_through_the_masks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    used = []
    monkeypatch.setattr(module, "pool_texts", lambda model, encoder, masks, texts, pool=module.pool_texts:
                        used.append(masks) or pool(model, encoder, masks, texts))
    made = run(trainer(tmp_path))
    assert used and all(masks is made.progress.masks for masks in used)


# -- pruning -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("steps", "epochs", "expected"), [
    (2, 1, [0, 2]),        # of three batches
    (4, 2, [0, 2, 3, 5]),  # of six
    (5, 1, [0, 1, 2, 2, 2]),  # more steps than batches: all are made all the same
    (1, 1, [0]),
])
def test_all_pruning_steps_are_made_within_the_pruning_epochs(
    steps: int, epochs: int, expected: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    when: list[int] = []
    made = trainer(tmp_path, epochs_prune=epochs, prune={"steps": steps, "saliency": "random"})
    original = made._prune

    def prune(display: TrainingDisplay) -> None:
        when.append(made.progress.step - sum(made.steps[:made.config.epochs_dense]))
        original(display)

    monkeypatch.setattr(made, "_prune", prune)
    run(made)
    assert when == expected
    assert made.progress.masks.density() == pytest.approx(dict.fromkeys(made.config.model.passes, 0.3), abs=0.01)
    assert [note["sparsity"] for note in made.progress.epochs][:1] == [0.0]
    assert made.progress.epochs[-1]["sparsity"] == 0.7


@pytest.mark.parametrize("scheme", ["core_exclusive", "independent"])
def test_masks_are_nested_from_step_to_step(scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = trainer(tmp_path, prune={"steps": 3, "scheme": scheme, "refresh": 1})
    history = [made.progress.masks]
    original = made._prune

    def prune(display: TrainingDisplay) -> None:
        original(display)
        history.append(made.progress.masks)

    monkeypatch.setattr(made, "_prune", prune)
    run(made)
    assert len(history) == 4
    assert all(later.is_nested_in(earlier) for earlier, later in zip(history, history[1:], strict=False))
    assert made.progress.masks is history[-1]


@pytest.mark.parametrize(("refresh", "expected"), [(1, 4), (2, 2)])
def test_saliency_is_refreshed_as_asked(
    refresh: int, expected: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    monkeypatch.setattr(module, "saliency", lambda *parts, real=module.saliency: calls.append(1) or real(*parts))
    run(trainer(tmp_path, batch_size=4, prune={"steps": 4, "refresh": refresh}))
    assert len(calls) == expected


def test_dense_epochs_know_no_masks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = trainer(tmp_path)
    stacks = []
    monkeypatch.setattr(made, "_step", lambda batch, given, generator, step=made._step:
                        stacks.append(given) or step(batch, given, generator))
    run(made)
    assert [given is None for given in stacks] == [True] * 3 + [False] * 6


# -- what learns ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("frozen", [True, False])
def test_embeddings_learn_only_when_they_are_not_frozen(frozen: bool, tmp_path: Path) -> None:
    made = trainer(tmp_path, freeze_embeddings=frozen)
    before = made.model.backbone.get_input_embeddings().weight.clone()
    run(made)
    assert torch.equal(made.model.backbone.get_input_embeddings().weight, before) == frozen


def test_weights_that_no_pass_keeps_get_no_gradient(tmp_path: Path) -> None:
    """In the last step; one that some pass keeps does get one."""
    made = run(trainer(tmp_path))
    for name in made.progress.masks.matrices:
        kept, gradient = made.progress.masks.unpack(name).any(0), made.model.backbone.get_parameter(name).grad
        assert gradient is not None and not kept.all()
        assert (gradient[~kept] == 0).all() and (gradient[kept] != 0).any()


def test_random_passes_are_drawn_anew_in_every_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen: list[list[int]] = []
    monkeypatch.setattr(module, "training_loss", lambda model, config, pooled, some, rows, loss=module.training_loss:
                        chosen.append(some) or loss(model, config, pooled, some, rows))
    run(trainer(tmp_path, passes_per_step=2, epochs_finetune=4))
    masked = chosen[3:]
    assert chosen[:3] == [[0, 1, 2]] * 3 and all(len(some) == 2 for some in masked)
    assert {tuple(some) for some in masked} == {(0, 1), (0, 2), (1, 2)}


def test_the_foreign_penalty_counts_in_masked_steps_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before there are masks all passes are one, and what one concept reads there is every concept's."""
    read: list[list[int]] = []
    monkeypatch.setattr(module, "leakage_loss", lambda model, pooled, chosen, rows, reading=module.leakage_loss:
                        read.append(chosen) or reading(model, pooled, chosen, rows))
    free = weights(run(trainer(tmp_path / "free")).model)
    assert read == []
    held = weights(run(trainer(tmp_path / "held", foreign_penalty=0.5)).model)
    assert len(read) == 6  # one pruning and one fine-tuning epoch of three batches; none in the dense one
    assert any(not torch.equal(held[name], free[name]) for name in free)


def test_the_learning_rate_follows_its_schedule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = trainer(tmp_path, model={"kind": "dense"})
    rates: list[list[float]] = []
    monkeypatch.setattr(made, "_step", lambda *parts, step=made._step: (
        step(*parts), rates.append([group["lr"] for group in made.optimizer.param_groups]))[0])
    run(made)
    body, heads = (torch.tensor(rate) for rate in zip(*rates, strict=True))
    torch.testing.assert_close(heads, 10 * body)  # 1e-2 compared with 1e-3
    assert body.max() == pytest.approx(1e-3) and body[4] == body.max() and body[-1] < body[-2] < body.max()


@pytest.mark.parametrize("changes", [{"model": {"kind": "dense"}}, {"model": {"kind": "black_box"}}, {}], ids=str)
def test_the_toy_task_is_learned(changes: dict[str, Any], tmp_path: Path) -> None:
    made = run(trainer(tmp_path, batch_size=3, epochs_dense=6, epochs_finetune=14, concept_targets="majority",
                       learning_rate=6e-3, head_learning_rate=2e-2, dropout=0.0, **changes))
    losses = [note["loss"] for note in made.progress.epochs]
    assert losses[-1] < 0.6 * losses[0]
    assert made.progress.best_score > 0.7  # macro F1; guessing one value for all gives 1/6
