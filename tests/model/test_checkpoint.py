"""Checkpoints: what is saved comes back, and every fault of a folder is named."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from sparsecbm.errors import CheckpointError
from sparsecbm.model import checkpoint as module
from sparsecbm.model.checkpoint import (
    CARD_FILE,
    CONFIG_FILE,
    MASKS_FILE,
    METRICS_FILE,
    TOKENIZER_FILES,
    WEIGHTS_FILE,
    load_checkpoint,
    load_outline,
    save_checkpoint,
    write_notes,
)
from tests.helpers import (
    ARCHITECTURES,
    HOSTILE,
    random_masks,
    saved_checkpoint,
    tiny_backbone,
    tiny_encoder,
    tiny_model,
)

TEXTS = ["The soup was tasty.", "My friend chose it, as ever. The room felt shabby!", *HOSTILE.values()]
EDIT = Callable[[dict[str, Any]], Any]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A sound sparse checkpoint."""
    return saved_checkpoint(tmp_path / "sound")


def refused(folder: Path, *parts: str) -> None:
    """Loading fails with one line that contains all parts."""
    with pytest.raises(CheckpointError) as error:
        load_checkpoint(folder, "cpu")
    message = str(error.value)
    assert [part for part in parts if part not in message] == [] and "\n" not in message


# -- there and back ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_every_architecture_comes_back_bit_for_bit(kind: str, tmp_path: Path) -> None:
    model, encoder = tiny_model(kind), tiny_encoder()
    masks = random_masks(model)
    save_checkpoint(tmp_path, model, encoder, masks, "float32")
    read = load_checkpoint(tmp_path, "cpu")
    assert read.masks is not None and read.model.config == model.config
    assert all(torch.equal(read.masks.unpack(name), masks.unpack(name)) for name in masks.matrices)
    assert all(torch.equal(read.model.state_dict()[name], tensor) for name, tensor in model.state_dict().items())
    encoded = encoder.encode(TEXTS)
    assert torch.equal(read.encoder.encode(TEXTS).input_ids, encoded.input_ids)
    for ours, theirs in zip(model(encoded, masks), read.model(encoded, read.masks), strict=True):
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_half_precision_on_disk_costs_rounding_only(kind: str, tmp_path: Path) -> None:
    model, encoder = tiny_model(kind), tiny_encoder()
    masks = random_masks(model)
    save_checkpoint(tmp_path, model, encoder, masks)
    assert {tensor.dtype for tensor in load_file(tmp_path / WEIGHTS_FILE).values()} == {torch.float16}
    read = load_checkpoint(tmp_path, "cpu")
    encoded = encoder.encode(TEXTS)
    assert read.model.label_bias.dtype == torch.float32
    for ours, theirs in zip(model(encoded, masks), read.model(encoded, read.masks), strict=True):
        torch.testing.assert_close(ours, theirs, atol=3e-2, rtol=1e-2)
    rounded = model.half().float()  # and rounded weights come back exactly
    assert torch.equal(rounded(encoded, masks)[0], read.model(encoded, read.masks)[0])


@pytest.mark.parametrize("kind", ["dense", "black_box"])
def test_baselines_come_back_without_masks(kind: str, tmp_path: Path) -> None:
    read = load_checkpoint(saved_checkpoint(tmp_path, kind=kind), "cpu")
    assert read.masks is None and read.model.config.kind == kind
    assert not (tmp_path / MASKS_FILE).exists()


def test_masks_of_an_earlier_save_do_not_stay(folder: Path) -> None:
    saved_checkpoint(folder, kind="dense")
    assert load_checkpoint(folder, "cpu").masks is None and not (folder / MASKS_FILE).exists()


def test_a_projecting_backbone_comes_back(tmp_path: Path) -> None:
    """Heads of width 8 on layers of width 16."""
    read = load_checkpoint(saved_checkpoint(tmp_path, tiny_backbone("opt", word_embed_proj_dim=8)), "cpu")
    assert read.model.concept_weight.shape[-1] == 8


