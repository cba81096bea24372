"""Whole runs, from splits to a checkpoint that has been measured, for every kind, scheme, saliency and regime."""

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import torch

from sparsecbm.data.split import Split
from sparsecbm.errors import ConfigError
from sparsecbm.evaluation.compute import evaluate
from sparsecbm.model.checkpoint import CARD_FILE, METRICS_FILE, add_metrics, load_checkpoint
from sparsecbm.model.masks import kept_weights
from sparsecbm.schema import CEBAB
from sparsecbm.service import Explainer
from sparsecbm.subnetworks.compute_specificity import measure_specificity
from sparsecbm.training.train import add_baselines, train
from tests.helpers import backbone_folder, toy_reviews, toy_split, train_config

pytestmark = pytest.mark.slow

Trained = Callable[..., Path]  # settings -> the folder of a checkpoint

NO_RESIDUAL = {"residual": False}
RUNS: dict[str, dict[str, Any]] = {
    "black box": {"model": {"kind": "black_box"}},
    "dense, independent": {"model": {"kind": "dense"}},
    "dense, sequential": {"model": {"kind": "dense"}, "regime": "sequential"},
    "dense, joint, as published": {"model": {"kind": "dense", "bottleneck": "logits"} | NO_RESIDUAL, "regime": "joint"},
    "core_exclusive, obert": {"prune": {"scheme": "core_exclusive", "saliency": "obert"}},
    "core_exclusive, magnitude": {"prune": {"scheme": "core_exclusive", "saliency": "magnitude"}},
    "core_exclusive, random": {"prune": {"scheme": "core_exclusive", "saliency": "random"}},
    "independent masks, obert": {"prune": {"scheme": "independent", "saliency": "obert"}},
    "independent masks, magnitude": {"prune": {"scheme": "independent", "saliency": "magnitude"}},
    "independent masks, random": {"prune": {"scheme": "independent", "saliency": "random"}},
    "contrastive masks, obert": {"prune": {"scheme": "contrastive"}},
    "structured, squared gradients": {"model": {"mask_kind": "structured"}, "prune": {"scheme": "contrastive"}},
    "structured, magnitude": {"model": {"mask_kind": "structured"},
                              "prune": {"scheme": "independent", "saliency": "magnitude"}},
    "sparse, sequential": {"regime": "sequential", "model": {"bottleneck": "logits"}},
    "sparse, joint": {"regime": "joint", "model": NO_RESIDUAL},
    "sparse, no residual": {"model": NO_RESIDUAL},
    "sparse, hard targets": {"concept_targets": "majority"},
    "sparse, 90 percent": {"prune": {"sparsity": 0.9}},
    "sparse, nothing pruned": {"prune": {"sparsity": 0.0, "start": 0.0}},
}


@pytest.mark.parametrize("name", RUNS)
def test_every_kind_of_run_ends_in_a_checkpoint_that_answers(name: str, backbone: Path, trained: Trained) -> None:
    config, folder = train_config(backbone, **RUNS[name]), trained(**RUNS[name])
    metrics = json.loads((folder / METRICS_FILE).read_text(encoding="utf-8"))
    kind, sparse = config.model.kind, config.model.kind == "sparse"
    assert metrics["dev"]["n"] == 18 and metrics["dev"]["split"] == "dev" and metrics["baselines"] == {}
    assert (metrics["dev"]["concepts"] is None) == (kind == "black_box")
    assert (metrics["dev"]["specificity"] is not None) == sparse
    training = metrics["training"]
    assert training["rows"] == 18 and training["split"] == "train" and len(training["epochs"]) == 3
    assert training["best_epoch"] in ((1, 2) if config.prune.sparsity and sparse else (0, 1, 2))
    by_weight = sparse and config.model.mask_kind == "weights"
    assert set(training["damping_ratio"]) == (set(config.model.passes) if by_weight and config.prune.saliency == "obert"
                                              else set())
    assert ("chosen_l2" in training["residual"]) == (config.model.residual and kind != "black_box")
    assert kind.replace("_", " ") in (folder / CARD_FILE).read_text(encoding="utf-8")
    read = load_checkpoint(folder, "cpu")
    if read.masks is not None and (not by_weight or config.prune.scheme == "contrastive"):
        within = 32 / read.masks.weights if config.model.mask_kind == "structured" else 1 / read.masks.weights
        assert all(0.3 - within <= density <= 0.3 + 1e-6 for density in read.masks.density().values())
    elif read.masks is not None:
        for matrix in read.masks.matrices:
            stack = read.masks.unpack(matrix)
            count = kept_weights(1 - config.prune.sparsity, stack[0].numel())
            assert stack.sum((1, 2)).tolist() == [count] * len(stack)
    explainer = Explainer.load(folder, "cpu")
    assert explainer.predict("The soup was tasty.").label in explainer.schema.labels
    assert {path.suffix for path in folder.rglob("*") if path.is_file()} <= {".json", ".safetensors", ".md"}


