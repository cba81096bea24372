"""What the loaded subnetworks can be compared with: other checkpoints of this machine, and higher sparsities."""

import math
import os
from collections.abc import Sequence
from pathlib import Path

from sparsecbm.model.checkpoint import CONFIG_FILE, MASKS_FILE
from sparsecbm.subnetworks.comparison import sparsity_of
from sparsecbm.subnetworks.overlap import MaskOverlap

#: Where a folder is named whose subfolders are checkpoints to compare with, beside those next to the loaded one.
OTHERS_VARIABLE = "SPARSECBM_CHECKPOINTS"
MOST_PERCENT = 99.9


def other_checkpoints(loaded: Path, files: Sequence[str] = (CONFIG_FILE, MASKS_FILE)) -> dict[str, Path]:
    """Checkpoints that have these files, or the sparse ones, by the names to choose them by: only these can be opened,
    never a path that a visitor types.

    Of two folders of the same name, the second one's name has its parent's in front.
    """
    found: dict[str, Path] = {}
    for root in (loaded.resolve().parent, _named_folder()):
        for folder in sorted(root.iterdir()) if root is not None and root.is_dir() else ():
            known = {loaded.resolve(), *(path.resolve() for path in found.values())}
            if folder.resolve() not in known and all((folder / name).is_file() for name in files):
                taken = folder.name in found or sparsity_of(folder.name) is not None
                found[f"{folder.parent.name}/{folder.name}" if taken else folder.name] = folder
    return found


def missing_folder() -> Path | None:
    """The folder that the environment names, when it is none."""
    folder = _named_folder()
    return None if folder is None or folder.is_dir() else folder


def least_percent(overlap: MaskOverlap) -> float:
    """The smallest sparsity, in percent with one decimal, to which every mask can be pruned further."""
    return math.ceil(1000 * (1 - float(overlap.matrices.density.min())) - 1e-6) / 10


def can_be_pruned(overlap: MaskOverlap, against: str) -> bool:
    """True for a text such as "90%" that names a sparsity which these masks can be pruned to."""
    sparsity = sparsity_of(against)
    return sparsity is not None and least_percent(overlap) - 1e-6 <= 100 * sparsity <= MOST_PERCENT


def _named_folder() -> Path | None:
    named = os.environ.get(OTHERS_VARIABLE)
    return Path(named) if named else None
