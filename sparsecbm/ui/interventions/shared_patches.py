"""The patches of this server: the folder that all its users share, and which of them are in force in a session."""

import os
from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from sparsecbm.edits.edit import Revision
from sparsecbm.edits.history import Entry, State
from sparsecbm.edits.patch import Patch
from sparsecbm.intervene.patch_store import PatchStore, StoredPatch

#: Where another folder for patches is named than `patches` in the working directory.
PATCHES_VARIABLE = "SPARSECBM_PATCHES"


def patch_store() -> PatchStore:
    """The patches that everyone who uses this server sees."""
    return PatchStore(Path(os.environ.get(PATCHES_VARIABLE) or "patches"))


def listed(store: PatchStore) -> tuple[StoredPatch, ...]:
    """All patches, the newest first; files are read again only when one of the folder has changed."""
    files = sorted(store.folder.glob("*")) if store.folder.is_dir() else []
    marks = []
    for path in files:
        try:
            found = path.stat()
        except FileNotFoundError:  # another session has just deleted it
            continue
        marks.append((path.name, found.st_mtime_ns, found.st_size))
    return _listed(str(store.folder.resolve()), tuple(marks))


def revisions_of(now: State) -> tuple[Revision, ...]:
    """The revisions among some edits, in order."""
    return tuple(edit for edit in now.lasting if isinstance(edit, Revision))


def applied_after(entries: Sequence[Entry], patch: Patch) -> int | None:
    """How many edits came before a patch whose revisions are in force one right after another; None if they are not.

    A patch that was made of this session's own revisions counts as applied, too.
    """
    found = [(number, entry.edit.change.digest) for number, entry in enumerate(entries)
             if isinstance(entry.edit, Revision)]
    wanted = [change.digest for change in patch.changes]
    for start in range(len(found) - len(wanted) + 1):
        if [digest for _, digest in found[start : start + len(wanted)]] == wanted:
            return found[start][0]
    return None


@st.cache_resource(max_entries=1, show_spinner=False)
def _listed(folder: str, marks: tuple[tuple[str, int, int], ...]) -> tuple[StoredPatch, ...]:
    return PatchStore(Path(folder)).list()
