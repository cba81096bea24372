"""The patches in a folder. Their names become file names that are safe everywhere; nothing outside it is reached."""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sparsecbm.edits.patch import Patch
from sparsecbm.errors import InputError
from sparsecbm.intervene.patch import SUFFIX, load_patch, patch_bytes, read_patch, save_patch

_NEVER = datetime.min.replace(tzinfo=UTC)
_FILE = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_.-]*{re.escape(SUFFIX)}")


@dataclass(frozen=True, eq=False)
class StoredPatch:
    """A file of the store: the patch in it, or the problem that keeps it from being read."""

    file: str
    patch: Patch | None
    problem: str = ""


class PatchStore:
    """Patches of any checkpoint, a file each; the folder is made with the first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def list(self) -> tuple[StoredPatch, ...]:
        """Every patch file of the folder, the newest patch first; those with a problem come last."""
        names = sorted(path.name for path in self.folder.glob(f"*{SUFFIX}") if _FILE.fullmatch(path.name))
        found = [self._stored(name) for name in names]
        return tuple(sorted(found, key=lambda one: one.patch.time if one.patch else _NEVER, reverse=True))

    def save(self, patch: Patch) -> str:
        """Keep a patch; returns its file's name. InputError when there is one of that name already."""
        file = file_name(patch.name)
        self.folder.mkdir(parents=True, exist_ok=True)
        if (self.folder / file).exists():
            raise InputError(f"There is a patch {patch.name!r} already; allowed: a name that is not taken. Choose "
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
        """A patch as bytes to send, by its file's name."""
        return patch_bytes(self.load(file))

    def add(self, data: bytes) -> str:
        """Keep a patch that came as bytes; returns its file's name. InputError when it is none, or its name taken."""
        return self.save(read_patch(data))

    def _stored(self, name: str) -> StoredPatch:
        try:
            return StoredPatch(name, self.load(name))
        except InputError as error:
            return StoredPatch(name, None, str(error))

    def _path(self, file: str) -> Path:
        path = self.folder / file
        if not _FILE.fullmatch(file) or path.is_symlink() or not path.is_file():
            raise InputError(f"There is no patch {file[:80]!r} here; allowed: a file name that the list gives. "
                             "List the patches again.")
        return path


def file_name(name: str) -> str:
    """A file name for a patch: what of its name is safe, and a hash that tells like names apart."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower())[:40].strip("-") or "patch"
    return f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:8]}{SUFFIX}"
