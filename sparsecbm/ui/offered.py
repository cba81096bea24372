"""The checkpoints that a visitor can choose from, known by their settings: none is loaded, and torch is not needed."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from sparsecbm.config import ModelConfig, from_json
from sparsecbm.errors import InputError, SparseCBMError
from sparsecbm.figures.text import listed
from sparsecbm.file_names import last_part
from sparsecbm.paths import path_of
from sparsecbm.schema import ConceptSchema
from sparsecbm.shipped import CHECKPOINTS, default_checkpoint, named_folders

#: A folder with this file is a checkpoint; its card's first heading is the checkpoint's title.
_SETTINGS, _CARD = "config.json", "README.md"


@dataclass(frozen=True)
class Offered:
    """A checkpoint: `name` stands in the address, `source` is its folder or Hub id, `size` its bytes on disk.

    Without a `schema` its settings could not be read, and `problem` says why; or it is not on this machine yet.
    """

    name: str
    source: str
    title: str = ""
    schema: ConceptSchema | None = None
    kind: str = ""
    size: int = 0
    problem: str = ""

    @property
    def said(self) -> str:
        """Its title, what it reads and predicts, and its size."""
        title = f"{self.title}. " if self.title else ""
        if self.problem:
            return f"{title}Its settings cannot be read: {self.problem}."
        if self.schema is None:
            return f"{title}Not read yet: {self.source}."
        by = "" if self.kind == "black_box" else f" from {listed(self.schema.concepts)}"
        size = f"{self.size / 1e6:,.0f} MB" if self.size >= 1e6 else f"{self.size / 1e3:,.0f} kB"
        return f"{title}Reads {self.schema.documents} and predicts the {self.schema.label_title}{by}. {size}."


def offered() -> dict[str, Offered]:
    """Every checkpoint by its name: the default one, those that ship, then those of the folders that are named.

    Of two folders of the same name, the second one's name has its parent's in front.
    """
    first = _default()
    found, folders = {first.name: first}, {Path(first.source).resolve()}
    for folder in _folders():
        if folder.resolve() not in folders:
            folders.add(folder.resolve())
            name = _free(folder, found)
            found[name] = _read(name, folder)
    return found


def missing_folders() -> tuple[Path, ...]:
    """The folders that the environment names and that are none."""
    return tuple(folder for folder in named_folders() if not folder.is_dir())


def _default() -> Offered:
    source = default_checkpoint()
    try:
        folder = path_of(source)
    except InputError:
        folder = Path(source)
    if (folder / _SETTINGS).is_file():
        return _read(folder.resolve().name, folder)
    on_hub = source.count("/") == 1 and not folder.is_absolute() and not source.startswith(".") and not folder.exists()
    return Offered(source if on_hub else last_part(source), source)


def _folders() -> Iterator[Path]:
    for root in (CHECKPOINTS, *named_folders()):
        if root.is_dir():
            yield from (folder for folder in sorted(root.iterdir()) if (folder / _SETTINGS).is_file())


def _free(folder: Path, taken: dict[str, Offered]) -> str:
    names = [folder.name, f"{folder.parent.name}/{folder.name}"]
    return next((name for name in names if name not in taken), f"{names[-1]} ({len(taken)})")


def _read(name: str, folder: Path) -> Offered:
    files = tuple(sorted((file.name, file.stat().st_mtime_ns, file.stat().st_size)
                         for file in folder.iterdir() if file.is_file()))
    return _described(name, folder, files)


@lru_cache(256)
def _described(name: str, folder: Path, files: tuple[tuple[str, int, int], ...]) -> Offered:
    """`files` are names, times and sizes: files that changed are read again."""
    size, title = sum(size for _, _, size in files), _title(folder / _CARD)
    try:
        settings = json.loads((folder / _SETTINGS).read_text(encoding="utf-8"))
        config = from_json(ModelConfig, settings["model"], folder / _SETTINGS)
    except (OSError, ValueError, LookupError, TypeError, SparseCBMError) as error:
        return Offered(name, str(folder), title, size=size, problem=f"{type(error).__name__} in {_SETTINGS}")
    return Offered(name, str(folder), title, config.schema, config.kind, size)


def _title(card: Path) -> str:
    try:
        lines = card.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.removeprefix("# ").strip() for line in lines if line.startswith("# ")), "")
