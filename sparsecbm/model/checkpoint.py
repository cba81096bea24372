"""A trained model on disk: JSON and safetensors only, checked in full when it is read, hashed by content."""

import hashlib
import json
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from sparsecbm.config import ModelConfig, from_json, to_json
from sparsecbm.errors import CheckpointError, ConfigError, DeviceError, in_short
from sparsecbm.model.backbone import NoRandomNumbers, empty_backbone, max_positions
from sparsecbm.model.device import available_device, device_errors
from sparsecbm.model.encoding import PROBE, Encoder
from sparsecbm.model.familiarity import FAMILIARITY_FILE, Familiarity, familiarity_there
from sparsecbm.model.files import read_json, read_tensors, require
from sparsecbm.model.hub import located
from sparsecbm.model.mask_files import mask_tensors, masks_from_tensors
from sparsecbm.model.masks import ConceptMasks
from sparsecbm.model.network import SparseCBM
from sparsecbm.model.stored_weights import WEIGHTS_FILE, read_weights, restored, stored, weight_files, write_weights
from sparsecbm.paths import replacing, write_text

CONFIG_FILE = "config.json"
MASKS_FILE = "masks.safetensors"
TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json")
METRICS_FILE = "metrics.json"
CARD_FILE = "README.md"
#: The plain form of a checkpoint, and that of weights which `stored_weights` has rounded, cut out or spread over files.
PLAIN, COMPACT = 1, 2


@dataclass(frozen=True, eq=False)
class Outline:
    """What a checkpoint is, without the weights. `masks` is None for black-box and dense models."""

    model: SparseCBM
    masks: ConceptMasks | None
    hash: str
    path: Path
    metrics: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, kw_only=True)
class Checkpoint(Outline):
    """A model with everything it needs to answer. Where it has no `familiarity`, `unmeasured` says why."""

    encoder: Encoder
    card: str = ""
    familiarity: Familiarity | None = None
    unmeasured: str = ""


def save_checkpoint(
    folder: Path, model: SparseCBM, encoder: Encoder, masks: ConceptMasks | None, form: str = "float16",
    whole: bool = True,
) -> None:
    """Write weights, bit masks, tokenizer and settings; metrics and card are written by `write_notes`.

    `form` is one of `stored_weights.FORMS`. Unless `whole`, units that no pass keeps are left out.
    """
    folder.mkdir(parents=True, exist_ok=True)
    encoder.save(folder)
    for path in (folder / name for name in TOKENIZER_FILES):  # a library wrote them, with the system's ends of lines
        path.write_bytes(path.read_bytes().replace(b"\r\n", b"\n"))
    write_weights(folder, stored(model.state_dict(), form, masks, whole))
    (folder / FAMILIARITY_FILE).unlink(missing_ok=True)  # of the model that was here
    masks_path = folder / MASKS_FILE
    masks_path.unlink(missing_ok=True)
    if masks is not None:
        with replacing(masks_path) as new:
            save_file(mask_tensors(masks), new)
    backbone = model.backbone.config.to_dict()
    backbone.pop("_name_or_path", None)  # often a folder of the machine that trained it
    plain = whole and form != "int8" and len(weight_files(folder)) == 1
    settings = {"format": PLAIN if plain else COMPACT, "model": to_json(model.config), "backbone": backbone}
    write_text(folder / CONFIG_FILE, json.dumps(settings, indent=1, sort_keys=True) + "\n")


def write_notes(folder: Path, metrics: dict[str, Any], card: str) -> None:
    """Write what was measured of a checkpoint and its model card."""
    write_text(folder / METRICS_FILE, json.dumps(metrics, indent=1) + "\n")
    write_text(folder / CARD_FILE, card)


def add_metrics(folder: Path, values: Mapping[str, Any]) -> None:
    """Put measurements into metrics.json, each in place of its last; who reads meanwhile gets a whole file."""
    write_text(folder / METRICS_FILE, json.dumps(_metrics(folder) | dict(values), indent=1) + "\n")


