"""`curve` from the command line, on a tiny trained model."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from sparsecbm.__main__ import main
from sparsecbm.evaluation.correction import CorrectionCurves
from sparsecbm.model.checkpoint import METRICS_FILE, load_checkpoint
from sparsecbm.schema import CEBAB
from tests.helpers import saved_checkpoint

POLICIES = {"random", "ucp", "cctp", "ectp", "eudtp", "lcp"}


@pytest.fixture
def base(tiny_checkpoint: Path, tiny_data: Path) -> list[str]:
    return ["curve", "--checkpoint", str(tiny_checkpoint), "--device", "cpu", "--data", str(tiny_data)]


def test_the_report_has_the_keys_that_scripts_rely_on(measure: Any, tiny_checkpoint: Path) -> None:
    report = measure("--split", "dev", "--orders", "3", "--error-rate", "0.25", "--revision-rows", "2", "--seed", "4")
    assert set(report["policies"]) == POLICIES and report["oracle"] == ["lcp"]
    curves = [*report["policies"].values(), report["wrong"], report["annotator"]["error"], report["revision"],
              report["random_edit"], report["override"]]
    assert {len(curve) for curve in curves} == {5} and all(0 <= error <= 1 for curve in curves for error in curve)
    named = POLICIES | {"wrong", "annotator", "override", "revision", "random_edit"}
    assert set(report["ci95"]) == set(report["change_ci95"]) == named
    assert set(report["spread"]) == named - POLICIES | {"random"}
    assert {name: report[name] for name in ("n", "split", "orders", "error_rate", "seed")} == {
        "n": 16, "split": "dev", "orders": 3, "error_rate": 0.25, "seed": 4}
    assert report["checkpoint"] == load_checkpoint(tiny_checkpoint, "cpu").hash
    assert report["concepts"] == ["food", "ambiance", "service", "noise"] and report["known"] == [0, 0, 0, 0, 16]
    assert report["edits"]["n"] <= 2 and set(report["edits"]["agree"]) == {"override", "revision", "random_edit"}
    assert CorrectionCurves.from_json(report).to_json() == report


def test_saved_for_the_app_by_source(base: list[str], tiny_checkpoint: Path, tmp_path: Path, capsys: Any) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(tiny_checkpoint, folder)
    command = [*base, "--checkpoint", str(folder), "--sample", "6", "--revision-rows", "0"]
    before = load_checkpoint(folder, "cpu")
    assert main([*command, "--json", "--save"]) == 0
    report, after = json.loads(capsys.readouterr().out), load_checkpoint(folder, "cpu")
    assert after.hash == before.hash and after.metrics == before.metrics | {"curves": {"cebab/dev": report}}
    assert report["n"] == 6 and report["edits"] is None and "revision" not in report
    assert {path.name for path in folder.iterdir()} == {path.name for path in tiny_checkpoint.iterdir()}
    assert main(command) == 0  # not asked to save, it leaves the file alone
    stored = json.loads((folder / METRICS_FILE).read_text(encoding="utf-8"))["curves"]
    assert stored == {"cebab/dev": report}
    assert main([*command, "--split", "test", "--save"]) == 0
    assert load_checkpoint(folder, "cpu").metrics["curves"].keys() == {"cebab/dev", "cebab/test"}


def test_the_text_form_says_it_all(base: list[str], capsys: Any) -> None:
    assert main([*base, "--revision-rows", "1"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    for part in ("16 texts of dev", "lcp is an oracle", "10%", "order of ectp", "0, 0, 0, 0, 16", "over 5 draws",
                 "1 texts with a wrong concept", "revision", "random edit", "±"):
        assert part in out, part
    table = [line for line in out.splitlines() if "│" in line]
    assert len(table) == 8 + 3 and max(map(len, table)) <= 80  # a line for each curve, in a narrow terminal


def test_a_model_without_masks_has_no_revisions(tmp_path: Path, base: list[str], capsys: Any) -> None:
    folder = saved_checkpoint(tmp_path, kind="dense", schema=CEBAB)
    assert main([*base, "--checkpoint", str(folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["edits"] is None


@pytest.mark.parametrize(("arguments", "part"), [
    (["--sample", "0"], "--sample: 0"), (["--orders", "0"], "--orders: 0"), (["--error-rate", "2"], "Error rate 2"),
    (["--error-rate", "often"], "'often'"), (["--revision-rows", "-1"], "-1"), (["--seed", "-1"], "--seed: -1"),
    (["--save", "--checkpoint", "owner/name"], "owner/name"), (["--split", "train_inclusive"], "train_inclusive"),
])
def test_wrong_requests(arguments: list[str], part: str, base: list[str], capsys: Any) -> None:
    """One line on standard error, nothing on standard output."""
    assert main([*base, "--json", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and part in err


def test_a_black_box_has_no_concepts_to_correct(tmp_path: Path, base: list[str], capsys: Any) -> None:
    folder = saved_checkpoint(tmp_path, kind="black_box")
    assert main([*base, "--checkpoint", str(folder)]) == 2
    assert "kind black_box and has no concepts" in capsys.readouterr().err
