"""The files that ship with the code: the dashboard's pages and a trained checkpoint.

In a checkout they stand at its root. An installed package holds them in its folder `dashboard`.
"""

import os
from pathlib import Path

from sparsecbm.paths import path_of

_PACKAGE = Path(__file__).resolve().parent
_FOLDER = _PACKAGE / "dashboard" if (_PACKAGE / "dashboard").is_dir() else _PACKAGE.parent

#: The script that Streamlit runs; its folder holds the pages and Streamlit's settings too.
DASHBOARD = _FOLDER / "app.py"
#: The folder whose subfolders are the checkpoints that the dashboard always offers.
CHECKPOINTS = _FOLDER / "checkpoints"
#: The checkpoint that is used unless another one is named.
DEFAULT_CHECKPOINT = CHECKPOINTS / "cebab-minilm"
#: The environment variable that names the one that the dashboard starts with: a folder, or a Hub id.
CHECKPOINT_VARIABLE = "SPARSECBM_CHECKPOINT"
#: The environment variable that names folders of more checkpoints, separated as in PATH.
CHECKPOINTS_VARIABLE = "SPARSECBM_CHECKPOINTS"
#: The environment variable that names the dashboard's device.
DEVICE_VARIABLE = "SPARSECBM_DEVICE"


def default_checkpoint() -> str:
    """The checkpoint that the dashboard starts with: a folder, or a Hub id."""
    return os.environ.get(CHECKPOINT_VARIABLE) or str(DEFAULT_CHECKPOINT)


def named_folders() -> tuple[Path, ...]:
    """The folders of checkpoints that the environment names, whether they exist or not."""
    return tuple(path_of(part) for part in os.environ.get(CHECKPOINTS_VARIABLE, "").split(os.pathsep) if part)
