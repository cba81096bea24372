"""The model behind the screens: loaded once for all sessions, and noticed when its files are replaced meanwhile.

Only the explainer is shared, and nothing that a page does changes it. What it computes is cached in it, so a model that
is loaded anew begins with empty caches; what pages cache themselves has the checkpoint's hash in its key.
"""

import gc
import os
import threading
from collections.abc import Hashable
from pathlib import Path

import streamlit as st

from sparsecbm.errors import CheckpointError
from sparsecbm.service import Explainer
from sparsecbm.shipped import CHECKPOINT_VARIABLE, DEFAULT_CHECKPOINT
from sparsecbm.ui.action_result import attempt, show_result

_PLACE = "model:reload"


def load_explainer() -> Explainer:
    """The explainer of this process. CheckpointError when its checkpoint is missing or broken."""
    return _loaded(os.environ.get(CHECKPOINT_VARIABLE) or str(DEFAULT_CHECKPOINT)).explainer


def model_notice() -> None:
    """Say when the checkpoint was replaced on disk after it was loaded, and offer to load the new one."""
    model = _loaded(os.environ.get(CHECKPOINT_VARIABLE) or str(DEFAULT_CHECKPOINT))
    on_disk = model.replaced_by()
    if on_disk is not None:
        loaded = model.explainer.checkpoint
        with st.container(horizontal=True, vertical_alignment="center"):
            st.warning(f"The checkpoint was replaced on disk. This page still uses model {loaded.hash[:12]}, which was "
                       f"loaded before; the folder now holds {on_disk[:12]}.", icon=":material/sync_problem:")
            st.button("Load the new model", key=f"{_PLACE}:go", on_click=attempt,
                      args=(_PLACE, model.reload, "The checkpoint cannot be read"),
                      help="For everybody who uses this server. It takes some seconds.")
    show_result(_PLACE)


class LoadedModel:
    """The explainer of a checkpoint, and what its folder looked like when it was loaded."""

    def __init__(self, source: str) -> None:
        self._source, self._lock = source, threading.Lock()
        self._stamp: Hashable = None
        self._load()

    def _load(self) -> None:
        self.explainer = Explainer.load(self._source)
        self._on_disk, self._stamp = self.explainer.checkpoint.hash, None  # the first page looks what lies there now
        gc.collect()
        gc.freeze()  # what lives as long as the process need not be looked through again

    def replaced_by(self) -> str | None:
        """The hash of the model that now lies in the folder, None where it is the loaded one.

        Files are read only when their size or time differs from what was read before. Measurements and card, which may
        be rewritten under a loaded model, are taken over.
        """
        with self._lock:
            loaded = self.explainer.checkpoint
            try:
                stamp = _stamp(loaded.path)
                if stamp != self._stamp:
                    self._on_disk, self._stamp = self.explainer.renew_notes(), stamp
            except (OSError, CheckpointError):  # somebody is writing: the next page looks again
                return None
            return None if self._on_disk == loaded.hash else self._on_disk

    def reload(self) -> str:
        """Load what the folder holds now; the old model stays where the new one is broken."""
        with self._lock:
            self._load()
        return f"Model {self.explainer.checkpoint.hash[:12]} is loaded."


def _stamp(folder: Path) -> Hashable:
    """Which files a folder has, how large they are, and when they were written."""
    stats = ((file.name, file.stat()) for file in folder.iterdir() if file.is_file())
    return tuple(sorted((name, stat.st_mtime_ns, stat.st_size) for name, stat in stats))


@st.cache_resource(max_entries=1, show_spinner=False)
def _loaded(source: str) -> LoadedModel:
    return LoadedModel(source)
