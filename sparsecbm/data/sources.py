"""Where raw rows come from: a folder or a zip of a release's files, or a data set on the Hugging Face Hub."""

import json
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import datasets
from datasets.exceptions import DatasetsError

from sparsecbm.errors import DataError, unknown_name
from sparsecbm.paths import HUB_PREFIX, path_of

#: Our name of every split, and the names it may bear in files; the last is the Hub's.
SPLITS = {
    "train_exclusive": ("train_exclusive",),
    "train_inclusive": ("train_inclusive",),
    "train_observational": ("train_observational",),
    "dev": ("dev", "validation"),
    "test": ("test",),
}

#: A member of a zip that unpacks to more bytes is refused unread; the largest file of a release has 17 MB.
MOST_UNPACKED = 2**28

Row = dict[str, Any]
Names = Mapping[str, tuple[str, ...]]


def split_name(name: str) -> str:
    """Our name of a split given under any of its names; DataError lists them all."""
    for ours, names in SPLITS.items():
        if name in names:
            return ours
    raise DataError(unknown_name("split", name, tuple(name for names in SPLITS.values() for name in names)))


def known_split(name: str, splits: Names) -> str:
    """Our name of a split, one of `splits`, of which `dev` is also called `validation`; DataError lists them."""
    ours = "dev" if name == "validation" else name
    if ours not in splits:
        raise DataError(unknown_name("split", name, tuple(splits)))
    return ours


def file_of_split(source: str | Path, split: str, splits: Names, suffix: str) -> tuple[bytes, str]:
    """The file of a split (by our name) from a folder or zip that is named, and what messages should call it."""
    path = path_of(source)
    if not path.exists():
        raise DataError(f"There is no folder or zip file at {path}. Give the one that holds "
                        f"{splits[split][0]}{suffix}.")
    return read_file(path, split, splits, suffix)


def read_rows(source: str | Path, split: str) -> tuple[list[Row], str]:
    """All rows of a split (by our name), and the place they came from as messages should call it."""
    if str(source).startswith(HUB_PREFIX):
        return _from_hub(str(source).removeprefix(HUB_PREFIX), split), f"{source}, split {split}"
    path = path_of(source)
    if not path.exists():
        raise DataError(f"There is no folder or zip file at {path}. Give the folder or zip that holds the data set's "
                        f"JSON files, or {HUB_PREFIX}owner/name to read it from the Hub.")
    content, where = read_file(path, split, SPLITS, ".json")
    return _parse(content, where), where


def read_file(path: Path, split: str, splits: Names, suffix: str) -> tuple[bytes, str]:
    """The file of a split in a folder or zip, and what messages should call it.

    `splits` gives the names that each split's file may bear before its `suffix`.
    """
    read = _from_folder if path.is_dir() else _from_zip
    name, content = read(path, split, splits, suffix)
    return content, f"{path}/{name}"


def splits_there(path: Path, splits: Names, suffix: str) -> tuple[str, ...]:
    """The splits that a folder or zip holds; none where it cannot be read, which reading one of them then explains."""
    try:
        if path.is_dir():
            return tuple(_found((file.name for file in path.iterdir()), splits, suffix))
        with zipfile.ZipFile(path) as archive:
            return tuple(_found(archive.namelist(), splits, suffix))
    except (zipfile.BadZipFile, OSError):
        return ()


def _from_folder(path: Path, split: str, splits: Names, suffix: str) -> tuple[str, bytes]:
    try:
        name = _member((file.name for file in path.iterdir()), split, path, splits, suffix)
        return name, (path / name).read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error}). Check that you may read the folder and its files.") from None


def _from_zip(path: Path, split: str, splits: Names, suffix: str) -> tuple[str, bytes]:
    try:
        with zipfile.ZipFile(path) as archive:
            name = _member(archive.namelist(), split, path, splits, suffix)
            size = archive.getinfo(name).file_size  # no more than that is unpacked, whatever the member holds
            if size > MOST_UNPACKED:
                raise DataError(f"{path}: {name} unpacks to {size:,} bytes; allowed: up to {MOST_UNPACKED:,}. Unpack "
                                "it yourself if you trust it, and give the folder.")
            return name, archive.read(name)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError) as error:
        raise DataError(f"{path} is not a zip file that can be read ({error}). "
                        "Give a folder of JSON files or an intact zip; download it again if it was cut.") from None


def _member(names: Iterable[str], split: str, where: Path, splits: Names, suffix: str) -> str:
    """The one file among `names` that holds the split, at whatever depth."""
    found = _found(names, splits, suffix)
    matches = found.get(split, [])
    if not matches:
        present = ", ".join(found) or "none"
        raise DataError(f"{where} has no {' or '.join(f'{name}{suffix}' for name in splits[split])}; "
                        f"splits present: {present}. Choose one of these, or put the file there.")
    if len(matches) > 1:
        raise DataError(f"{where} holds split {split} more than once: {', '.join(sorted(matches))}. Keep one of them.")
    return matches[0]


def _found(names: Iterable[str], splits: Names, suffix: str) -> dict[str, list[str]]:
    """The files of every split, in the order of the splits."""
    found: dict[str, list[str]] = {ours: [] for ours in splits}
    for name in names:
        member = PurePosixPath(name)
        for ours, allowed in splits.items():
            if member.suffix == suffix and member.stem in allowed and member.parts[0] != "__MACOSX":
                found[ours].append(name)
    return {ours: files for ours, files in found.items() if files}


def _parse(content: bytes, where: str) -> list[Row]:
    try:
        rows = json.loads(content)
    except json.JSONDecodeError as error:
        raise DataError(f"{where}, line {error.lineno}: not valid JSON ({error.msg} at column {error.colno}). "
                        "Correct the line or download the file again.") from None
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(f"{where}, line {line}: not UTF-8 text ({error.reason}). Save the file as UTF-8.") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise DataError(f"{where} holds a {type(rows).__name__} that is not a list of objects; "
                        "a split is a JSON list with one object per review.")
    return rows


def _from_hub(name: str, split: str) -> list[Row]:
    try:
        return list(datasets.load_dataset(name, split=SPLITS[split][-1]))
    except (DatasetsError, OSError, ValueError) as error:
        cause = str(error).partition("\n")[0].rstrip(".")
        raise DataError(f"Split {split} of {HUB_PREFIX}{name} cannot be read: {cause}. "
                        "Check the name, the split and the connection, or give a folder or zip.") from None