def test_what_is_loaded_is_ready_to_answer(folder: Path) -> None:
    model = load_checkpoint(folder, "cpu").model
    assert not model.training and not any(parameter.requires_grad for parameter in model.parameters())


def test_only_json_safetensors_and_text_are_written(folder: Path) -> None:
    write_notes(folder, {"dev": {}}, "# card")
    files = {path for path in folder.rglob("*") if path.is_file()}
    named = {CONFIG_FILE, WEIGHTS_FILE, MASKS_FILE, *TOKENIZER_FILES, METRICS_FILE, CARD_FILE}
    assert {path.name for path in files} >= named
    assert {path.suffix for path in files} <= {".json", ".safetensors", ".md", ".txt"}
    for path in files:  # a pickle starts with its protocol
        assert not path.read_bytes().startswith((b"\x80", b"PK"))
        if path.suffix == ".json":
            json.loads(path.read_text(encoding="utf-8"))


def test_notes_come_back_and_leave_the_hash_alone(folder: Path) -> None:
    bare = load_checkpoint(folder, "cpu")
    assert (bare.metrics, bare.card) == ({}, "")
    write_notes(folder, {"dev": {"n": 3}}, "# A card")
    read = load_checkpoint(folder, "cpu")
    assert (read.metrics, read.card, read.hash) == ({"dev": {"n": 3}}, "# A card", bare.hash)


def test_the_hash_is_that_of_the_content(folder: Path, tmp_path: Path) -> None:
    copied = Path(shutil.copytree(folder, tmp_path / "copy"))
    assert load_checkpoint(copied, "cpu").hash == load_checkpoint(folder, "cpu").hash
    for name in (WEIGHTS_FILE, MASKS_FILE):
        other = Path(shutil.copytree(folder, tmp_path / f"other {name}"))
        tensors = load_file(other / name)
        next(iter(tensors.values())).view(torch.uint8).view(-1)[0] ^= 1
        save_file(tensors, other / name)
        assert load_checkpoint(other, "cpu").hash != load_checkpoint(folder, "cpu").hash


# -- what is wrong -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ["/no/such/folder", "./none", "none", "a/b/c"])
def test_a_missing_folder_is_refused(source: str) -> None:
    with pytest.raises(CheckpointError, match="no checkpoint folder .* Hub id"):
        load_checkpoint(source)


@pytest.mark.parametrize("name", [CONFIG_FILE, WEIGHTS_FILE, MASKS_FILE, *TOKENIZER_FILES])
def test_each_missing_file_is_named(name: str, folder: Path) -> None:
    (folder / name).unlink()
    refused(folder, "lacks", name)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
@pytest.mark.parametrize("name", [WEIGHTS_FILE, MASKS_FILE])
def test_a_truncated_file_is_refused(name: str, share: float, folder: Path) -> None:
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: int(share * len(content))])
    refused(folder, name, "truncated")


@pytest.mark.parametrize("name", [CONFIG_FILE, METRICS_FILE])
@pytest.mark.parametrize("content", [b"{", b"", b"[1]", b"\xff\xfe", b"[" * 100_000, b'{"a": ' + b"9" * 5000 + b"}"])
def test_bad_json_is_refused(content: bytes, name: str, folder: Path) -> None:
    (folder / name).write_bytes(content)
    refused(folder, name, "restore the file")


def change_tensors(path: Path, edit: EDIT) -> None:
    tensors = load_file(path)
    edit(tensors)
    save_file(tensors, path)


