"""An interrupted run: at most one epoch is lost, and the end is the same to the last bit."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from sparsecbm.config import to_json
from sparsecbm.data.split import Split
from sparsecbm.errors import ConfigError
from sparsecbm.model.checkpoint import CONFIG_FILE, MASKS_FILE, METRICS_FILE, WEIGHTS_FILE
from sparsecbm.training import state as state_module
from sparsecbm.training.loop import Trainer
from sparsecbm.training.state import FOLDER, NOTES_FILE, STATE_FILE
from sparsecbm.training.train import train
from tests.helpers import train_config

pytestmark = pytest.mark.slow

STEPS = 3  # of 18 rows in batches of six, per epoch


class PowerCut(BaseException):
    """Ends a run wherever it is."""


def cut_at(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the run end within its optimiser step number `step`, counted from 0."""
    real = Trainer._step

    def fail(self: Trainer, *parts: Any) -> float:
        if self.progress.step == step:
            raise PowerCut
        return real(self, *parts)

    monkeypatch.setattr(Trainer, "_step", fail)


def interrupt(step: int, output: Path, *parts: Any) -> None:
    with pytest.MonkeyPatch.context() as patch, pytest.raises(PowerCut):
        cut_at(step, patch)
        train(*parts, output, "cpu")


def metrics(folder: Path) -> dict[str, Any]:
    """Everything measured but how long it took."""
    found: dict[str, Any] = json.loads((folder / METRICS_FILE).read_text(encoding="utf-8"))
    for note in (found["training"], *found["training"]["epochs"]):
        del note["seconds"]
    return found


def assert_same(one: Path, other: Path) -> None:
    for name in (WEIGHTS_FILE, MASKS_FILE, CONFIG_FILE):
        assert (one / name).exists() == (other / name).exists()
        if (one / name).exists():
            assert (one / name).read_bytes() == (other / name).read_bytes(), name
    assert metrics(one) == metrics(other)


@pytest.mark.parametrize("changes", [
    {},
    {"passes_per_step": 2, "freeze_embeddings": False, "prune": {"scheme": "independent", "steps": 4, "refresh": 3}},
    {"regime": "joint", "model": {"residual": False}, "prune": {"saliency": "random"}},
    {"model": {"kind": "dense"}},
], ids=["default", "random passes", "joint", "dense"])
def test_a_resumed_run_ends_as_an_unbroken_one(
    changes: dict[str, Any], backbone: Path, rows: Split, other_rows: Split, tmp_path: Path
) -> None:
    """Cut within the second epoch of the warm-up, between two pruning steps, and within the last epoch."""
    parts = (train_config(backbone, epochs_dense=2, epochs_finetune=2, **changes), rows, other_rows)
    unbroken = train(*parts, tmp_path / "unbroken", "cpu")
    for step in (STEPS + 1, 2 * STEPS + 1, 5 * STEPS - 1):
        output = tmp_path / f"cut at {step}"
        interrupt(step, output, *parts)
        assert json.loads((output / FOLDER / NOTES_FILE).read_text(encoding="utf-8"))["epoch"] == step // STEPS
        assert_same(train(*parts, output, "cpu", resume=True), unbroken)
        assert not (output / FOLDER).exists()


def test_a_run_may_be_cut_again_and_again(backbone: Path, rows: Split, other_rows: Split, tmp_path: Path) -> None:
    parts = (train_config(backbone), rows, other_rows)
    unbroken = train(*parts, tmp_path / "unbroken", "cpu")
    output = tmp_path / "cut"
    interrupt(STEPS + 1, output, *parts)
    for step in (2 * STEPS - 1, 2 * STEPS + 1):
        with pytest.MonkeyPatch.context() as patch, pytest.raises(PowerCut):
            cut_at(step, patch)
            train(*parts, output, "cpu", resume=True)
    assert_same(train(*parts, output, "cpu", resume=True), unbroken)


