"""The weights of a model in files of bounded size: in full or rounded, all of them or only those that some pass uses.

A tensor says itself how it is stored. One of 8 bits has a scale for each of its rows under its name with `.scale`, and
is `scale * row` (symmetric, rounded to the nearest of -127..127). A matrix of structured masks that is smaller than the
model's lacks the heads or neurons that no pass keeps, which are zeros in the model: no answer reads them.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path

import torch
from huggingface_hub import split_torch_state_dict_into_shards
from safetensors.torch import save_file
from torch import Tensor

from sparsecbm.errors import CheckpointError
from sparsecbm.model.files import read_json, read_tensors, require
from sparsecbm.model.kept_units import KeptUnits
from sparsecbm.model.masks import ConceptMasks
from sparsecbm.paths import replacing, write_text

WEIGHTS_FILE = "model.safetensors"
#: Where there are several files, which tensor lies in which.
INDEX_FILE = "model.safetensors.index.json"
#: The most bytes of one file; a larger tensor has a file of its own.
MOST_BYTES = 48_000_000
#: How numbers are stored. Vectors, and what is not the backbone's, have at least 16 bits each.
FORMS = {"float32": torch.float32, "float16": torch.float16, "int8": torch.int8}
_SCALE = ".scale"
_SHARD = re.compile(r"model-\d{5}-of-\d{5}\.safetensors")


def stored(state: Mapping[str, Tensor], form: str, masks: ConceptMasks | None, whole: bool) -> dict[str, Tensor]:
    """The tensors to store of a model's state, without units that no pass keeps unless `whole`."""
    used = {} if whole else _used(masks)
    tensors = {}
    for name, tensor in state.items():
        values = tensor.detach().cpu().float()
        if name.removeprefix("backbone.") in used:
            axis, places = used[name.removeprefix("backbone.")]
            values = values.index_select(axis, places)
        if form == "int8" and name.startswith("backbone.") and values.ndim == 2:
            scale = values.abs().amax(1) / 127 if values.numel() else torch.zeros(len(values))
            steps = values / scale.clamp_min(torch.finfo(scale.dtype).tiny).unsqueeze(1)
            tensors[name], tensors[name + _SCALE] = steps.round().to(torch.int8), scale
        else:
            tensors[name] = values.to(torch.float16 if form == "int8" else FORMS[form]).contiguous()
    return tensors


def restored(
    tensors: Mapping[str, Tensor], shapes: Mapping[str, torch.Size], masks: ConceptMasks | None, path: Path
) -> dict[str, Tensor]:
    """The state that `stored` was given, as far as it was kept; tensors that fit no `shapes` stay as they are.

    CheckpointError for a tensor of 8 bits whose scale is missing or does not fit.
    """
    used, state = _used(masks), {}
    for name, tensor in tensors.items():
        if name.endswith(_SCALE) and name.removesuffix(_SCALE) in tensors:
            continue
        values = tensor
        if tensor.dtype == torch.int8:
            scale = tensors.get(name + _SCALE)
            if scale is None or tensor.ndim != 2 or scale.shape != tensor.shape[:1] or not scale.is_floating_point():
                raise CheckpointError(f"{path}: {name} has 8 bits, but no {name}{_SCALE} with a number for each of its "
                                      "rows; copy the file again, or train again.")
            values = tensor.float() * scale.float().unsqueeze(1)
        axis, places = used.get(name.removeprefix("backbone."), (0, None))
        wanted = shapes.get(name)
        if wanted is not None and places is not None and values.shape != wanted:
            cut = list(wanted)
            cut[axis] = len(places)
            if list(values.shape) == cut:
                values = torch.zeros(wanted, dtype=values.dtype).index_copy_(axis, places, values)
        state[name] = values
    return state


def _used(masks: ConceptMasks | None) -> dict[str, tuple[int, Tensor]]:
    """For each matrix of structured masks, the axis of its units and the places on it that some pass keeps."""
    if masks is None or masks.layout is None:
        return {}
    kept = KeptUnits.of(masks)
    union = KeptUnits(kept.layout, kept.heads.any(0, keepdim=True), kept.neurons.any(0, keepdim=True)).places(0)
    return {name: (part.axis, union[name]) for name, (_, _, part) in kept.layout.parts.items()}


# -- files ---------------------------------------------------------------------------------------------------------


def write_weights(folder: Path, tensors: Mapping[str, Tensor], most_bytes: int = MOST_BYTES) -> None:
    """Write one file, or several and their index, in place of what was there."""
    split = split_torch_state_dict_into_shards(dict(tensors), max_shard_size=most_bytes)
    for name, inside in split.filename_to_tensors.items():
        with replacing(folder / name) as new:
            save_file({tensor: tensors[tensor].contiguous() for tensor in inside}, new)
    for path in weight_files(folder):
        if path.name not in split.filename_to_tensors:
            path.unlink()
    if split.is_sharded:
        index = {"metadata": split.metadata, "weight_map": split.tensor_to_filename}
        write_text(folder / INDEX_FILE, json.dumps(index, indent=1, sort_keys=True) + "\n")


def weight_files(folder: Path) -> list[Path]:
    """The files of the weights that are there: the one file, or the index and all others."""
    names = [WEIGHTS_FILE, INDEX_FILE, *sorted(path.name for path in folder.glob("model-*.safetensors"))]
    return [folder / name for name in names if (folder / name).is_file()]


def read_weights(folder: Path) -> dict[str, Tensor]:
    """The tensors of all files; CheckpointError where one is missing or damaged, or has others than the index says."""
    if not (folder / INDEX_FILE).is_file():
        require(folder, [WEIGHTS_FILE])
        return read_tensors(folder / WEIGHTS_FILE)
    found = read_json(folder, INDEX_FILE).get("weight_map")
    if not isinstance(found, dict) or not found or not all(
            isinstance(file, str) and _SHARD.fullmatch(file) for file in found.values()):
        raise CheckpointError(f"{folder / INDEX_FILE} names no files such as model-00001-of-00002.safetensors; restore "
                              "the file.")
    files = sorted(set(found.values()))
    require(folder, files)
    tensors = dict[str, Tensor]()
    for file in files:
        inside = read_tensors(folder / file)
        if inside.keys() != {name for name, where in found.items() if where == file}:
            raise CheckpointError(f"{folder / file} holds other tensors than {INDEX_FILE} says; these files belong to "
                                  "different checkpoints.")
        tensors |= inside
    return tensors
