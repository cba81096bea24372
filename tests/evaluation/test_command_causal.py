"""`causal` from the command line, on a tiny trained model."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from sparsecbm.__main__ import main
from sparsecbm.evaluation.causal import CausalReport
from sparsecbm.model.checkpoint import load_checkpoint
from sparsecbm.schema import CEBAB
from tests.data.releases import raw, write
from tests.helpers import saved_checkpoint

NAMES = {"override", "revision", "zero", "random", "conexp", "s_learner", "approximate"}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two originals whose food was rewritten, and training texts with food of every value."""
    dev = [raw(number, original_id=str(number // 2), is_original=number % 2 == 0,
               edit_type="food" if number % 2 else "", food_aspect_majority=("Positive", "Negative")[number % 2])
           for number in range(4)]
    train = [raw(number, food_aspect_majority=CEBAB.values[number % 3], description=f"A bowl of soup, number {number}.")
             for number in range(6)]
    write(tmp_path / "data", "dev", dev)
    return write(tmp_path / "data", "train_exclusive", train)


@pytest.fixture
def base(tiny_checkpoint: Path, data: Path) -> list[str]:
    return ["causal", "--checkpoint", str(tiny_checkpoint), "--device", "cpu", "--data", str(data)]


def test_the_report_has_the_keys_that_scripts_rely_on(measure: Any, tiny_checkpoint: Path) -> None:
    report = measure("--revision-pairs", "2", "--seed", "3")
    assert report["pairs"] == {"all": 4, "kept": 4} and set(report["explainers"]) == NAMES
    for name, score in report["explainers"].items():
        assert score["n"] == (2 if name == "revision" else 4) and set(score["aspects"]) == {"food"}
        for error in ("l2", "cosine", "norm_difference"):
            assert set(score[error]) == {"mean", "ci95"} and score["aspects"]["food"][error] == score[error]["mean"]
    assert report["explainers"]["zero"]["cosine"]["mean"] == 1
    assert {name: report[name] for name in ("split", "train", "seed")} == {
        "split": "dev", "train": "train_exclusive", "seed": 3}
    assert report["checkpoint"] == load_checkpoint(tiny_checkpoint, "cpu").hash
    assert CausalReport.from_json(report).to_json() == report


def test_saved_for_the_app(base: list[str], tiny_checkpoint: Path, tmp_path: Path, capsys: Any) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(tiny_checkpoint, folder)
    before = load_checkpoint(folder, "cpu")
    assert main([*base, "--checkpoint", str(folder), "--revision-pairs", "0", "--json", "--save"]) == 0
    report, after = json.loads(capsys.readouterr().out), load_checkpoint(folder, "cpu")
    assert after.hash == before.hash and after.metrics == before.metrics | {"causal": report}
    assert set(report["explainers"]) == NAMES - {"revision"}


def test_the_text_form_says_it_all(base: list[str], capsys: Any) -> None:
    assert main([*base, "--revision-pairs", "1"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    names = (name.replace("_", " ") for name in NAMES)
    for part in ("4 pairs of dev", "L2", "cosine distance", "train_exclusive", *names):
        assert part in out, part


def test_a_model_without_masks_has_no_revisions(tmp_path: Path, base: list[str], capsys: Any) -> None:
    folder = saved_checkpoint(tmp_path, kind="dense", schema=CEBAB)
    assert main([*base, "--checkpoint", str(folder), "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)["explainers"]) == NAMES - {"revision"}


@pytest.mark.parametrize(("arguments", "part"), [
    (["--revision-pairs", "-1"], "--revision-pairs: -1"), (["--seed", "-1"], "--seed: -1"),
    (["--dataset", "imdb-c"], "imdb-c"), (["--save", "--checkpoint", "owner/name"], "owner/name"),
    (["--split", "train_exclusive"], "'original_id' is missing"),
    (["--train-split", "train_inclusive"], "train_inclusive"),
])
def test_wrong_requests(arguments: list[str], part: str, base: list[str], capsys: Any) -> None:
    """One line on standard error, nothing on standard output."""
    assert main([*base, "--json", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == "" and part in err and err.count("\n") == 1
