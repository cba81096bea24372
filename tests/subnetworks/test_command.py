"""`overlap` from the command line, on a tiny trained model of four concepts."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sparsecbm.__main__ import main
from sparsecbm.model.checkpoint import METRICS_FILE, load_checkpoint, save_checkpoint, write_notes
from sparsecbm.subnetworks import compute_specificity as probes
from sparsecbm.subnetworks.specificity import SpecificityReport
from sparsecbm.subnetworks.stability import METRICS_KEY, MaskStability
from sparsecbm.subnetworks.stability_text import stability_text
from sparsecbm.training.card import model_card
from tests.helpers import random_masks, saved_checkpoint

pytestmark = pytest.mark.slow

CONCEPTS = ["food", "ambiance", "service", "noise"]
MEASURED = {"probe", "specificity", "necessity", "knock_out"}


@pytest.fixture
def base(tiny_checkpoint: Path) -> list[str]:
    return ["overlap", "--checkpoint", str(tiny_checkpoint), "--device", "cpu"]


@pytest.fixture
def probing(tiny_data: Path) -> list[str]:
    """The options of a probe that takes seconds."""
    return ["--probe", "--data", str(tiny_data), "--split", "dev", "--sample", "4", "--random-masks", "2"]


def test_the_report_has_the_keys_that_scripts_rely_on(measure: Any, tiny_checkpoint: Path) -> None:
    report, masks = measure(), load_checkpoint(tiny_checkpoint, "cpu").masks
    assert masks is not None and report["concepts"] == CONCEPTS and report["checkpoint"]
    assert list(report["density"]) == list(report["layers"]) == ["0", "1"]
    for layer in ("0", "1"):
        assert list(report["density"][layer]) == CONCEPTS
        assert set(report["layers"][layer]) >= {"jaccard", "expected", "z"}
        for name in ("jaccard", "expected", "z"):
            assert np.shape(report["layers"][layer][name]) == (4, 4)
    assert np.shape(report["jaccard"]) == np.shape(report["expected"]) == (4, 4)
    np.testing.assert_array_equal(report["jaccard"], masks.jaccard()[:4, :4])
    assert report["total_density"] == {name: masks.density()[name] for name in CONCEPTS}
    assert len(report["shared_by"]) == 5 and sum(report["shared_by"]) == report["weights"] == masks.weights
    assert report["core"] == report["shared_by"][4] and report["shared_by"][1] == sum(report["exclusive"].values())
    assert set(report["modules"]) >= {"query", "key", "value", "attention_output", "feed_forward_in"}
    assert set(report["residual"]["jaccard"]) == set(CONCEPTS)
    assert not MEASURED & set(report)


def test_expected_is_that_of_independent_masks_of_these_densities(measure: Any) -> None:
    report = measure()
    for layer, tables in report["layers"].items():
        d = [report["density"][layer][concept] for concept in CONCEPTS]
        assert tables["expected"] == [[pytest.approx(a * b / (a + b - a * b) if i != j else 1) for j, b in enumerate(d)]
                                      for i, a in enumerate(d)]


def test_a_probe_adds_what_it_measured(measure: Any, probing: list[str]) -> None:
    report = measure(*probing, "--seed", "3")
    assert set(report) >= MEASURED
    assert report["probe"] | {"checkpoint": "", "data_hash": ""} == {
        "checkpoint": "", "data_hash": "", "split": "dev", "n": 4, "random_masks": 2, "seed": 3}
    assert report["probe"]["checkpoint"] == report["checkpoint"]
    assert list(report["necessity"]) == CONCEPTS and np.shape(report["specificity"]) == (4, 4)
    for k, (concept, one) in enumerate(report["necessity"].items()):
        assert set(one["random"]) == {"mean", "sd"} and len(one["draws"]) == 2
        assert list(one["swap"]) == [other for other in CONCEPTS if other != concept]
        assert one["own"] == report["specificity"][k][k] and 0 <= one["complement"] <= 1
        assert list(one["swap"].values()) == [report["specificity"][j][k] for j in range(4) if j != k]
    for part in ("whole", "exclusive"):
        assert list(report["knock_out"][part]) == list(report["knock_out"][part]["food"]) == CONCEPTS


def test_saved_once_and_read_the_next_time(
    base: list[str], probing: list[str], tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: Any,
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(tiny_checkpoint, folder)
    before = load_checkpoint(folder, "cpu")
    command = [*base, "--checkpoint", str(folder), "--json", *probing]
    assert main([*command, "--save"]) == 0
    first = json.loads(capsys.readouterr().out)
    after = load_checkpoint(folder, "cpu")
    assert after.hash == before.hash == first["checkpoint"]
    assert after.metrics == before.metrics | {name: first[name] for name in MEASURED}
    assert SpecificityReport.from_json(after.metrics).to_json() == {name: first[name] for name in MEASURED}
    assert {path.name for path in folder.iterdir()} == {path.name for path in tiny_checkpoint.iterdir()}
    food = f"| food | {100 * first['necessity']['food']['own']:.1f} |"
    assert after.card == model_card(after.metrics) and "on 4 texts of `dev`" in after.card and food in after.card

    asked: list[int] = []
    monkeypatch.setattr(probes, "pool_texts", lambda *_, **__: asked.append(1) or pytest.fail("measured again"))
    assert main(command) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == first and err.count("\n") == 1 and METRICS_FILE in err
    with pytest.raises(pytest.fail.Exception):  # other settings are another question
        main([*command, "--seed", "1"])
    assert asked


def test_a_card_that_training_did_not_write_stays(
    base: list[str], probing: list[str], tiny_checkpoint: Path, tmp_path: Path, capsys: Any
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(tiny_checkpoint, folder)
    write_notes(folder, {}, "My own words.\n")
    assert main([*base, "--checkpoint", str(folder), "--json", *probing, "--save"]) == 0
    after = load_checkpoint(folder, "cpu")
    assert after.card == "My own words.\n" and set(after.metrics) == MEASURED


def test_the_card_says_what_repeats_over_seeds(base: list[str], tiny_checkpoint: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "run-0", tmp_path / "run-1"
    shutil.copytree(tiny_checkpoint, first)
    model = load_checkpoint(first, "cpu")
    save_checkpoint(second, model.model, model.encoder, random_masks(model.model))
    assert main([*base, "--checkpoint", str(first), "--seeds", str(second), "--json", "--save"]) == 0
    after = load_checkpoint(first, "cpu")
    assert after.metrics == model.metrics | {METRICS_KEY: after.metrics[METRICS_KEY]}
    said = stability_text(MaskStability.from_json(after.metrics[METRICS_KEY]))
    assert said and said in after.card and said not in model.card


def test_the_text_form_says_it_all(base: list[str], probing: list[str], capsys: Any) -> None:
    assert main([*base, *probing]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    for part in ("Jaccard overlap", "common core", "By layer", "By module", "feed forward", "residual: density 0.2",
                 "Specificity, 4 texts of dev", "Necessity", "best other", "complement", "majority", *CONCEPTS):
        assert part in out
    assert main(base) == 0
    assert "Necessity" not in capsys.readouterr().out


def test_one_pass_more_or_less_is_no_matter(tmp_path: Path, capsys: Any) -> None:
    """A model without a residual has no line about it."""
    folder = saved_checkpoint(tmp_path, residual=False)
    assert main(["overlap", "--checkpoint", str(folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["residual"] is None
    assert main(["overlap", "--checkpoint", str(folder)]) == 0
    out = capsys.readouterr().out
    assert "residual" not in out and "soup" in out


@pytest.mark.parametrize(("arguments", "parts"), [
    (["--probe"], ["--probe", "--data"]),
    (["--save"], ["--save", "--probe"]),
    (["--probe", "--data", "d", "--save", "--checkpoint", "owner/name"], ["--save", "owner/name", "folder"]),
    (["--checkpoint", "/nowhere"], ["/nowhere"]),
    (["--probe", "--data", "/nowhere"], ["/nowhere"]),
    (["--sample", "many"], ["'many'", "whole number"]),
])
def test_wrong_requests(arguments: list[str], parts: list[str], base: list[str], capsys: Any) -> None:
    """One line on standard error, nothing on standard output."""
    assert main([*base, "--json", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1
    assert [part for part in parts if part not in err] == []


@pytest.mark.parametrize("change", [["--sample", "0"], ["--random-masks", "0"], ["--seed", "-1"]])
def test_a_probe_of_nothing_is_refused(change: list[str], base: list[str], probing: list[str], capsys: Any) -> None:
    assert main([*base, *probing, *change]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and f"{change[0]}: {change[1]} is too small" in err


@pytest.mark.parametrize("kind", ["dense", "black_box"])
def test_a_model_without_masks(kind: str, tmp_path: Path, capsys: Any) -> None:
    assert main(["overlap", "--checkpoint", str(saved_checkpoint(tmp_path, kind=kind)), "--json"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and f"kind {kind} and has no masks" in err
