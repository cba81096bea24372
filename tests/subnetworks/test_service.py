"""Comparisons through the one door: counted once, never stale, and a review through sparser masks."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from sparsecbm.errors import CheckpointError, InputError
from sparsecbm.model.checkpoint import MASKS_FILE, save_checkpoint, write_notes
from sparsecbm.model.masks import ConceptMasks, kept_weights
from sparsecbm.model.prediction import predict
from sparsecbm.service import Explainer
from sparsecbm.service import subnetworks as module
from tests.helpers import random_masks, saved_checkpoint, tiny_encoder, tiny_model, untouched

TEXT = "The soup was tasty. The room felt shabby."


@pytest.fixture
def explainer(tmp_path: Path) -> Explainer:
    return Explainer.load(saved_checkpoint(tmp_path / "mine"), "cpu")


def save_other(folder: Path, seed: int, written: int = 0) -> Path:
    """A checkpoint with other masks, its files last written at a given second."""
    model = tiny_model()
    save_checkpoint(folder, model, tiny_encoder(), random_masks(model, seed=seed), "float32")
    write_notes(folder, {"seed": seed}, "")
    os.utime(folder / MASKS_FILE, (written, written))
    return folder


def count_calls(monkeypatch: pytest.MonkeyPatch, name: str) -> list[object]:
    """Everything that a function of the module returned since."""
    made: list[object] = []
    original: Callable[..., object] = getattr(module, name)

    def counted(*arguments: object) -> object:
        made.append(original(*arguments))
        return made[-1]

    monkeypatch.setattr(module, name, counted)
    return made


def test_another_checkpoint_is_compared_mask_by_mask(explainer: Explainer, tmp_path: Path) -> None:
    found = explainer.compare(save_other(tmp_path / "other", seed=7))
    masks = explainer._loaded.masks
    assert masks is not None
    mine, other = (torch.cat([one.unpack(name).flatten(1) for name in one.matrices], 1).numpy()
                   for one in (masks, random_masks(tiny_model(), seed=7)))
    jaccard = [[(i & j).sum() / (i | j).sum() for j in other] for i in mine]
    np.testing.assert_allclose(found.between(found.across.total.jaccard)[0], jaccard)
    assert (found.first.name, found.second.name, found.second.metrics) == ("mine", "other", {"seed": 7})
    assert found.first.checkpoint == explainer.checkpoint.hash != found.second.checkpoint


def test_what_was_counted_is_kept_until_the_folder_changes(
    explainer: Explainer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = count_calls(monkeypatch, "compare_folder")
    first = explainer.compare(save_other(tmp_path / "other", seed=7, written=1))
    assert explainer.compare(tmp_path / "other") is first and len(made) == 1
    again = explainer.compare(save_other(tmp_path / "other", seed=8, written=2))
    assert len(made) == 2 and again.second.metrics == {"seed": 8}
    assert not np.array_equal(again.across.total.both, first.across.total.both)


def test_only_some_sparser_masks_are_kept(explainer: Explainer, monkeypatch: pytest.MonkeyPatch) -> None:
    made = count_calls(monkeypatch, "sparser")
    for sparsity in (0.8, 0.8, 0.85, 0.9, 0.95):
        explainer.predict_sparser(TEXT, sparsity)
    assert len(made) == 4
    explainer.predict_sparser(TEXT, 0.95)
    assert len(made) == 4
    explainer.predict_sparser(TEXT, 0.8)
    assert len(made) == 5


@pytest.mark.parametrize("sparsity", [0.8, 0.9])
def test_pruned_further_it_is_nested_in_itself(explainer: Explainer, sparsity: float) -> None:
    found = explainer.compare(sparsity)
    sizes = [rows * columns for rows, columns in explainer._loaded.masks.shapes.values()]  # type: ignore[union-attr]
    total = found.across.total
    assert found.overlaps[1].total.kept[0].tolist() == [sum(kept_weights(1 - sparsity, size) for size in sizes)] * 3
    assert found.between(total.both)[0].diagonal().tolist() == found.overlaps[1].total.kept[0].tolist()
    assert found.second.sparsity == sparsity and found.second.metrics == {}
    assert found.second.name == f"mine at {100 * sparsity:g} %"
    assert found.second.checkpoint == explainer.checkpoint.hash


def test_a_review_is_read_through_the_largest_weights_only(explainer: Explainer) -> None:
    model, masks = explainer._model, explainer._loaded.masks
    assert masks is not None
    parameters, stacks = dict(model.backbone.named_parameters()), {}
    for name in masks.matrices:
        size = parameters[name].detach().abs()
        stacks[name] = torch.stack([one & (size >= size[one].topk(kept_weights(0.2, one.numel())).values[-1])
                                    for one in masks.unpack(name)])
    fewer = ConceptMasks.from_bools(masks.passes, stacks)
    wanted = predict(model, explainer._encoder, model.masked_weights(fewer), TEXT, "")
    with untouched(model, masks):
        found = explainer.predict_sparser(TEXT, 0.8)
    np.testing.assert_array_equal(found.after.concept_probabilities, wanted.concept_probabilities)
    np.testing.assert_array_equal(found.after.label_probabilities, wanted.label_probabilities)
    np.testing.assert_array_equal(found.before.label_probabilities, explainer.predict(TEXT).label_probabilities)
    assert not np.array_equal(found.before.concept_probabilities, found.after.concept_probabilities)
    before, after = (sum(int(one.unpack(name)[0].sum()) for name in masks.matrices)
                     for one in (masks, fewer))
    assert found.removed["soup"] == before - after > 0 and found.knock_outs == ()
    assert found.receipt.method == "pruned by magnitude to 80 %"


def test_without_the_residual_both_sides_have_none(explainer: Explainer) -> None:
    found = explainer.predict_sparser(TEXT, 0.8, residual=False)
    wanted = explainer.predict(TEXT, residual=False)
    np.testing.assert_array_equal(found.before.label_probabilities, wanted.label_probabilities)
    assert not found.after.residual.any()


def test_weights_are_taken_while_no_pass_runs(explainer: Explainer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pass that runs has other tensors in the module."""
    original, locked = explainer._model.backbone.named_parameters, []

    def watched(*arguments: object, **settings: object) -> object:
        locked.append(explainer._lock.locked())
        return original(*arguments, **settings)  # type: ignore[arg-type]

    monkeypatch.setattr(explainer._model.backbone, "named_parameters", watched)
    explainer.compare(0.9)
    assert locked and all(locked)


def test_what_cannot_be_compared_is_refused_every_time(explainer: Explainer, tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(InputError, match="sparsity of 10 % came"):
            explainer.compare(0.1)
        with pytest.raises(CheckpointError, match="lacks config.json"):
            explainer.compare(tmp_path)
    bare = saved_checkpoint(tmp_path / "bare", residual=False)
    with pytest.raises(InputError, match="mine has the subnetworks soup, room, residual, but bare has soup, room;"):
        explainer.compare(bare)
    dense = Explainer.load(saved_checkpoint(tmp_path / "dense", kind="dense"), "cpu")
    with pytest.raises(CheckpointError, match="has no masks"):
        dense.compare(0.9)
