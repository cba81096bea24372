"""Weights on disk: rounded by hand, without what no pass keeps, and in files of bounded size."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from sparsecbm.errors import CheckpointError
from sparsecbm.model.checkpoint import CONFIG_FILE, content_hash, load_checkpoint, save_checkpoint
from sparsecbm.model.kept_units import KeptUnits
from sparsecbm.model.masks import ConceptMasks
from sparsecbm.model.network import SparseCBM
from sparsecbm.model.stored_weights import (
    INDEX_FILE,
    WEIGHTS_FILE,
    read_weights,
    restored,
    stored,
    weight_files,
    write_weights,
)
from tests.helpers import ARCHITECTURES, structured_masks, tiny_encoder, tiny_model

TEXTS = ["The soup was tasty.", "The room felt shabby, and it was loud!"]


def some_units(model: SparseCBM) -> ConceptMasks:
    """Structured masks of which some neurons, and in the last layer a head, belong to no pass."""
    kept = KeptUnits.of(structured_masks(model, density=0.3))
    heads = kept.heads.clone()
    heads[:, -1, 1] = False
    return KeptUnits(kept.layout, heads, kept.neurons).masks(model.config.passes)


def test_eight_bits_have_a_scale_for_each_row() -> None:
    """A row up to 2.54 in steps of .02, of which .03 lies nearer to 2 than to 1; a row of zeros; and a vector."""
    state = {"backbone.matrix": torch.tensor([[2.54, -0.02, 0.031], [0.0, 0.0, 0.0]]),
             "backbone.bias": torch.tensor([0.1]), "label_weight": torch.ones(2, 2)}
    found = stored(state, "int8", None, whole=True)
    assert found["backbone.matrix"].tolist() == [[127, -1, 2], [0, 0, 0]]
    assert found["backbone.matrix.scale"].tolist() == pytest.approx([0.02, 0.0])
    assert {found[name].dtype for name in ("backbone.bias", "label_weight")} == {torch.float16}
    back = restored(found, {}, None, Path("file"))
    assert back.keys() == state.keys()
    assert back["backbone.matrix"].flatten().tolist() == pytest.approx([2.54, -0.02, 0.04, 0, 0, 0])


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_what_no_pass_keeps_is_left_out_and_no_answer_changes(kind: str, tmp_path: Path) -> None:
    model, encoder = tiny_model(kind, mask_kind="structured"), tiny_encoder()
    masks = some_units(model)
    save_checkpoint(tmp_path / "whole", model, encoder, masks, "float32")
    save_checkpoint(tmp_path / "used", model, encoder, masks, "float32", whole=False)
    whole, used = (load_checkpoint(tmp_path / name, "cpu") for name in ("whole", "used"))
    encoded = encoder.encode(TEXTS)
    torch.testing.assert_close(used.model.pool(encoded, used.masks), whole.model.pool(encoded, whole.masks))
    assert used.hash != whole.hash
    kept = KeptUnits.of(masks).flat.any(0)
    site = next(site for site in model.sites.values() if site.role == "feed_forward_out" and site.layer == 0)
    tensor = load_file(tmp_path / "used" / WEIGHTS_FILE)[f"backbone.{site.name}"]
    neurons = int(KeptUnits.of(masks).neurons[:, 0].any(0).sum())
    assert sorted(tensor.shape) == sorted((16, neurons)) and not bool(kept.all())


def test_eight_bits_answer_nearly_alike(tmp_path: Path) -> None:
    model, encoder = tiny_model(mask_kind="structured"), tiny_encoder()
    masks = some_units(model)
    save_checkpoint(tmp_path, model, encoder, masks, "int8", whole=False)
    found = load_checkpoint(tmp_path, "cpu")
    encoded = encoder.encode(TEXTS)
    wanted = model.pool(encoded, masks)
    assert (found.model.pool(encoded, found.masks) - wanted).abs().max() < 0.05 * wanted.abs().max()
    assert json.loads((tmp_path / CONFIG_FILE).read_text(encoding="utf-8"))["format"] == 2


def test_several_files_hold_what_one_does_and_replace_it(tmp_path: Path) -> None:
    tensors = {name: torch.arange(100.0) + k for k, name in enumerate("abc")}  # of 400 bytes each
    write_weights(tmp_path, tensors)
    assert [path.name for path in weight_files(tmp_path)] == [WEIGHTS_FILE]
    write_weights(tmp_path, tensors, most_bytes=850)
    assert {path.name for path in weight_files(tmp_path)} == {
        INDEX_FILE, "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"}
    found = read_weights(tmp_path)
    assert found.keys() == tensors.keys() and all(torch.equal(found[name], tensors[name]) for name in tensors)
    write_weights(tmp_path, tensors)
    assert [path.name for path in weight_files(tmp_path)] == [WEIGHTS_FILE], "nothing is left of the others"


def test_the_hash_covers_every_file(tmp_path: Path) -> None:
    model = tiny_model(kind="dense")
    save_checkpoint(tmp_path, model, tiny_encoder(), None)
    write_weights(tmp_path, stored(model.state_dict(), "float16", None, whole=True), most_bytes=10_000)
    loaded = load_checkpoint(tmp_path, "cpu")
    assert len(weight_files(tmp_path)) > 2 and loaded.hash == content_hash(tmp_path)
    last = weight_files(tmp_path)[-1]
    save_file({name: tensor + 1 for name, tensor in load_file(last).items()}, last)
    assert content_hash(tmp_path) != loaded.hash


@pytest.mark.parametrize(("weight_map", "said"), [
    (None, "names no files"), ({}, "names no files"), ({"a": "../model-00001-of-00002.safetensors"}, "names no files"),
    ({"a": "model-00001-of-00002.safetensors", "b": "model-00001-of-00002.safetensors"}, "other tensors"),
    ({"a": "model-00007-of-00009.safetensors"}, "model-00007-of-00009.safetensors"),
], ids=["no map", "empty", "another folder", "tensors missing", "file missing"])
def test_an_index_that_does_not_fit_is_refused(weight_map: object, said: str, tmp_path: Path) -> None:
    save_file({"a": torch.ones(1)}, tmp_path / "model-00001-of-00002.safetensors")
    (tmp_path / INDEX_FILE).write_text(json.dumps({"weight_map": weight_map}), encoding="utf-8")
    with pytest.raises(CheckpointError, match=said):
        read_weights(tmp_path)


def test_eight_bits_without_their_scale_are_refused() -> None:
    eight = torch.ones(2, 3, dtype=torch.int8)
    for tensors in ({"x": eight}, {"x": eight, "x.scale": torch.ones(3)}, {"x": eight, "x.scale": eight[:, 0]}):
        with pytest.raises(CheckpointError, match=r"x\.scale"):
            restored(tensors, {}, None, Path("file"))
