"""`train` from the command line: options become settings, and a checkpoint comes out."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sparsecbm.__main__ import build_parser, main
from sparsecbm.config import TrainConfig, to_json
from sparsecbm.data.named_split import NamedSplit
from sparsecbm.errors import ConfigError, InputError
from sparsecbm.model.checkpoint import load_checkpoint
from sparsecbm.schema import CEBAB
from sparsecbm.training.command import SETTINGS, sources, train_config
from tests.data import test_mams

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
    values = {"--backbone": "other", "--sparsity": "0.9", "--learning-rate": "0.5", "--max-tokens": "16",
              "--teacher-weight": "0.25", "--concept-noise": "0.25"}
    value = values.get(setting.option, "4")
    extra: list[str] = []
    if setting.option == "--mask-kind":  # whose units no default scheme can share out
        extra = ["--scheme", "contrastive"]
    if setting.choices:
        value = setting.choices[0] if setting.option in ("--kind", "--concept-targets") else setting.choices[1]
    before, after = config("--backbone", "b", *extra), config("--backbone", "b", *extra, setting.option, value)
    assert flat(after)[setting.path] == setting.kind(value)
    changed = {path for path in flat(after) if flat(after)[path] != flat(before)[path]}
    assert changed == {setting.path}


def test_concept_weights_are_named() -> None:
    """A source's name holds a slash, a concept's may hold anything."""
    plain = config("--backbone", "b", "--concept-weight", "yelp/train=0.5", "--concept-weight", "a.b=c=2")
    assert plain.concept_weights == {"yelp/train": 0.5, "a.b=c": 2.0}
    with pytest.raises(InputError, match="NAME=WEIGHT"):
        config("--backbone", "b", "--concept-weight", "0.5")
    for weight in ("half", "-1", "inf"):
        with pytest.raises(ConfigError, match="food"):
            config("--backbone", "b", "--concept-weight", f"food={weight}")


def named(*arguments: str) -> tuple[list[NamedSplit], list[NamedSplit]]:
    """The sources that a command line makes, to learn from and to score on."""
    return sources(build_parser().parse_args(["train", "--output", "o", *arguments]))


def test_one_source_may_be_said_in_options() -> None:
    assert named("--data", "d") == ([NamedSplit("cebab", "d", "train_exclusive")], [NamedSplit("cebab", "d", "dev")])
    assert named("--data", "d", "--dataset", "yelp", "--split", "train", "--eval-split", "test") == (
        [NamedSplit("yelp", "d", "train")], [NamedSplit("yelp", "d", "test")])


def test_several_sources_are_scored_on_their_dev_splits() -> None:
    """Each once, and none for what is made; --eval says others."""
    data = ["--data", "cebab:c:train_inclusive", "--data", "cebab:c:train_observational=2",
            "--data", "yelp:y:train=0.5", "--data", "clauses:0:40"]
    learned, scored = named(*data)
    assert [(one.name, one.weight) for one in learned] == [
        ("cebab/train_inclusive", 1), ("cebab/train_observational", 2), ("yelp/train", 0.5), ("clauses/40", 1)]
    assert scored == [NamedSplit("cebab", "c", "dev"), NamedSplit("yelp", "y", "dev")]
    assert named(*data, "--eval", "yelp:y:test")[1] == [NamedSplit("yelp", "y", "test")]


@pytest.mark.parametrize(("arguments", "says"), [
    (["--data", "a", "--data", "b"], "--data came 2 times"),
    (["--data", "yelp:y:train", "--data", "b"], "every --data has to"),
    (["--data", "yelp:y:train", "--split", "dev"], "--split .* must not come"),
    (["--data", "d", "--eval-split", "dev", "--eval", "yelp:y:dev"], "cannot be combined"),
    (["--data", "yelp:y"], "names no split"),
])
def test_sources_that_contradict_each_other_are_refused(arguments: list[str], says: str) -> None:
    with pytest.raises(InputError, match=says):
        named(*arguments)


def test_a_source_is_not_written_over(tiny_data: Path, tmp_path: Path, capsys: Any) -> None:
    for source in (str(tiny_data), f"cebab:{tiny_data}:dev"):
        assert main(["train", "--data", source, "--backbone", "b", "--output", str(tiny_data)]) == 2
        assert "is the input" in capsys.readouterr().err


def test_a_mixture_trains_from_the_command_line(
    tiny_data: Path, tiny_backbone: Path, tmp_path: Path, capsys: Any
) -> None:
    """The text form names what each source lacks."""
    soups = [test_mams.sentence(f"Soup number {number}.", "food+ staff-") for number in range(4)]
    for name in ("train.xml", "val.xml"):
        test_mams.write(tmp_path, *(soups[:2] if name == "train.xml" else soups[2:]), name=name)
    command = ["train", "--data", f"cebab:{tiny_data}:train_exclusive", "--data", f"mams:{tmp_path}:train=0.5",
               "--backbone", str(tiny_backbone), "--output", str(tmp_path / "run"), "--kind", "dense",
               "--epochs-dense", "1", "--epochs-prune", "0", "--epochs-finetune", "0"]
    assert main(command) == 0
    out = capsys.readouterr().out
    assert "learned from 2 texts of mams/train, weight 0.5" in out and "No text tells of label, noise." in out
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text(encoding="utf-8"))
    assert {name: report["n"] for name, report in metrics["sources"].items()} == {"cebab/dev": 16, "mams/dev": 2}


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
    file.write_text(json.dumps({"backbone": "b", "gamma": 3.5, "seed": 1, "prune": {"damp": 0.5, "sparsity": 0.8}}),
                    encoding="utf-8")
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
    file.write_text(content, encoding="utf-8")
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
    report = json.loads((tmp_path / kind / "metrics.json").read_text(encoding="utf-8"))["dev"]
    assert report["specificity"] is None and (report["concepts"] is None) == (kind == "black_box")


def test_an_output_that_cannot_be_written_is_refused_before_training(
    tiny_data: Path, tiny_backbone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr("sparsecbm.training.train.train", lambda *_: pytest.fail("training began"))
    file = tmp_path / "file"
    file.write_text("in the way", encoding="utf-8")
    assert main(["train", "--data", str(tiny_data), "--backbone", str(tiny_backbone), "--output", str(file)]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and str(file) in err
    assert file.read_text(encoding="utf-8") == "in the way"


def test_nothing_to_resume_is_refused_in_one_line(tiny_data: Path, tiny_backbone: Path, tmp_path: Path) -> None:
    """As a real process: loading the backbone would otherwise draw bars of its own."""
    command = [sys.executable, "-m", "sparsecbm", "train", "--data", tiny_data, "--backbone", tiny_backbone,
               "--output", tmp_path / "new", "--resume", "--device", "cpu"]
    result = subprocess.run(command, capture_output=True, encoding="utf-8", cwd=ROOT)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1 and "resume" in result.stderr and "\r" not in result.stderr
