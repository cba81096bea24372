"""The files that ship with the code: the dashboard's pages and a trained checkpoint.

In a checkout they stand at its root. An installed package holds them in its folder `dashboard`.
"""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_FOLDER = _PACKAGE / "dashboard" if (_PACKAGE / "dashboard").is_dir() else _PACKAGE.parent

#: The script that Streamlit runs; its folder holds the pages and Streamlit's settings too.
DASHBOARD = _FOLDER / "app.py"
#: The checkpoint that is used unless another one is named.
DEFAULT_CHECKPOINT = _FOLDER / "checkpoints" / "cebab-minilm"
#: The environment variable that names another one for the dashboard: a folder, or a Hub id.
CHECKPOINT_VARIABLE = "SPARSECBM_CHECKPOINT"