@pytest.mark.parametrize(("edit", "parts"), [
    (lambda t: t.update(label_bias=torch.zeros(7)), ["label_bias", "(7,)", "(3,)"]),
    (lambda t: t.update(concept_weight=t["concept_weight"].mT.contiguous()), ["concept_weight", "(2, 16, 3)"]),
    (lambda t: t.pop("label_bias"), ["missing", "label_bias"]),
    (lambda t: t.update(extra=torch.zeros(1)), ["unknown", "extra"]),
    (lambda t: t.clear(), ["missing"]),
], ids=["shape", "transposed", "missing", "extra", "empty"])
def test_weights_that_do_not_fit_are_refused(edit: EDIT, parts: list[str], folder: Path) -> None:
    change_tensors(folder / WEIGHTS_FILE, edit)
    refused(folder, WEIGHTS_FILE, "different checkpoints", *parts)


@pytest.mark.parametrize(("name", "number"), [
    ("label_bias", float("nan")), ("backbone.embeddings.LayerNorm.weight", float("inf")),
    ("residual_weight", float("-inf")),
])
def test_numbers_that_are_not_finite_are_refused_by_name(name: str, number: float, folder: Path) -> None:
    change_tensors(folder / WEIGHTS_FILE, lambda tensors: tensors[name].view(-1)[0].fill_(number))
    refused(folder, WEIGHTS_FILE, name, "not finite")


def test_a_token_beyond_the_embeddings_is_refused(folder: Path) -> None:
    tokenizer = json.loads((folder / TOKENIZER_FILES[0]).read_text(encoding="utf-8"))
    tokenizer["model"]["vocab"]["surplus"] = 70_000
    (folder / TOKENIZER_FILES[0]).write_text(json.dumps(tokenizer), encoding="utf-8")
    refused(folder, "70000", TOKENIZER_FILES[0])


def test_more_tokens_than_positions_are_refused(folder: Path) -> None:
    settings = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
    settings["model"]["max_tokens"] = settings["backbone"]["max_position_embeddings"] + 1
    (folder / CONFIG_FILE).write_text(json.dumps(settings), encoding="utf-8")
    refused(folder, CONFIG_FILE, "max_tokens")


def test_a_card_in_another_encoding_or_in_the_way_spoils_nothing(folder: Path) -> None:
    (folder / CARD_FILE).write_bytes("Café".encode("latin-1"))
    assert load_checkpoint(folder, "cpu").card == "Caf\ufffd"
    (folder / CARD_FILE).unlink()
    (folder / CARD_FILE).mkdir()
    assert load_checkpoint(folder, "cpu").card == ""


def test_what_is_loaded_does_not_change_with_its_files(folder: Path) -> None:
    """A copy that begins anew cuts the files in place; mapped files would end the process at the next look."""
    read, again = load_checkpoint(folder, "cpu"), load_checkpoint(folder, "cpu")
    for name in (WEIGHTS_FILE, MASKS_FILE):
        with (folder / name).open("r+b") as file:
            file.truncate(0)
    assert read.masks is not None and again.masks is not None
    assert all(torch.equal(read.masks.bits[name], again.masks.bits[name]) for name in read.masks.bits)
    assert all(tensor.isfinite().all() for tensor in read.model.state_dict().values())


def test_a_home_folder_may_be_written_short(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder.parent))
    assert load_checkpoint(f"~/{folder.name}", "cpu").path == folder


FIRST = "encoder.layer.0.attention.self.query.weight"  # 16 x 16 weights, 32 bytes a pass


@pytest.mark.parametrize(("edit", "parts"), [
    (lambda t: t.update({FIRST: t[FIRST][:2].contiguous()}), [FIRST, "(2, 32)", "3 passes", "(3, 32)"]),
    (lambda t: t.update({FIRST: t[FIRST][:, :-1].contiguous()}), [FIRST, "(3, 31)", "(3, 32)"]),
    (lambda t: t.update({FIRST: t[FIRST].float()}), [FIRST, "float32", "uint8"]),
    (lambda t: t.pop(FIRST), ["missing", FIRST]),
    (lambda t: t.update(extra=t[FIRST].clone()), ["unknown", "extra"]),
], ids=["passes", "bytes", "type", "missing", "extra"])
def test_masks_that_do_not_fit_are_refused(edit: EDIT, parts: list[str], folder: Path) -> None:
    change_tensors(folder / MASKS_FILE, edit)
    refused(folder, MASKS_FILE, *parts)


