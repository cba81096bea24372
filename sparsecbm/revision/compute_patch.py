"""Patch files: written and read with validation, and kept in a folder.

A file is a safetensors file: a JSON header with the texts, and the positions of the dropped and grown weights of each
revision. The names of patches become file names that are safe on every system; no path outside the folder is reached.
"""

import dataclasses
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from jaxtyping import Int
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass
from safetensors import SafetensorError
from safetensors.numpy import load, save

from sparsecbm.errors import InputError
from sparsecbm.file_names import kept_name
from sparsecbm.model.files import stored_texts
from sparsecbm.model.masks import ConceptMasks
from sparsecbm.paths import write_bytes
from sparsecbm.revision.compute_masks import changed_masks
from sparsecbm.revision.edit import MaskChange, Revision
from sparsecbm.revision.patch import Patch

SUFFIX = ".safetensors"
#: Larger files are not read. For scale: 10 % of all weights of a BERT-base pass, exchanged, take 20 MB.
MAX_BYTES = 64 * 2**20
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
    impact: str = ""


def patch_bytes(patch: Patch) -> bytes:
    """The bytes of a patch's file; equal patches give equal bytes."""
    tensors = {f"{number}.{kind}.{name}": np.ascontiguousarray(positions, dtype="<i4")
               for number, change in enumerate(patch.changes) for kind in _KINDS
               for name, positions in getattr(change, kind).items() if len(positions)}
    header = _Header(FORMAT, patch.name, patch.note, patch.author, patch.created, patch.base,
                     tuple(_RevisionHeader(r.concept, r.value, r.portion, r.steps) for r in patch.revisions),
                     patch.impact)
    written: bytes = save(tensors, {_KEY: TypeAdapter(_Header).dump_json(header, exclude_defaults=True).decode()})
    return written


def read_patch(data: bytes, source: str = "The file") -> Patch:
    """A patch from its file's bytes; InputError, naming `source`, when they are no patch, damaged or too large."""
    _check_size(len(data), source)
    try:
        tensors = load(data)
    except (SafetensorError, KeyError) as error:  # a KeyError for numbers that numpy does not have
        raise InputError(f"{source} is not a patch, or is damaged ({str(error)[:80]}); allowed: a file that was saved "
                         "as a patch, complete and unchanged. Get it again.") from None
    header = _header(data, source)
    found: list[dict[str, dict[str, Int[np.ndarray, " _weight"]]]] = [{kind: {} for kind in _KINDS}
                                                                     for _ in header.revisions]
    places = {f"{number}.{kind}": part[kind] for number, part in enumerate(found) for kind in _KINDS}
    for key, tensor in tensors.items():
        place, matrix = ".".join(key.split(".", 2)[:2]), key.split(".", 2)[-1]
        if place not in places or tensor.dtype != np.int32 or tensor.ndim != 1:
            raise InputError(f"{source} is not a valid patch: {key[:80]!r} does not belong in it; allowed: 32-bit "
                             "positions of its revisions. Get it again.")
        places[place][matrix] = tensor
    revisions = tuple(Revision(r.concept, r.value, r.portion, r.steps, MaskChange(r.concept, **part))
                      for r, part in zip(header.revisions, found, strict=True))
    return Patch(header.name, header.note, header.author, header.created, header.base, revisions, header.impact)


def save_patch(path: Path, patch: Patch) -> None:
    """Write a patch to a file, in place of what is there."""
    write_bytes(path, patch_bytes(patch))


def load_patch(path: Path) -> Patch:
    """Read a patch; InputError when there is no such file, or it is not a patch, damaged or too large."""
    if not path.is_file():
        raise InputError(f"There is no patch file {str(path)!r}; allowed: a file that was saved as a patch. Check "
                         "the path.")
    with path.open("rb") as file:
        _check_size(path.stat().st_size, str(path))
        return read_patch(file.read(MAX_BYTES + 1), str(path))


def check_patch(patch: Patch, base: str, masks: ConceptMasks) -> None:
    """InputError unless a patch was made for the checkpoint with the hash `base`, and fits its masks."""
    if patch.base != base:
        raise InputError(f"The patch {patch.name!r} was made for checkpoint {patch.base}, but this is {base}; allowed: "
                         "a patch of the loaded checkpoint. Load the checkpoint that it was made for.")
    changed_masks(masks, patch.changes)


def _header(data: bytes, source: str) -> _Header:
    """The header of a patch's file that `load` has read."""
    values = stored_texts(data)
    if _KEY not in values:
        raise InputError(f"{source} holds tensors, but is not a patch; allowed: a file that was saved as a patch. "
                         "Choose another file.")
    try:
        return TypeAdapter(_Header).validate_json(values[_KEY])
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the header"
        raise InputError(f"{source} is not a valid patch: {where[:80]}: {first['msg'][:80]}; allowed: format {FORMAT}, "
                         "which this version writes. Get it again, or use the version that wrote it.") from None


def _check_size(size: int, source: str) -> None:
    if size > MAX_BYTES:
        raise InputError(f"{source} has {size:,} bytes; allowed for a patch: up to {MAX_BYTES:,}. Choose another "
                         "file.")


_NEVER = datetime.min.replace(tzinfo=UTC)
_FILE = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_.-]*{re.escape(SUFFIX)}")


@dataclasses.dataclass(frozen=True, eq=False)
class StoredPatch:
    """A file of the store: its patch, or the problem for which it could not be read."""

    file: str
    patch: Patch | None
    problem: str = ""


class PatchStore:
    """Patches of any checkpoint, a file each; the folder is made when the first one is saved."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def list(self) -> tuple[StoredPatch, ...]:
        """Every patch file of the folder, the newest patch first, files with a problem last."""
        names = sorted(path.name for path in self.folder.glob(f"*{SUFFIX}") if _FILE.fullmatch(path.name))
        found = [self._stored(name) for name in names]
        return tuple(sorted(found, key=lambda one: one.patch.time if one.patch else _NEVER, reverse=True))

    def save(self, patch: Patch) -> str:
        """Save a patch; returns its file's name. InputError when the name is taken."""
        file = kept_name(patch.name, "patch", SUFFIX)
        self.folder.mkdir(parents=True, exist_ok=True)
        if (self.folder / file).exists():
            raise InputError(f"There already is a patch {patch.name!r}; allowed: a name that is not taken. Choose "
                             "another name, or delete that patch.")
        save_patch(self.folder / file, patch)
        return file

    def load(self, file: str) -> Patch:
        """Read a patch by its file's name."""
        return load_patch(self._path(file))

    def delete(self, file: str) -> None:
        """Remove a patch by its file's name."""
        self._path(file).unlink()

    def export(self, file: str) -> bytes:
        """The bytes of a patch, by its file's name."""
        return patch_bytes(self.load(file))

    def add(self, data: bytes) -> str:
        """Save a patch from bytes; returns its file's name. InputError when it is not valid, or its name is taken."""
        return self.save(read_patch(data))

    def _stored(self, name: str) -> StoredPatch:
        try:
            return StoredPatch(name, self.load(name))
        except InputError as error:
            return StoredPatch(name, None, str(error))

    def _path(self, file: str) -> Path:
        path = self.folder / file
        if not _FILE.fullmatch(file) or path.is_symlink() or not path.is_file():
            raise InputError(f"There is no patch {file[:80]!r} here; allowed: a file name from the list of patches. "
                             "List them again.")
        return path
