"""A checkpoint that learned from corrections becomes a version: a folder of its own, beside the one that it came from.

The folder appears whole or not at all. The checkpoint before stays as it is, so links to it keep their version.
"""

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sparsecbm.corrections.correction_split import CORRECTIONS
from sparsecbm.corrections.learning_impact import METRICS_KEY
from sparsecbm.errors import InputError
from sparsecbm.model.checkpoint import Checkpoint, hashed_files, load_checkpoint, write_notes
from sparsecbm.model.familiarity import FAMILIARITY_FILE
from sparsecbm.studies.log import now, stamp
from sparsecbm.training.card import model_card

#: The key in metrics.json of what a version says of itself.
VERSION_KEY = "version"


@dataclass(frozen=True)
class Version:
    """An adopted checkpoint: its folder and hash, its parent's hash, and how many corrections it learned from.

    `at` is when it was adopted, UTC in ISO 8601.
    """

    folder: Path
    hash: str
    parent: str
    corrections: int
    at: str

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"folder": str(self.folder), "hash": self.hash, "parent": self.parent,
                "corrections": self.corrections, "at": self.at}


def adopt(source: Path, into: Path) -> Version:
    """Copy a checkpoint that learned from corrections to the new folder `into`, with its impact on its card.

    InputError when the folder is there, or the checkpoint did not learn from corrections, or its impact in place of its
    parent was not measured and saved; CheckpointError when it cannot be read.
    """
    if into.exists() or into.is_symlink():
        raise InputError(f"{str(into)!r} is there already; allowed: a new folder, so that no version replaces another. "
                         "Choose another name.")
    if not into.absolute().parent.is_dir():
        raise InputError(f"{str(into)!r} would lie in no folder that exists; allowed: a new folder in an existing one, "
                         "such as the one that holds the checkpoint before. Create that folder first.")
    found = load_checkpoint(source, "cpu")
    training = _checked(found)
    version = Version(into, found.hash, training["before"]["hash"], training[CORRECTIONS]["corrections"], stamp(now()))
    metrics = found.metrics | {VERSION_KEY: {name: value for name, value in version.to_json().items()
                                             if name not in ("folder", "hash")}}
    # A folder within a folder: who lists checkpoints meanwhile looks one level deep, and does not find half of one.
    around = Path(tempfile.mkdtemp(prefix=".adopting-", dir=into.absolute().parent))
    try:
        new = around / into.name
        new.mkdir()
        for file in (*hashed_files(found.path), found.path / FAMILIARITY_FILE):
            if file.exists():
                _copy(file, new / file.name)
        write_notes(new, metrics, model_card(metrics))
        try:
            new.rename(into)
        except OSError:
            if not into.exists():
                raise
            raise InputError(f"{str(into)!r} has come to be there meanwhile; allowed: a new folder. Choose another "
                             "name.") from None
    finally:
        shutil.rmtree(around, ignore_errors=True)
    return version


def _checked(found: Checkpoint) -> dict[str, Any]:
    """What the checkpoint says of its training; InputError unless it is to be adopted."""
    training: dict[str, Any] = found.metrics.get("training", {})
    if "before" not in training or CORRECTIONS not in training:
        raise InputError(f"{found.path} did not learn from corrections; allowed: what `train --start CHECKPOINT --data "
                         "corrections:FILE` wrote. Name such a folder.")
    impact = found.metrics.get(METRICS_KEY, {})
    if (impact.get("before"), impact.get("after")) != (training["before"]["hash"], found.hash):
        raise InputError(f"It is not known what {found.path} changes in place of the checkpoint that it went on from, "
                         f"{training['before']['hash'][:12]}; allowed: after it was measured. Run `corrections impact "
                         "BEFORE AFTER FILE --save` first, with these two.")
    return training


def _copy(source: Path, target: Path) -> None:
    """Copy a file, and leave it to the disk before anything says that it is there."""
    shutil.copyfile(source, target)
    with target.open("rb+") as file:
        os.fsync(file.fileno())
