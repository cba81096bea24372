"""`evaluate` from the command line, on a tiny trained model."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from sparsecbm.__main__ import main
from sparsecbm.evaluation.correction import KINDS
from sparsecbm.model.checkpoint import METRICS_FILE
from tests.data.test_mams import sentence, write


@pytest.fixture
def evaluate(tiny_checkpoint: Path, tiny_data: Path) -> Any:
    """The command line up to what a test adds."""
    return ["evaluate", "--dataset", "cebab", "--data", str(tiny_data), "--checkpoint", str(tiny_checkpoint),
            "--device", "cpu"]


def test_the_report_has_the_keys_that_scripts_rely_on(evaluate: list[str], capsys: Any) -> None:
    assert main([*evaluate, "--split", "dev", "--json"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    report = json.loads(out)
    assert report["n"] == 16
    assert {"accuracy", "macro_f1", "f1_ovr_paper", "ece", "ci95", "majority"} <= set(report["label"])
    assert list(report["concepts"]) == ["food", "ambiance", "service", "noise"]
    assert {"accuracy", "macro_f1", "majority"} <= set(report["concepts"]["food"])
    assert [len(row) for row in report["specificity"]] == [4] * 4
    assert set(report["correction"]) == {*KINDS, "gain"}
    for row in map(report["correction"].get, KINDS):
        assert set(row) == {"all", "rows_with_wrong_concept", "no_residual"}
    assert 0 < report["residual_share"] < 1
    assert {"masked_weights", "whole_model", "union"} <= set(report["sparsity"])


@pytest.mark.parametrize("split", ["dev", "validation", "test", "train_exclusive"])
def test_every_split_of_the_folder_can_be_scored(split: str, evaluate: list[str], capsys: Any) -> None:
    assert main([*evaluate, "--split", split, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["n"] == 16


def test_the_text_form_shows_scores_beside_the_majority_and_what_was_read(evaluate: list[str], capsys: Any) -> None:
    assert main(evaluate) == 0
    out, err = capsys.readouterr()
    assert err == ""
    for part in ("16 rows read", "majority", "ambiance", "Specificity", "corrected", "residual's share", "sparsity"):
        assert part in out


def test_a_missing_split_is_told_in_one_line(evaluate: list[str], tiny_data: Path, tmp_path: Path, capsys: Any) -> None:
    shutil.copy(tiny_data / "dev.json", tmp_path)
    command = [str(tmp_path) if part == str(tiny_data) else part for part in evaluate]
    assert main([*command, "--split", "test", "--json"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and "test" in err


def test_the_report_is_kept_beside_the_model_when_asked(
    evaluate: list[str], tiny_checkpoint: Path, tmp_path: Path, capsys: Any
) -> None:
    shutil.copytree(tiny_checkpoint, tmp_path / "mine")
    before = json.loads((tmp_path / "mine" / METRICS_FILE).read_text(encoding="utf-8"))
    command = [str(tmp_path / "mine") if part == str(tiny_checkpoint) else part for part in evaluate]
    assert main([*command, "--split", "test", "--json", "--save"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert json.loads((tmp_path / "mine" / METRICS_FILE).read_text(encoding="utf-8")) == before | {"dev": report}
    assert report["split"] == "test"
    assert main([*evaluate, "--save", "--patch", "some.safetensors"]) == 2


def test_a_split_that_lacks_something_is_scored_but_not_saved(
    evaluate: list[str], tiny_checkpoint: Path, tmp_path: Path, capsys: Any
) -> None:
    write(tmp_path, sentence("Soup.", "food+ staff-"))
    command = ["evaluate", "--dataset", "mams", "--data", str(tmp_path), *evaluate[5:]]
    assert main([*command, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["label"] is None and report["concepts"]["noise"] is None and report["concepts"]["food"]["n"] == 1
    assert main(command) == 0 and "No text tells of label, noise." in capsys.readouterr().out
    assert main([*command, "--save"]) == 2 and "does not tell of everything" in capsys.readouterr().err
