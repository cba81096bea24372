"""A trained model on disk: JSON and safetensors only, checked in full when it is read, hashed by content."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError
from safetensors.torch import save_file
from torch import Tensor

from sparsecbm.config import ModelConfig, from_json, to_json
from sparsecbm.errors import CheckpointError, ConfigError
from sparsecbm.model.backbone import available_device, empty_backbone, max_positions
from sparsecbm.model.encoding import Encoder
from sparsecbm.model.files import read_json, read_tensors, require
from sparsecbm.model.masks import ConceptMasks
from sparsecbm.model.network import SparseCBM

CONFIG_FILE = "config.json"
WEIGHTS_FILE = "model.safetensors"
MASKS_FILE = "masks.safetensors"
TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json")
METRICS_FILE = "metrics.json"
CARD_FILE = "README.md"
FORMAT = 1

#: What makes two checkpoints the same model; metrics and card may be rewritten without changing the hash.
HASHED_FILES = (CONFIG_FILE, WEIGHTS_FILE, MASKS_FILE, *TOKENIZER_FILES)


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
    """A model with everything it needs to answer."""

    encoder: Encoder
    card: str = ""


def save_checkpoint(
    folder: Path, model: SparseCBM, encoder: Encoder, masks: ConceptMasks | None, dtype: torch.dtype = torch.float16
) -> None:
    """Write weights (`dtype`), bit masks, tokenizer and settings; metrics and card are written by `write_notes`."""
    folder.mkdir(parents=True, exist_ok=True)
    encoder.save(folder)
    tensors = {name: tensor.detach().to("cpu", dtype).contiguous() for name, tensor in model.state_dict().items()}
    save_file(tensors, folder / WEIGHTS_FILE)
    masks_path = folder / MASKS_FILE
    masks_path.unlink(missing_ok=True)
    if masks is not None:
        save_file({name: bits.cpu().contiguous() for name, bits in masks.bits.items()}, masks_path)
    backbone = model.backbone.config.to_dict()
    backbone.pop("_name_or_path", None)  # often a folder of the machine that trained it
    settings = {"format": FORMAT, "model": to_json(model.config), "backbone": backbone}
    (folder / CONFIG_FILE).write_text(json.dumps(settings, indent=1, sort_keys=True) + "\n")


def write_notes(folder: Path, metrics: dict[str, Any], card: str) -> None:
    """Write what was measured of a checkpoint and its model card."""
    (folder / METRICS_FILE).write_text(json.dumps(metrics, indent=1) + "\n")
    (folder / CARD_FILE).write_text(card)


def add_metrics(folder: Path, values: Mapping[str, Any]) -> None:
    """Put measurements into metrics.json, each in place of its last; who reads meanwhile gets a whole file."""
    path = folder / METRICS_FILE
    new = folder / f"{METRICS_FILE}.new"
    new.write_text(json.dumps(_metrics(folder) | dict(values), indent=1) + "\n")
    new.replace(path)


def load_checkpoint(source: str | Path, device: str | torch.device | None = None) -> Checkpoint:
    """Read a checkpoint folder, or one from the Hub by its id; CheckpointError says what is missing or wrong.

    Weights are held in float32. `device` None means the first GPU, or the CPU.

        >>> load_checkpoint("checkpoints/cebab-minilm").model.config.kind
        'sparse'
    """
    device = device if isinstance(device, torch.device) else available_device(device)
    folder = _locate(source)
    model = _described(folder)
    require(folder, [CONFIG_FILE, WEIGHTS_FILE, *TOKENIZER_FILES,
                      *([MASKS_FILE] if model.config.kind == "sparse" else [])])
    _load_weights(model, read_tensors(folder / WEIGHTS_FILE), folder / WEIGHTS_FILE)
    masks = _load_masks(model, folder)
    metrics, card = read_notes(folder)
    encoder = Encoder.load(folder, model.config.max_tokens)
    _check_tokens(encoder, model, folder)
    return Checkpoint(
        model=model.to(device).eval().requires_grad_(False),
        encoder=encoder,
        masks=None if masks is None else masks.to(device),
        hash=content_hash(folder),
        path=folder,
        metrics=metrics,
        card=card,
    )


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
    if settings.get("format") != FORMAT:
        raise CheckpointError(f"{folder / CONFIG_FILE} is of format {settings.get('format')}; this version reads "
                              f"{FORMAT}. Use the version that wrote it, or train again.")
    try:
        config = from_json(ModelConfig, settings["model"], folder / CONFIG_FILE)
        return SparseCBM(config, empty_backbone(settings["backbone"]))
    except (KeyError, TypeError, ValueError, AttributeError, ConfigError) as error:
        raise CheckpointError(f"{folder / CONFIG_FILE} does not describe a model ({error}); "
                              "restore the file.") from None


def _metrics(folder: Path) -> dict[str, Any]:
    return read_json(folder, METRICS_FILE) if (folder / METRICS_FILE).exists() else {}


def _locate(source: str | Path) -> Path:
    folder = Path(source).expanduser()
    if folder.is_dir():
        return folder
    if folder.is_absolute() or str(source).count("/") != 1 or str(source).startswith("."):
        raise CheckpointError(f"There is no checkpoint folder {str(source)!r}; give a folder that holds {CONFIG_FILE}, "
                              "or a Hub id such as owner/name.")
    try:
        return Path(snapshot_download(str(source), allow_patterns=["*.json", "*.safetensors", "*.txt", CARD_FILE]))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        raise CheckpointError(f"{str(source)!r} is neither a folder here nor a model that the Hub would give "
                              f"({type(error).__name__}); check the path or the id.") from None


def _load_weights(model: SparseCBM, tensors: dict[str, Tensor], path: Path) -> None:
    expected = model.state_dict()
    _check_names(set(expected), set(tensors), path)
    for name, tensor in sorted(tensors.items()):
        if tensor.shape != expected[name].shape:
            raise CheckpointError(f"{path}: {name} has shape {tuple(tensor.shape)}, but {CONFIG_FILE} asks for "
                                  f"{tuple(expected[name].shape)}; these files belong to different checkpoints.")
        if not bool(tensor.isfinite().all()):
            raise CheckpointError(f"{path}: {name} holds numbers that are not finite (NaN or infinity), so the model "
                                  "could not answer; copy the file again, or train again.")
    model.load_state_dict(tensors, strict=True)


def _check_tokens(encoder: Encoder, model: SparseCBM, folder: Path) -> None:
    """CheckpointError when a text could give the backbone a token or a position that it does not have."""
    rows, positions = model.backbone.get_input_embeddings().num_embeddings, max_positions(model.backbone)
    last = max(encoder.tokenizer.get_vocab().values())
    if last >= rows:
        raise CheckpointError(f"The tokenizer of {folder} has a token of number {last}, but the backbone has "
                              f"{rows} embeddings; restore {TOKENIZER_FILES[0]}.")
    if encoder.max_tokens > positions:
        raise CheckpointError(f"{folder / CONFIG_FILE}: max_tokens is {encoder.max_tokens}, but the backbone reads at "
                              f"most {positions} tokens; restore the file.")


def _load_masks(model: SparseCBM, folder: Path) -> ConceptMasks | None:
    if model.config.kind != "sparse":
        return None
    path = folder / MASKS_FILE
    require(folder, [MASKS_FILE])
    bits = read_tensors(path)
    _check_names(set(model.sites), set(bits), path)
    passes = model.config.passes
    for name, site in model.sites.items():
        wanted = (len(passes), -(-site.shape[0] * site.shape[1] // 8))
        if bits[name].dtype != torch.uint8 or bits[name].shape != wanted:
            raise CheckpointError(f"{path}: the masks of {name} are {bits[name].dtype} of shape "
                                  f"{tuple(bits[name].shape)}, but {len(passes)} passes need torch.uint8 of shape "
                                  f"{wanted}; restore the file.")
    return ConceptMasks(passes, {name: site.shape for name, site in model.sites.items()},
                        {name: bits[name] for name in model.sites})


def _check_names(expected: set[str], found: set[str], path: Path) -> None:
    if expected != found:
        missing, extra = sorted(expected - found), sorted(found - expected)
        raise CheckpointError(f"{path} does not fit {CONFIG_FILE}: missing {missing[:3] or 'nothing'}, "
                              f"unknown {extra[:3] or 'nothing'}; these files belong to different checkpoints.")


def content_hash(folder: Path) -> str:
    """SHA-256 of the files that decide what a model answers, as hexadecimal digits."""
    digest = hashlib.sha256()
    for name in HASHED_FILES:
        if (folder / name).exists():
            digest.update(name.encode())
            with (folder / name).open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