@pytest.mark.parametrize(("edit", "parts"), [
    (lambda c: c.pop("model"), ["model"]),
    (lambda c: c.pop("backbone"), ["backbone"]),
    (lambda c: c.update(format=3), ["format 3", "reads 1 and 2"]),
    (lambda c: c.pop("format"), ["format None"]),
    (lambda c: c["model"].update(kind="fuzzy"), ["kind", "fuzzy"]),
    (lambda c: c["model"].update(surplus=1), ["surplus"]),
    (lambda c: c["model"]["schema"].update(concepts=["soup", "soup"]), ["soup"]),
    (lambda c: c["model"].pop("schema"), ["schema"]),
    (lambda c: c["backbone"].update(model_type="abacus"), ["abacus"]),
    (lambda c: c["backbone"].pop("model_type"), ["model_type"]),
    (lambda c: c["backbone"].update(num_hidden_layers=0), ["nothing could be masked"]),
], ids=lambda value: "" if callable(value) else "-".join(value))
def test_settings_that_describe_no_model_are_refused(edit: EDIT, parts: list[str], folder: Path) -> None:
    settings = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
    edit(settings)
    (folder / CONFIG_FILE).write_text(json.dumps(settings), encoding="utf-8")
    refused(folder, CONFIG_FILE, *parts)


def test_another_schema_does_not_fit_the_weights(folder: Path) -> None:
    settings = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
    settings["model"]["schema"].update(labels=["bad", "good"], label_display=["Bad", "Good"])
    (folder / CONFIG_FILE).write_text(json.dumps(settings), encoding="utf-8")
    refused(folder, "label", "different checkpoints")


# -- without the weights -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_an_outline_is_the_checkpoint_without_its_weights(kind: str, tmp_path: Path) -> None:
    saved_checkpoint(tmp_path, kind, residual=kind != "gpt2")
    write_notes(tmp_path, {"dev": {"n": 3}}, "# A card")
    whole, outline = load_checkpoint(tmp_path, "cpu"), load_outline(tmp_path)
    assert whole.masks is not None and outline.masks is not None
    assert all(torch.equal(outline.masks.bits[name], bits) for name, bits in whole.masks.bits.items())
    assert outline.model.sites == whole.model.sites and outline.model.config == whole.model.config
    assert (outline.hash, outline.path, outline.metrics) == (whole.hash, tmp_path, whole.metrics)
    assert {parameter.device.type for parameter in outline.model.parameters()} == {"meta"}


def test_an_outline_of_a_baseline_has_no_masks(tmp_path: Path) -> None:
    assert load_outline(saved_checkpoint(tmp_path, kind="dense")).masks is None


@pytest.mark.parametrize("name", [CONFIG_FILE, MASKS_FILE])
def test_an_outline_is_checked_as_a_checkpoint_is(name: str, folder: Path) -> None:
    messages = []
    for spoil in (lambda path: path.write_bytes(path.read_bytes()[:-9]), lambda path: path.unlink()):
        spoil(folder / name)
        for read in (lambda: load_checkpoint(folder, "cpu"), lambda: load_outline(folder)):
            with pytest.raises(CheckpointError, match=name) as error:
                read()
            messages.append(str(error.value).partition(";")[0])
    assert messages[0] == messages[1] and "lacks" in messages[2] and "lacks" in messages[3]


# -- notes ---------------------------------------------------------------------------------------------------------


def test_a_full_disk_leaves_the_metrics_as_they_were(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module.write_notes(tmp_path, {"dev": 1}, "card\n")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def full(*_: Any) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        module.add_metrics(tmp_path, {"probe": 2})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
