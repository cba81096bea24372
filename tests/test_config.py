"""Settings: checked when they are made, the same after a trip through JSON."""

import dataclasses
import json
from typing import Any

import pytest

from sparsecbm.config import ModelConfig, PruneConfig, TrainConfig, from_json, to_json
from sparsecbm.errors import ConfigError
from tests.helpers import TOY, train_config

MODEL = {"max_tokens": 8, "kind": "dense", "bottleneck": "logits", "residual": False}


@pytest.mark.parametrize("config", [
    ModelConfig(TOY), ModelConfig(TOY, **MODEL),  # type: ignore[arg-type]
    TrainConfig(backbone="b", model=ModelConfig(TOY)),
    train_config(model=MODEL, prune={"scheme": "independent", "damp": 1e-7}, regime="joint", residual_l2=(0.5,)),
    train_config(passes_per_step=2),
], ids=["model", "model changed", "training", "training changed", "passes"])
def test_settings_survive_json(config: Any) -> None:
    plain = json.loads(json.dumps(to_json(config)))
    assert from_json(type(config), plain) == config


@pytest.mark.parametrize(("kind", "change", "parts"), [
    (ModelConfig, {"kind": "fuzzy"}, ["here.json", "'kind'", "fuzzy"]),
    (ModelConfig, {"residual": "perhaps"}, ["'residual'", "perhaps"]),
    (ModelConfig, {"colour": "red"}, ["'colour'"]),
    (ModelConfig, {"schema": {"name": "toy"}}, ["'schema.concepts'"]),
    (TrainConfig, {"prune": {"scheme": "best"}}, ["'prune.scheme'", "best"]),
    (TrainConfig, {"prune": {"sparseness": 0.5}}, ["'prune.sparseness'"]),
    (TrainConfig, {"batch_size": "many"}, ["'batch_size'", "many"]),
    (TrainConfig, {"batch_size": 2.5}, ["'batch_size'", "2.5"]),
])
def test_a_wrong_setting_is_named_with_its_place(kind: Any, change: dict[str, Any], parts: list[str]) -> None:
    good = ModelConfig(TOY) if kind is ModelConfig else train_config()
    with pytest.raises(ConfigError) as error:
        from_json(kind, to_json(good) | change, "here.json")
    assert [part for part in parts if part not in str(error.value)] == []


@pytest.mark.parametrize(("changes", "part"), [
    ({"sparsity": 1.0}, "0 <= start <= sparsity < 1"), ({"sparsity": 0.1}, "from 0.2 to 0.1"),
    ({"start": -0.1}, "-0.1"), ({"steps": 0}, "at least 1"), ({"refresh": 0}, "at least 1"),
    ({"gradients": 0}, "at least 1"), ({"block": 0}, "at least 1"), ({"damp": 0.0}, "damp is 0.0"),
    ({"core": 0.31}, "core is 0.31"), ({"core": -0.1}, "core is -0.1"), ({"sparsity": float("nan")}, "nan"),
])
def test_pruning_that_contradicts_itself_is_refused(changes: dict[str, Any], part: str) -> None:
    with pytest.raises(ConfigError, match=part):
        PruneConfig(**changes)


@pytest.mark.parametrize(("changes", "part"), [
    ({"max_tokens": 7}, "max_tokens is 7"), ({"kind": "black_box", "residual": False}, "nothing but the residual"),
])
def test_models_that_contradict_themselves_are_refused(changes: dict[str, Any], part: str) -> None:
    with pytest.raises(ConfigError, match=part):
        ModelConfig(TOY, **changes)


@pytest.mark.parametrize(("changes", "part"), [
    ({"epochs_dense": -1}, "negative"),
    ({"epochs_dense": 0, "epochs_prune": 0, "epochs_finetune": 0, "model": {"kind": "dense"}}, "at least one epoch"),
    ({"epochs_finetune": 0}, "final sparsity"), ({"epochs_prune": 0}, "find its masks"),
    ({"teacher_weight": 1.5}, "teacher_weight is 1.5"), ({"temperature": 0.0}, "temperature 0.0"),
    ({"foreign_penalty": -0.1}, "foreign_penalty is -0.1"), ({"foreign_penalty": float("nan")}, "nan"),
    ({"batch_size": 0}, "batch_size"), ({"learning_rate": 0.0}, "learning rates"),
    ({"head_learning_rate": -1.0}, "learning rates"),
    ({"probe_rows": -1}, "probe_rows is -1; allowed: 0 or more"),
    ({"passes_per_step": 0}, "1..3"), ({"passes_per_step": 4}, "1..3"),
    ({"regime": "joint"}, "residual to false"),
    ({"regime": "joint", "model": {"residual": False}, "passes_per_step": 1}, "every concept in every step"),
])
def test_training_that_contradicts_itself_is_refused(changes: dict[str, Any], part: str) -> None:
    with pytest.raises(ConfigError, match=part):
        train_config(**changes)


def test_passes_are_the_concepts_and_the_residual() -> None:
    assert ModelConfig(TOY).passes == ("soup", "room", "residual")
    assert ModelConfig(TOY, residual=False).passes == ("soup", "room")


def test_epochs_add_up() -> None:
    assert train_config(epochs_dense=3, epochs_prune=2, epochs_finetune=4).epochs == 9


def test_settings_are_values() -> None:
    config = train_config()
    assert config == train_config() != train_config(seed=1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.seed = 3  # type: ignore[misc]
