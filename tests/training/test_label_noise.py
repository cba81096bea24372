"""The benchmark of wrong concept labels: every run that its curve needs, each once, and gains paired by seed."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import label_noise

pytestmark = pytest.mark.slow


def test_the_curve_of_a_tiny_model(tiny_data: Path, tiny_backbone: Path, tmp_path: Path, capsys: Any) -> None:
    """A random network that hardly learns: the runs differ by their noise and their MixUp, and by nothing else."""
    options = ["--data", str(tiny_data), "--backbone", str(tiny_backbone), "--kind", "dense", "--epochs-dense", "1",
               "--epochs-prune", "0", "--epochs-finetune", "0", "--batch-size", "8", "--device", "cpu"]
    arguments = ["--output", str(tmp_path), "--noise", "0", "0.5", "--mixup", "0.3", "--seeds", "4", "--", *options]
    assert label_noise.main(arguments) == 0
    table = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    assert len(table) == 3 and "rating" in table[0] and table[2].startswith("| 50 % |")
    found = {}
    for folder in tmp_path.glob("noise-*"):
        training = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))["training"]
        config = training["config"]
        found[config["concept_noise"], config["mixup"]] = training.get("concept_noise")
        assert config["seed"] == 4 and config["model"]["kind"] == "dense"
    assert found == {(0, 0): None, (0, 0.3): None, (0.5, 0): {"rows": 8, "labels": 32},
                     (0.5, 0.3): {"rows": 8, "labels": 32}}
    curve = json.loads((tmp_path / "curve.json").read_text(encoding="utf-8"))
    assert [(one["noise"], one["n"], one["seeds"]) for one in curve] == [(0, 16, 1), (0.5, 16, 1)]
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.safetensors")}
    assert label_noise.main(arguments) == 0  # nothing is left to train
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.safetensors")} == before


def test_gains_are_paired_by_seed() -> None:
    runs = [({"n": 9, "concepts": 0.50, "label": 0.4}, {"n": 9, "concepts": 0.60, "label": 0.4}),
            ({"n": 9, "concepts": 0.70, "label": 0.6}, {"n": 9, "concepts": 0.66, "label": 0.5})]
    made = label_noise.point(0.2, runs)
    assert made["concepts"] == pytest.approx({"plain": 60, "mixup": 63, "gain": 3, "least": -4, "most": 10})
    assert made["label"] == pytest.approx({"plain": 50, "mixup": 45, "gain": -5, "least": -10, "most": 0})
    assert label_noise.row(made) == ("| 20 % | 60.0 | 63.0 | +3.0 (-4.0 to +10.0) | 50.0 | 45.0 | "
                                     "-5.0 (-10.0 to +0.0) |")


def test_a_run_that_fails_ends_the_benchmark(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="failed"):
        label_noise.main(["--output", str(tmp_path), "--", "--data", str(tmp_path / "none"), "--backbone", "none"])