@pytest.mark.parametrize(("kind", "masks"), [
    *product(["roberta", "distilbert", "gpt2", "opt"], ["weights", "structured"]), ("mpnet", "structured")])
def test_other_architectures_train(kind: str, masks: str, rows: Split, other_rows: Split, tmp_path: Path) -> None:
    config = train_config(backbone_folder(tmp_path / "backbone", kind), model={"mask_kind": masks},
                          prune={"scheme": "contrastive"})
    read = load_checkpoint(train(config, rows, other_rows, tmp_path / "run", "cpu"), "cpu")
    assert read.masks is not None
    assert read.masks.density() == pytest.approx(dict.fromkeys(config.model.passes, 0.3), abs=0.01)
    assert read.metrics["dev"]["n"] == 18


@pytest.mark.parametrize("model", [{}, {"model": {"kind": "dense"}}, {"model": {"kind": "black_box"}}], ids=str)
def test_what_was_measured_is_what_was_saved(model: dict[str, Any], other_rows: Split, trained: Trained) -> None:
    read = load_checkpoint(trained(**model), "cpu")
    assert evaluate(read, other_rows).to_json() == read.metrics["dev"]


def test_the_seed_decides_everything(
    backbone: Path, rows: Split, other_rows: Split, tmp_path: Path, trained: Trained
) -> None:
    folders = [trained(), *(train(train_config(backbone, seed=seed), rows, other_rows, tmp_path / str(seed), "cpu")
                            for seed in (0, 1))]
    hashes = [load_checkpoint(folder).hash for folder in folders]
    assert hashes[0] == hashes[1] != hashes[2]


def test_core_and_exclusive_parts_are_in_the_checkpoint(trained: Trained) -> None:
    """At density .3 three passes fit side by side, so the core is empty and nothing is shared but rounding."""
    masks = load_checkpoint(trained(), "cpu").masks
    assert masks is not None
    for name in masks.matrices:
        users = masks.unpack(name).sum(0)
        assert int((users > 1).sum()) < 3


def test_a_run_goes_on_from_a_checkpoint_with_its_masks(
    trained: Trained, backbone: Path, rows: Split, other_rows: Split, tmp_path: Path
) -> None:
    config = train_config(backbone, start=str(trained()), epochs_dense=0, epochs_prune=0, epochs_finetune=2)
    second = load_checkpoint(train(config, rows, other_rows, tmp_path / "second", "cpu"), "cpu")
    first = load_checkpoint(trained(), "cpu")
    assert first.masks is not None and second.masks is not None
    assert all(torch.equal(second.masks.bits[name], bits) for name, bits in first.masks.bits.items())
    name = first.masks.matrices[0]
    old, new = (made.model.backbone.get_parameter(name) for made in (first, second))
    assert not torch.equal(old, new)
    unused = ~first.masks.unpack(name).any(0)
    assert (new - old)[unused].abs().max() < 0.05 * old.abs().max()  # weight decay and rounding only
    training = second.metrics["training"]
    assert len(training["epochs"]) == 2 and training["before"]["hash"] == first.hash
    assert first.hash[:12] in second.card and first.hash[:12] not in first.card


def test_without_any_learning_a_run_that_goes_on_stays_where_it_was(
    trained: Trained, backbone: Path, rows: Split, other_rows: Split, tmp_path: Path
) -> None:
    """It starts from the weights of the checkpoint, not from those of the backbone."""
    config = train_config(backbone, start=str(trained()), epochs_dense=0, epochs_prune=0, epochs_finetune=1,
                          learning_rate=1e-12, head_learning_rate=1e-12)
    first, second = (load_checkpoint(folder, "cpu").model.backbone.state_dict()
                     for folder in (trained(), train(config, rows, other_rows, tmp_path / "second", "cpu")))
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize(("changes", "message"), [
    ({"prune": {"sparsity": 0.8}}, "70.* % sparse, but prune.sparsity is 0.8"),
    ({"model": {"bottleneck": "logits"}}, "other model settings"),
    ({"model": {"kind": "dense"}}, "other model settings"),
    ({"epochs_prune": 1}, "set both to 0"), ({"epochs_dense": 1}, "set both to 0"),
])
def test_a_checkpoint_that_does_not_fit_the_settings_is_refused(
    changes: dict[str, Any], message: str, trained: Trained, backbone: Path, rows: Split, other_rows: Split,
    tmp_path: Path,
) -> None:
    config = train_config(backbone, start=str(trained()), **{"epochs_dense": 0, "epochs_prune": 0} | changes)
    with pytest.raises(ConfigError, match=message):
        train(config, rows, other_rows, tmp_path / "second", "cpu")