def test_a_run_cut_while_its_head_is_fitted_is_resumed(
    backbone: Path, rows: Split, other_rows: Split, tmp_path: Path
) -> None:
    parts = (train_config(backbone), rows, other_rows)
    unbroken = train(*parts, tmp_path / "unbroken", "cpu")

    def fail(*_: Any) -> None:
        raise PowerCut

    with pytest.MonkeyPatch.context() as patch, pytest.raises(PowerCut):
        patch.setattr("sparsecbm.training.train.fit_label_head", fail)
        train(*parts, tmp_path / "cut", "cpu")
    assert_same(train(*parts, tmp_path / "cut", "cpu", resume=True), unbroken)


def test_a_cut_while_the_state_is_written_leaves_the_state_before(
    backbone: Path, rows: Split, other_rows: Split, tmp_path: Path
) -> None:
    parts = (train_config(backbone), rows, other_rows)
    unbroken = train(*parts, tmp_path / "unbroken", "cpu")
    calls: list[int] = []

    def half(tensors: dict[str, torch.Tensor], path: Path, metadata: dict[str, str], save: Any = state_module.save_file
             ) -> None:
        calls.append(1)
        save(tensors, path, metadata)
        if len(calls) == 2:
            path.write_bytes(path.read_bytes()[:1000])
            raise PowerCut

    output = tmp_path / "cut"
    with pytest.MonkeyPatch.context() as patch, pytest.raises(PowerCut):
        patch.setattr(state_module, "save_file", half)
        train(*parts, output, "cpu")
    assert load_file(output / FOLDER / STATE_FILE)  # whole
    assert_same(train(*parts, output, "cpu", resume=True), unbroken)


@pytest.mark.parametrize("change", [{"seed": 1}, {"learning_rate": 0.5}, {"prune": {"sparsity": 0.6}}], ids=str)
def test_other_settings_are_refused(
    change: dict[str, Any], backbone: Path, rows: Split, other_rows: Split, tmp_path: Path
) -> None:
    interrupt(STEPS, tmp_path / "run", train_config(backbone), rows, other_rows)
    with pytest.raises(ConfigError, match="other settings"):
        train(train_config(backbone, **change), rows, other_rows, tmp_path / "run", "cpu", resume=True)


def test_a_run_from_before_a_setting_existed_goes_on_with_its_default(
    backbone: Path, rows: Split, other_rows: Split, tmp_path: Path
) -> None:
    config = train_config(backbone, selection_rows=512)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(state_module, "to_json", lambda full: {
            name: value for name, value in to_json(full).items() if name != "selection_rows"})
        interrupt(STEPS, tmp_path / "run", config, rows, other_rows)
    with pytest.raises(ConfigError, match="other settings"):
        train(replace(config, selection_rows=9), rows, other_rows, tmp_path / "run", "cpu", resume=True)
    assert train(config, rows, other_rows, tmp_path / "run", "cpu", resume=True)


def test_an_unfinished_run_is_not_overwritten_by_chance(
    backbone: Path, rows: Split, other_rows: Split, tmp_path: Path
) -> None:
    interrupt(STEPS, tmp_path / "run", train_config(backbone), rows, other_rows)
    with pytest.raises(ConfigError, match="--resume"):
        train(train_config(backbone), rows, other_rows, tmp_path / "run", "cpu")
    assert (tmp_path / "run" / FOLDER / STATE_FILE).exists()


def test_there_must_be_something_to_resume(backbone: Path, rows: Split, other_rows: Split, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nothing to resume"):
        train(train_config(backbone), rows, other_rows, tmp_path / "run", "cpu", resume=True)
    train(train_config(backbone), rows, other_rows, tmp_path / "run", "cpu")
    with pytest.raises(ConfigError, match="nothing to resume"):  # a finished run leaves nothing
        train(train_config(backbone), rows, other_rows, tmp_path / "run", "cpu", resume=True)
