"""`train` from the command line: options become settings, and a checkpoint comes out."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sparsecbm.__main__ import build_parser, main
from sparsecbm.config import TrainConfig, to_json
from sparsecbm.errors import ConfigError
from sparsecbm.model.checkpoint import load_checkpoint
from sparsecbm.schema import CEBAB
from sparsecbm.training.command import SETTINGS, train_config

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


def config(*arguments: str) -> TrainConfig:
    """The settings that a command line makes."""
    return train_config(build_parser().parse_args(["train", "--data", "d", "--output", "o", *arguments]), CEBAB)


def test_without_options_the_defaults_hold() -> None:
    plain = to_json(config("--backbone", "b"))
    assert plain["model"]["kind"] == "sparse" and plain["model"]["residual"] is True
    assert plain["prune"]["scheme"] == "core_exclusive" and plain["prune"]["sparsity"] == 0.7
    assert plain["regime"] == "independent" and plain["model"]["schema"]["name"] == "cebab"


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.option)
def test_each_option_writes_its_setting_and_no_other(setting: Any) -> None:
    """The value given differs from the default, so a mapping to the wrong place shows."""
    values = {"--backbone": "other", "--sparsity": "0.9", "--learning-rate": "0.5", "--max-tokens": "16"}
    value = values.get(setting.option, "4")
    extra: list[str] = []
    if setting.option == "--start":  # it has its masks already
        extra = ["--kind", "dense", "--epochs-dense", "0", "--epochs-prune", "0"]
    if setting.choices:
        value = setting.choices[0] if setting.option in ("--kind", "--concept-targets") else setting.choices[1]
    before, after = config("--backbone", "b", *extra), config("--backbone", "b", *extra, setting.option, value)
    assert flat(after)[setting.path] == setting.kind(value)
    changed = {path for path in flat(after) if flat(after)[path] != flat(before)[path]}
    assert changed == {setting.path}


def flat(settings: TrainConfig) -> dict[str, Any]:
    """All settings by dotted path."""
    def walk(values: dict[str, Any], prefix: str) -> dict[str, Any]:
        found = {}
        for name, value in values.items():
            found |= walk(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
        return found
    return walk(to_json(settings), "")


def test_the_published_recipe_can_be_said() -> None:
    made = config("--backbone", "b", "--regime", "joint", "--bottleneck", "logits", "--no-residual", "--scheme",
                  "independent", "--saliency", "magnitude", "--seed", "7")
    assert (made.regime, made.model.bottleneck, made.model.residual) == ("joint", "logits", False)
    assert (made.prune.scheme, made.prune.saliency, made.seed) == ("independent", "magnitude", 7)


def test_options_win_over_the_file_and_the_file_over_defaults(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text(json.dumps({"backbone": "b", "gamma": 3.5, "seed": 1, "prune": {"damp": 0.5, "sparsity": 0.8}}))
    made = config("--config", str(file), "--seed", "2", "--sparsity", "0.9")
    assert (made.backbone, made.gamma, made.seed, made.prune.damp, made.prune.sparsity) == ("b", 3.5, 2, 0.5, 0.9)


@pytest.mark.parametrize(("content", "parts"), [
    ("{", ["settings.json", "JSON"]),
    ("[]", ["settings.json", "list", "object"]),
    ('{"prune": 3}', ["prune"]),
    ('{"prune": {"sparseness": 0.7}}', ["settings.json", "prune.sparseness"]),
    ('{"epochs_dense": "many"}', ["settings.json", "epochs_dense", "many"]),
    ('{"prune": {"sparsity": 1.5}}', ["1.5"]),
])
def test_a_wrong_file_names_itself_and_the_setting(content: str, parts: list[str], tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text(content)
    with pytest.raises(ConfigError) as error:
        config("--backbone", "b", "--gradients", "4", "--config", str(file))
    assert [part for part in parts if part not in str(error.value)] == []


def test_a_missing_file_or_backbone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="none.json"):
        config("--backbone", "b", "--config", str(tmp_path / "none.json"))
    with pytest.raises(ConfigError, match="--backbone"):
        config()


def test_a_checkpoint_comes_out_that_remembers_its_settings(tiny_checkpoint: Path) -> None:
    read = load_checkpoint(tiny_checkpoint, "cpu")
    assert read.masks is not None
    assert read.masks.density() == pytest.approx(dict.fromkeys(read.masks.passes, 0.3), abs=0.02)
    training = read.metrics["training"]
    assert training["config"]["prune"]["gradients"] == 4 and training["config"]["epochs_dense"] == 1
    assert read.metrics["dev"]["n"] == 16
    assert read.card


@pytest.mark.parametrize("kind", ["dense", "black_box"])
def test_a_baseline_trains(kind: str, tiny_data: Path, tiny_backbone: Path, tmp_path: Path, capsys: Any) -> None:
    """The text form must cope with the sections that a baseline lacks."""
    command = ["train", "--data", str(tiny_data), "--backbone", str(tiny_backbone), "--output", str(tmp_path / kind),
               "--kind", kind, "--epochs-dense", "1", "--epochs-prune", "0", "--epochs-finetune", "0"]
    assert main(command) == 0
    out = capsys.readouterr().out
    assert "Checkpoint written to" in out and "label" in out
    assert ("food" in out) == (kind == "dense")
    report = json.loads((tmp_path / kind / "metrics.json").read_text())["dev"]
    assert report["specificity"] is None


def test_an_output_that_cannot_be_written_is_refused_before_training(
    tiny_data: Path, tiny_backbone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr("sparsecbm.training.train.train", lambda *_: pytest.fail("training began"))
    file = tmp_path / "file"
    file.write_text("in the way")
    assert main(["train", "--data", str(tiny_data), "--backbone", str(tiny_backbone), "--output", str(file)]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and str(file) in err
    assert file.read_text() == "in the way"


def test_nothing_to_resume_is_refused_in_one_line(tiny_data: Path, tiny_backbone: Path, tmp_path: Path) -> None:
    """As a real process: loading the backbone would otherwise draw bars of its own."""
    command = [sys.executable, "-m", "sparsecbm", "train", "--data", tiny_data, "--backbone", tiny_backbone,
               "--output", tmp_path / "new", "--resume", "--device", "cpu"]
    result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1 and "resume" in result.stderr and "\r" not in result.stderr