def load_checkpoint(source: str | Path, device: str | torch.device | None = None) -> Checkpoint:
    """Read a checkpoint folder, or one from the Hub by its id; CheckpointError says what is missing or wrong.

    Weights are held in float32. A file of its familiarity that does not fit is not used, and `unmeasured` says why.
    InputError for a `device` that is not here; None means "auto" (`available_device`).

        >>> load_checkpoint("checkpoints/cebab-minilm").model.config.kind
        'sparse'
    """
    device = available_device(device)
    folder = located(source)
    with NoRandomNumbers():  # every tensor is read from the file, or the file is refused
        model = _described(folder)
    with ThreadPoolExecutor(1) as beside:  # hashing takes as long as reading, and a thread of its own
        hash_ = beside.submit(content_hash, folder)
        return _loaded(model, folder, device, hash_)


def _loaded(model: SparseCBM, folder: Path, device: torch.device, hash_: Future[str]) -> Checkpoint:
    require(folder, [CONFIG_FILE, *([] if weight_files(folder) else [WEIGHTS_FILE]), *TOKENIZER_FILES,
                     *([MASKS_FILE] if model.config.kind == "sparse" else [])])
    masks = _load_masks(model, folder)
    _load_weights(model, masks, folder)
    metrics, card = read_notes(folder)
    _check_positions(model, folder)
    encoder = Encoder.load(folder, model.config.max_tokens)
    _check_tokens(encoder, model.eval(), folder)
    with device_errors():
        model.to(device)
        masks = None if masks is None else masks.to(device)
    familiarity, unmeasured = familiarity_there(folder, model, hash_.result())
    return Checkpoint(model=model.requires_grad_(False), encoder=encoder, masks=masks, hash=hash_.result(), path=folder,
                      metrics=metrics, card=card, familiarity=familiarity, unmeasured=unmeasured)


def read_notes(folder: Path) -> tuple[dict[str, Any], str]:
    """What was measured of a checkpoint, and its model card; both may be missing.

    Bytes of the card that are not UTF-8 are shown as replacement characters: a card decides nothing.
    """
    card = folder / CARD_FILE
    return _metrics(folder), card.read_text(encoding="utf-8", errors="replace") if card.is_file() else ""


def load_outline(folder: Path) -> Outline:
    """Read a checkpoint folder without its weights, as quickly as its masks can be read; checked as far as it is read.

    The model lies on torch's meta device: it has shapes but no weights, and cannot run.
    """
    with torch.device("meta"):
        model = _described(folder)
    return Outline(model, _load_masks(model, folder), content_hash(folder), folder, _metrics(folder))


def _described(folder: Path) -> SparseCBM:
    """The model that the settings describe, its weights still to be loaded."""
    settings = read_json(folder, CONFIG_FILE)
    if settings.get("format") not in (PLAIN, COMPACT):
        raise CheckpointError(f"{folder / CONFIG_FILE} is of format {settings.get('format')}; this version reads "
                              f"{PLAIN} and {COMPACT}. Use the version that wrote it, or train again.")
    try:
        config = from_json(ModelConfig, settings["model"], folder / CONFIG_FILE)
        return SparseCBM(config, empty_backbone(settings["backbone"]))
    except ConfigError as error:
        raise CheckpointError(f"{folder / CONFIG_FILE} does not describe a model ({error}); "
                              "restore the file.") from None
    except Exception as error:  # settings of somebody else can be wrong in any way
        raise CheckpointError(f"{folder / CONFIG_FILE} does not describe a model ({in_short(error)}); "
                              "restore the file.") from None


def _metrics(folder: Path) -> dict[str, Any]:
    return read_json(folder, METRICS_FILE) if (folder / METRICS_FILE).exists() else {}


