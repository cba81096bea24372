"""`faithfulness` from the command line, on a tiny trained model."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sparsecbm.__main__ import main
from sparsecbm.model.checkpoint import METRICS_FILE, load_checkpoint
from tests.data.releases import raw, write

pytestmark = pytest.mark.slow

NUMBERS = {"comprehensiveness", "sufficiency", "random_comprehensiveness", "random_sufficiency", "loo_tau"}
SUBJECTS = ["food", "ambiance", "service", "noise", "label"]
QUICK = ["--method", "gradient-x-input", "--shuffled", "0"]


@pytest.fixture
def base(tiny_checkpoint: Path, tmp_path: Path) -> list[str]:
    """The command line up to what a test adds, on six reviews."""
    texts = ("The soup was tasty.", "The soup was bland!", "The waiter was rude, the room was warm.", "Loud.",
             "The room felt shabby but the soup was tasty.", "It was far too loud.")
    rows = [raw(number, description=text) for number, text in enumerate(texts)]
    return ["faithfulness", "--dataset", "cebab", "--data", str(write(tmp_path / "data", "dev", rows)), "--checkpoint",
            str(tiny_checkpoint), "--device", "cpu"]


def test_the_report_has_the_keys_that_scripts_rely_on(measure: Any) -> None:
    report = measure("--split", "dev", "--sample", "2", "--steps", "2", "--replacement", "--shuffled", "1")
    assert (report["n"], report["sample"], report["split"], report["seed"]) == (2, 2, "dev", 0)
    assert report["steps"] == {"integrated-gradients": 2, "gradient-x-input": None, "occlusion": None, "shapley": 2}
    assert list(report["methods"]) == list(report["steps"]) == list(report["randomisation"])
    for subjects in report["methods"].values():
        assert list(subjects) == SUBJECTS
        for entry in subjects.values():
            assert set(entry) == NUMBERS | {"beats_random", "replacement"}
            assert set(entry["replacement"]) == NUMBERS | {"beats_random"}
            assert type(entry["beats_random"]) is bool
            for name in NUMBERS:
                low, high = entry[name]["ci95"]
                assert set(entry[name]) == {"mean", "ci95"} and low <= entry[name]["mean"] <= high
    assert all(-1 <= numbers["mean"] <= 1 for numbers in report["randomisation"].values())
    assert report["randomisation_n"] == 1


def test_methods_of_one_run_share_their_random_orders(measure: Any) -> None:
    methods = measure("--sample", "3", "--method", "occlusion", *QUICK)["methods"]
    assert list(methods) == ["occlusion", "gradient-x-input"]
    for subject in SUBJECTS:
        one, other = (methods[method][subject] for method in methods)
        assert one["random_comprehensiveness"] == other["random_comprehensiveness"]
    assert methods["occlusion"] != methods["gradient-x-input"]
    assert set(methods["occlusion"]["food"]) == NUMBERS | {"beats_random"}


def test_one_text_has_means_without_intervals(base: list[str], measure: Any, capsys: Any) -> None:
    options = ("--sample", "1", "--method", "occlusion")
    for entry in measure(*options)["methods"]["occlusion"].values():
        assert {entry[name]["ci95"] for name in NUMBERS} == {None} and not entry["beats_random"]
    assert main([*base, *options]) == 0
    assert "[" not in capsys.readouterr().out


def test_the_seed_reproduces_everything(measure: Any) -> None:
    options = ("--sample", "3", "--method", "gradient-x-input", "--shuffled", "2", "--seed")
    assert measure(*options, "1") == measure(*options, "1") != measure(*options, "2")


def test_more_than_there_are_means_all_and_is_said(base: list[str], capsys: Any) -> None:
    assert main([*base, "--sample", "7", *QUICK, "--json"]) == 0
    out, err = capsys.readouterr()
    report = json.loads(out)
    assert (report["n"], report["sample"]) == (6, 7)
    assert err.count("\n") == 1 and " 6 " in err and "7" in err


def test_a_black_box_is_asked_for_its_label_only(
    base: list[str], tiny_data: Path, tiny_backbone: Path, tmp_path: Path, capsys: Any
) -> None:
    folder = tmp_path / "box"
    assert main(["train", "--data", str(tiny_data), "--backbone", str(tiny_backbone), "--output", str(folder), "--kind",
                 "black_box", "--epochs-dense", "1", "--epochs-prune", "0", "--epochs-finetune", "0"]) == 0
    capsys.readouterr()
    assert main([*base, "--checkpoint", str(folder), "--sample", "2", "--method", "occlusion", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert list(report["methods"]["occlusion"]) == ["label"]
    assert np.isfinite(report["methods"]["occlusion"]["label"]["comprehensiveness"]["mean"])


def test_save_adds_to_the_metrics_and_changes_nothing_else(
    base: list[str], tiny_checkpoint: Path, tmp_path: Path, capsys: Any
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(tiny_checkpoint, folder)
    before = load_checkpoint(folder, "cpu")
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != METRICS_FILE}
    for seed in ("1", "2"):  # the second takes the place of the first
        options = ("--checkpoint", str(folder), "--sample", "2", *QUICK, "--json", "--save", "--seed", seed)
        assert main([*base, *options]) == 0
        report = json.loads(capsys.readouterr().out)
    after = load_checkpoint(folder, "cpu")
    assert report["checkpoint"] == after.hash == before.hash
    assert after.metrics == before.metrics | {"faithfulness": report} and report["seed"] == 2
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.name != METRICS_FILE} == files


def test_the_text_form_says_who_beats_random_order(base: list[str], capsys: Any) -> None:
    options = ("--sample", "2", "--steps", "2", "--method", "integrated-gradients", "--replacement", "--shuffled", "1")
    assert main([*base, *options]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    for part in ("integrated-gradients in 2 steps, 2 texts of dev", "words deleted", "words replaced", "ambiance",
                 "comprehensiveness", "loo tau", "than random order", "shuffled weights, 1 texts"):
        assert part in out
    assert max(map(len, out.splitlines()[:20])) <= 80


@pytest.mark.parametrize(("arguments", "parts"), [
    (["--sample", "0"], ["--sample: 0", "1 or more"]),
    (["--sample", "-3"], ["--sample: -3", "1 or more"]),
    (["--sample", "many"], ["'many'", "whole number"]),
    (["--shuffled", "-1"], ["--shuffled: -1", "0 or more"]),
    (["--seed", "-1"], ["--seed: -1", "0 or more"]),
    (["--method", "guess"], ["'guess'", "integrated-gradients", "shapley"]),
    (["--steps", "0"], ["0 is", "1 or more"]),
    (["--steps", "3", "--method", "occlusion"], ["occlusion takes no ", "integrated-gradients"]),
    (["--split", "train_exclusive"], ["train_exclusive"]),
    (["--checkpoint", "/nowhere"], ["/nowhere"]),
    (["--checkpoint", "owner/name", "--save"], ["--save", "owner/name", "folder"]),
])
def test_wrong_requests(arguments: list[str], parts: list[str], base: list[str], capsys: Any) -> None:
    """One line on standard error, nothing on standard output, before anything is computed."""
    assert main([*base, "--json", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1
    assert [part for part in parts if part not in err] == []