def test_splits_of_another_schema_are_refused(backbone: Path, rows: Split, tmp_path: Path) -> None:
    other = Split(toy_split().dataset, CEBAB, "dev", toy_split().report)
    with pytest.raises(ConfigError, match="Split dev speaks of cebab, the model of toy"):
        train(train_config(backbone), rows, other, tmp_path, "cpu")


def test_more_tokens_than_the_backbone_has_positions_are_refused(
    backbone: Path, rows: Split, other_rows: Split, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="max_tokens is 161, .* at most 160 tokens"):
        train(train_config(backbone, model={"max_tokens": 161}), rows, other_rows, tmp_path, "cpu")


def test_a_missing_backbone_is_refused(rows: Split, other_rows: Split, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nowhere"):
        train(train_config(tmp_path / "nowhere"), rows, other_rows, tmp_path / "run", "cpu")


def test_baselines_stand_beside_the_report(backbone: Path, rows: Split, other_rows: Split, tmp_path: Path) -> None:
    sparse, dense = (train(train_config(backbone, model={"kind": kind}), rows, other_rows, tmp_path / kind, "cpu")
                     for kind in ("sparse", "dense"))
    add_metrics(sparse, {"faithfulness": {"n": 3}})
    before = load_checkpoint(sparse, "cpu")
    add_baselines(sparse, {"dense": dense})
    after = load_checkpoint(sparse, "cpu")
    assert after.metrics["baselines"] == {"dense": load_checkpoint(dense, "cpu").metrics["dev"]}
    assert after.metrics["faithfulness"] == {"n": 3}
    assert after.metrics["dev"] == before.metrics["dev"] and after.hash == before.hash
    assert "label, dense" in after.card and "label, dense" not in before.card


def test_the_card_says_what_was_measured(trained: Trained) -> None:
    read = load_checkpoint(trained(), "cpu")
    report = read.metrics["dev"]
    for figures in (report["label"], report["concepts"]["soup"], report["concepts"]["room"]["majority"]):
        assert f"{100 * figures['accuracy']:.1f}" in read.card and f"{100 * figures['macro_f1']:.1f}" in read.card
    for words in ("core_exclusive", "obert", "70%", "soup, room", "n = 18", "tiny-bert", "License"[:6].lower()):
        assert words in read.card
    assert str(trained().parent) not in read.card


def test_subnetworks_are_probed_at_the_end(backbone: Path, rows: Split, other_rows: Split, tmp_path: Path) -> None:
    """What is kept is what the saved checkpoint gives, and the card has it too."""
    config = train_config(backbone, probe_rows=9, seed=3)
    read = load_checkpoint(train(config, rows, other_rows, tmp_path, "cpu"), "cpu")
    made = measure_specificity(read, other_rows, sample=9, seed=3)
    assert {name: read.metrics[name] for name in made.to_json()} == made.to_json()
    assert set(read.metrics) == {"dev", "sources", "baselines", "training", *made.to_json()}
    assert "Percent accuracy on 9 texts of `dev`" in read.card
    soup = made.necessity["soup"]
    cells = (f"{100 * share:.1f}" for share in (soup.own, soup.swap["room"], soup.complement))
    assert f"| soup | {' | '.join(cells)} | " in read.card


@pytest.mark.parametrize("changes", [{"probe_rows": 0}, {"probe_rows": 9, "model": {"kind": "dense"}}], ids=str)
def test_nothing_is_probed_unasked_or_without_masks(changes: dict[str, Any], trained: Trained) -> None:
    read = load_checkpoint(trained(**changes), "cpu")
    assert set(read.metrics) == {"dev", "sources", "baselines", "training"} and "carry its concept" not in read.card


def test_rows_that_cannot_be_probed_do_not_spoil_a_run(
    backbone: Path, rows: Split, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """One row is drawn, and of most rows the room's truth is unknown."""
    reviews = [replace(review, text=f"Again: {review.text}",
                       concepts=(review.concepts[0], review.concepts[1] if number == 0 else -1))
               for number, review in enumerate(toy_reviews())]
    folder = train(train_config(backbone, probe_rows=1), rows, toy_split(name="dev", reviews=reviews), tmp_path, "cpu")
    assert "necessity" not in load_checkpoint(folder, "cpu").metrics
    assert "None of 1 rows of split dev has a majority for room" in caplog.text