def _load_weights(model: SparseCBM, masks: ConceptMasks | None, folder: Path) -> None:
    expected, path = model.state_dict(), folder / WEIGHTS_FILE
    tensors = restored(read_weights(folder), {name: tensor.shape for name, tensor in expected.items()}, masks, path)
    if expected.keys() != tensors.keys():
        missing, extra = sorted(expected.keys() - tensors.keys()), sorted(tensors.keys() - expected.keys())
        raise CheckpointError(f"{path} does not fit {CONFIG_FILE}: missing {missing[:3] or 'nothing'}, "
                              f"unknown {extra[:3] or 'nothing'}; these files belong to different checkpoints.")
    for name, tensor in sorted(tensors.items()):
        if tensor.shape != expected[name].shape:
            raise CheckpointError(f"{path}: {name} has shape {tuple(tensor.shape)}, but {CONFIG_FILE} asks for "
                                  f"{tuple(expected[name].shape)}; these files belong to different checkpoints.")
        # A sum is quick, and finite only where all is finite; that of huge numbers may overflow.
        if not (bool(tensor.sum(dtype=torch.float32).isfinite()) or bool(tensor.isfinite().all())):
            raise CheckpointError(f"{path}: {name} holds numbers that are not finite (NaN or infinity), so the model "
                                  "could not answer; copy the file again, or train again.")
    model.load_state_dict(tensors, strict=True)


def _check_positions(model: SparseCBM, folder: Path) -> None:
    """CheckpointError when a text could give the backbone a position that it does not have."""
    positions = max_positions(model.backbone)
    if model.config.max_tokens > positions:
        raise CheckpointError(f"{folder / CONFIG_FILE}: max_tokens is {model.config.max_tokens}, but the backbone "
                              f"reads at most {positions} tokens; restore the file.")


def _check_tokens(encoder: Encoder, model: SparseCBM, folder: Path) -> None:
    """CheckpointError when a text could give the backbone a token that it does not have, or it cannot be run."""
    rows = model.backbone.get_input_embeddings().num_embeddings
    probe = encoder.encode([PROBE])  # it also has what is put around every text
    last = max([*encoder.tokenizer.get_vocab().values(), int(probe.input_ids.max())])
    if last >= rows:
        raise CheckpointError(f"The tokenizer of {folder} has a token of number {last}, but the backbone has "
                              f"{rows} embeddings; restore {TOKENIZER_FILES[0]}.")
    try:
        with device_errors(), torch.inference_mode():
            pooled = model.pool(probe)
            model.run_pass({}, model.embed(probe.input_ids), probe.attention_mask)  # the modules themselves run, too
    except DeviceError:
        raise
    except Exception as error:
        raise CheckpointError(f"The backbone of {folder} cannot be run ({in_short(error)}); restore {CONFIG_FILE}."
                              ) from None
    if not bool(pooled.isfinite().all()):
        raise CheckpointError(f"The backbone of {folder} answers with numbers that are not finite (NaN or infinity); "
                              f"restore {CONFIG_FILE}.")


def _load_masks(model: SparseCBM, folder: Path) -> ConceptMasks | None:
    if model.config.kind != "sparse":
        return None
    require(folder, [MASKS_FILE])
    try:
        return masks_from_tensors(model, read_tensors(folder / MASKS_FILE), folder / MASKS_FILE)
    except ConfigError as error:
        raise CheckpointError(f"{folder / CONFIG_FILE}: {error}") from None


def hashed_files(folder: Path) -> list[Path]:
    """The files that make two checkpoints the same model; metrics, card and familiarity may be rewritten."""
    others = (folder / name for name in (MASKS_FILE, *TOKENIZER_FILES))
    return [path for path in (folder / CONFIG_FILE, *weight_files(folder), *others) if path.exists()]


def content_hash(folder: Path) -> str:
    """SHA-256 of the files that decide what a model answers, as hexadecimal digits."""
    digest = hashlib.sha256()
    for path in hashed_files(folder):
        digest.update(path.name.encode())
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
