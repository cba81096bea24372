"""A patch as one file: positions of weights in safetensors, all else as JSON in its header. Nothing in it is run.

Tensor `2.grown.NAME` holds the positions that the third revision grows in the matrix NAME, as 32-bit integers.
"""

import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from jaxtyping import Int
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass
from safetensors import SafetensorError
from safetensors.numpy import load, save

from sparsecbm.edits.edit import MaskChange, Revision
from sparsecbm.edits.patch import Patch
from sparsecbm.errors import InputError
from sparsecbm.intervene.changed_masks import changed_masks
from sparsecbm.model.masks import ConceptMasks

SUFFIX = ".safetensors"
#: Larger files are not read: 10 % of all weights of a BERT-base pass, exchanged, take 20 MB.
MOST_BYTES = 64 * 2**20
FORMAT: Literal[1] = 1

_KEY = "sparsecbm_patch"
_KINDS = ("dropped", "grown")
_STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True, config=_STRICT)
class _RevisionHeader:
    concept: str
    value: str
    portion: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
    steps: Annotated[int, Field(ge=0)]


@dataclass(frozen=True, config=_STRICT)
class _Header:
    format: Literal[1]
    name: str
    note: str
    author: str
    created: str
    base: str
    revisions: tuple[_RevisionHeader, ...]


def patch_bytes(patch: Patch) -> bytes:
    """The file of a patch; the same for the same patch."""
    tensors = {f"{number}.{kind}.{name}": np.ascontiguousarray(positions, dtype="<i4")
               for number, change in enumerate(patch.changes) for kind in _KINDS
               for name, positions in getattr(change, kind).items() if len(positions)}
    header = _Header(FORMAT, patch.name, patch.note, patch.author, patch.created, patch.base,
                     tuple(_RevisionHeader(r.concept, r.value, r.portion, r.steps) for r in patch.revisions))
    written: bytes = save(tensors, {_KEY: TypeAdapter(_Header).dump_json(header).decode()})
    return written


def read_patch(data: bytes, source: str = "The file") -> Patch:
    """A patch from its file's bytes; InputError when it is none, damaged or too large. `source` names it in errors."""
    _check_size(len(data), source)
    try:
        tensors = load(data)
    except (SafetensorError, KeyError) as error:  # a KeyError for numbers that numpy does not have
        raise InputError(f"{source} is no patch, or damaged ({str(error)[:80]}); allowed: a file that was saved as a "
                         "patch, whole and unchanged. Get it again.") from None
    header = _header(data, source)
    found: list[dict[str, dict[str, Int[np.ndarray, " _weight"]]]] = [{kind: {} for kind in _KINDS}
                                                                     for _ in header.revisions]
    places = {f"{number}.{kind}": part[kind] for number, part in enumerate(found) for kind in _KINDS}
    for key, tensor in tensors.items():
        place, matrix = ".".join(key.split(".", 2)[:2]), key.split(".", 2)[-1]
        if place not in places or tensor.dtype != np.int32 or tensor.ndim != 1:
            raise InputError(f"{source} is no sound patch: {key[:80]!r} does not belong in it; allowed: 32-bit "
                             "positions of its revisions. Get it again.")
        places[place][matrix] = tensor
    revisions = tuple(Revision(r.concept, r.value, r.portion, r.steps, MaskChange(r.concept, **part))
                      for r, part in zip(header.revisions, found, strict=True))
    return Patch(header.name, header.note, header.author, header.created, header.base, revisions)


def save_patch(path: Path, patch: Patch) -> None:
    """Write a patch to a file; who reads meanwhile gets the old file or the new one, whole."""
    new = path.with_name(f".{secrets.token_hex(8)}.new")
    try:
        new.write_bytes(patch_bytes(patch))
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def load_patch(path: Path) -> Patch:
    """Read a patch; InputError when there is no such file, or it is no patch, damaged or too large."""
    if not path.is_file():
        raise InputError(f"There is no patch file {str(path)!r}; allowed: a file that was saved as a patch. Check the "
                         "path.")
    with path.open("rb") as file:
        _check_size(path.stat().st_size, str(path))
        return read_patch(file.read(MOST_BYTES + 1), str(path))


def check_patch(patch: Patch, base: str, masks: ConceptMasks) -> None:
    """InputError unless a patch was made for the checkpoint with the hash `base`, and fits its masks."""
    if patch.base != base:
        raise InputError(f"The patch {patch.name!r} was made for checkpoint {patch.base}, but this is {base}; allowed: "
                         "a patch of the loaded checkpoint. Load the one that it was made for.")
    changed_masks(masks, patch.changes)


def _header(data: bytes, source: str) -> _Header:
    """What the header says of the patch, once `load` has found the file sound."""
    values: Mapping[str, str] = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")]).get("__metadata__", {})
    if _KEY not in values:
        raise InputError(f"{source} holds tensors, but is no patch; allowed: a file that was saved as a patch. Choose "
                         "another file.")
    try:
        return TypeAdapter(_Header).validate_json(values[_KEY])
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the header"
        raise InputError(f"{source} is no sound patch: {where[:80]}: {first['msg'][:80]}; allowed: format {FORMAT}, as "
                         "this version writes it. Get it again, or use the version that wrote it.") from None


def _check_size(size: int, source: str) -> None:
    if size > MOST_BYTES:
        raise InputError(f"{source} has {size:,} bytes; allowed for a patch: up to {MOST_BYTES:,}. Choose another "
                         "file.")
