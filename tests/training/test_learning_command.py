"""`train` on corrections: what is learned from, what is held out, and what stays as it was."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from sparsecbm.__main__ import main
from sparsecbm.data.split import normalised
from sparsecbm.model.checkpoint import load_checkpoint
from sparsecbm.schema import CEBAB
from sparsecbm.training import train as train_module
from sparsecbm.training.training_sources import Source
from tests.corrections.learning import correction_file, text_of
from tests.helpers import saved_checkpoint

pytestmark = pytest.mark.slow


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> dict[str, Sequence[Source]]:
    """What the last run was given to learn from and to score on."""
    seen, train = dict[str, Sequence[Source]](), train_module.train

    def spied(config: Any, training: Any, evaluation: Any, *others: Any) -> Path:
        seen.update(training=training, evaluation=evaluation)
        return train(config, training, evaluation, *others)
    monkeypatch.setattr(train_module, "train", spied)
    return seen


def texts(sources: Sequence[Source]) -> set[str]:
    return {normalised(text) for source in sources for text in source.split.texts}


def test_a_checkpoint_learns_from_corrections_of_its_dev_split(
    tiny_checkpoint: Path, tiny_data: Path, tmp_path: Path, given: dict[str, Sequence[Source]], capsys: Any
) -> None:
    """Neither masks nor settings need to be said again; a corrected text is in no other source, a held-out in none."""
    file = correction_file(tmp_path / "labels=1.jsonl", [
        *((text_of(number), "food", "Positive", "Ada") for number in range(10)),
        (text_of(3), "food", "Negative", "Bo"), (text_of(4), "label", "5", "Bo")])
    run = tmp_path / "run"
    command = ["train", "--start", str(tiny_checkpoint), "--data", f"corrections:{file}=3", "--replay",
               f"cebab:{tiny_data}:train_exclusive", "--replay-rows", "12", "--held-out", "0.3", "--output", str(run),
               "--epochs-finetune", "1", "--precision", "float32", "--device", "cpu"]
    assert main(command) == 0
    out = capsys.readouterr().out
    before, after = (load_checkpoint(folder, "cpu") for folder in (tiny_checkpoint, run))
    assert before.masks is not None and after.masks is not None
    assert all(torch.equal(after.masks.bits[name], bits) for name, bits in before.masks.bits.items())
    assert after.hash != before.hash and after.model.config == before.model.config

    corrected = {normalised(text_of(number)) for number in range(10)}
    learned, replayed = given["training"]
    assert (learned.name, learned.weight, len(learned.split)) == ("corrections/learned", 3, 7)
    assert (replayed.name, replayed.weight, len(replayed.split)) == ("cebab/train_exclusive", 1, 12)
    held_out = corrected - texts([learned])
    assert len(held_out) == 3 and not held_out & texts(given["training"])
    assert not corrected & texts(given["evaluation"]) and len(given["evaluation"][0].split) == 6
    training = after.metrics["training"]
    assert [(one["name"], one["rows"], one["weight"]) for one in training["sources"]] == [
        ("corrections/learned", 7, 3), ("cebab/train_exclusive", 12, 1)]
    assert training["before"]["hash"] == before.hash and after.metrics["dev"]["n"] == 6
    notes = training["corrections"]
    assert (notes["corrections"], notes["people"], notes["replayed"]) == (12, 2, {"cebab/train_exclusive": 12})
    assert {name: len(found) for name, found in notes["texts"].items()} == {"learned": 7, "held-out": 3}
    assert before.hash[:12] in after.card and "12 by 2, of 10 texts, 3 of which were held out" in after.card
    assert "learned from 7 texts of corrections/learned, weight 3" in out and "corrected since: 10" in out

    again = ["train", "--start", str(run), *command[3:-8], "--output", str(tmp_path / "second"), *command[-6:],
             "--seed", "5"]
    assert main(again) == 0  # a second round of another seed holds out the same texts
    assert held_out == corrected - texts(given["training"])


def test_a_dense_model_learns_too(tiny_data: Path, tiny_backbone: Path, tmp_path: Path) -> None:
    start = saved_checkpoint(tmp_path / "start", schema=CEBAB, kind="dense")
    file = correction_file(tmp_path / "c.csv", [(text_of(0), "label", "5", "Ada")])
    assert main(["train", "--start", str(start), "--data", f"corrections:{file}", "--data",
                 f"cebab:{tiny_data}:train_exclusive", "--output", str(tmp_path / "run"), "--epochs-dense", "1",
                 "--precision", "float32", "--device", "cpu"]) == 0
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["training"]["config"]["model"]["kind"] == "dense"
    assert metrics["training"]["corrections"]["texts"]["held-out"] == []  # a fifth of one text is none


def test_a_sparse_model_that_does_not_say_how_it_was_trained_keeps_its_masks(
    tiny_checkpoint: Path, tiny_data: Path, tmp_path: Path
) -> None:
    start = Path(shutil.copytree(tiny_checkpoint, tmp_path / "start"))
    (start / "metrics.json").unlink()
    file = correction_file(tmp_path / "c.jsonl", [(text_of(0), "label", "5", "Ada")])
    assert main(["train", "--start", str(start), "--data", f"corrections:{file}", "--replay",
                 f"cebab:{tiny_data}:train_exclusive", "--output", str(tmp_path / "run"), "--epochs-finetune", "1",
                 "--probe-rows", "0", "--precision", "float32", "--device", "cpu"]) == 0
    before, after = (load_checkpoint(folder, "cpu").masks for folder in (start, tmp_path / "run"))
    assert before is not None and after is not None
    assert all(torch.equal(after.bits[name], bits) for name, bits in before.bits.items())


@pytest.mark.parametrize(("arguments", "part"), [
    (["--data", "corrections:{file}", "--replay", "cebab:{data}:dev"], "--start CHECKPOINT"),
    (["--data", "corrections:{file}", "--start", "{start}"], "--replay DATASET:PLACE:SPLIT"),
    (["--data", "corrections:{file}", "--data", "corrections:{file}", "--start", "{start}"], "allowed: one"),
    (["--data", "corrections:{file}=x", "--start", "{start}", "--replay", "cebab:{data}:dev"], "weight of 'x'"),
    (["--data", "corrections:{file}", "--start", "{start}", "--replay", "{data}"], "names no split"),
    (["--data", "corrections:{file}", "--start", "{start}", "--replay", "cebab:{data}:train_exclusive",
      "--held-out", "1"], "share of 1.0"),
    (["--data", "corrections:{file}", "--start", "{start}", "--replay", "cebab:{data}:train_exclusive",
      "--replay-rows", "0"], "--replay-rows"),
    (["--data", "corrections:{file}", "--start", "{start}", "--replay", "cebab:{data}:train_exclusive",
      "--output", "{file}"], "is the input"),
    (["--data", "corrections:{data}/none.csv", "--start", "{start}", "--replay", "cebab:{data}:dev"], "none.csv"),
    (["--data", "cebab:{data}:train_exclusive", "--replay", "cebab:{data}:dev"], "--replay came without"),
    (["--data", "{data}", "--held-out", "0.1"], "--held-out came without"),
])
def test_wrong_requests(
    arguments: list[str], part: str, tiny_checkpoint: Path, tiny_data: Path, tmp_path: Path, capsys: Any
) -> None:
    file = correction_file(tmp_path / "c.jsonl", [(text_of(0), "food", "Positive", "Ada")])
    filled = [one.format(file=file, data=tiny_data, start=tiny_checkpoint) for one in arguments]
    assert main(["train", *filled, *([] if "--output" in arguments else ["--output", str(tmp_path / "run")])]) == 2
    out, err = capsys.readouterr()
    assert out == "" and part in err.splitlines()[-1], err
    assert not (tmp_path / "run").exists()
