"""The models behind the screens: each loaded once for all sessions, and noticed when its files are replaced meanwhile.

Only the explainers are shared, and nothing that a page does changes them. What one computes is cached in it, so a model
that is loaded anew begins with empty caches; what pages cache themselves has the checkpoint's hash in its key.
"""

import ctypes
import gc
import os
import sys
import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterator
from functools import partial
from pathlib import Path
from weakref import WeakValueDictionary

import streamlit as st

from sparsecbm.errors import CheckpointError
from sparsecbm.service import Explainer, content_hash
from sparsecbm.shipped import CHECKPOINT_VARIABLE as CHECKPOINT_VARIABLE
from sparsecbm.shipped import DEVICE_VARIABLE
from sparsecbm.ui.action_result import attempt, show_result
from sparsecbm.ui.chosen_model import chosen_model
from sparsecbm.ui.offered import offered
from sparsecbm.ui.visitor import require

#: So many models are kept; the one that was used longest ago makes room for the next.
MOST_LOADED = 2
_PLACE = "model:reload"


def load_explainer() -> Explainer:
    """The explainer of the model that this session shows. CheckpointError when its checkpoint is missing or broken."""
    return LOADED.get(chosen_model().source).explainer


def explainer_with(checkpoint: str) -> Explainer | None:
    """The explainer of the checkpoint with this hash, whichever the session shows; None where none such is offered.

    CheckpointError when it is broken.
    """
    for source in _sources(checkpoint):
        explainer = LOADED.get(source).explainer
        if explainer.checkpoint.hash == checkpoint:  # otherwise its files were replaced since it was loaded
            return explainer
    return None


def is_offered(checkpoint: str) -> bool:
    """True when a checkpoint of this hash is offered; it is not loaded."""
    return any(_sources(checkpoint))


def _sources(checkpoint: str) -> Iterator[str]:
    return (one.source for one in offered().values() if LOADED.hash_of(one.source) == checkpoint)


def other_explainer(folder: str) -> Explainer:
    """The explainer of another checkpoint, as its folder now is. CheckpointError when it is missing or broken."""
    model = LOADED.get(folder)
    if model.replaced_by() is not None:
        model.reload()
    return model.explainer


def model_notice() -> None:
    """Say when the checkpoint was replaced on disk after it was loaded, and offer to load the new one."""
    model = LOADED.get(chosen_model().source)
    on_disk = model.replaced_by()
    if on_disk is not None:
        loaded = model.explainer.checkpoint
        with st.container(horizontal=True, vertical_alignment="center"):
            st.warning(f"The checkpoint was replaced on disk. This page still uses model {loaded.hash[:12]}, which was "
                       f"loaded before; the folder now holds {on_disk[:12]}.", icon=":material/sync_problem:")
            st.button("Load the new model", key=f"{_PLACE}:go", on_click=attempt,
                      args=(_PLACE, partial(_reload, model), "The checkpoint cannot be read"),
                      help="For everybody who uses this server. It takes some seconds.")
    show_result(_PLACE)


def _reload(model: "LoadedModel") -> str:
    require("analyst")
    return model.reload()


class LoadedModel:
    """The explainer of a checkpoint, loaded unless it is given, and what its folder looked like at that time."""

    def __init__(self, source: str, explainer: Explainer | None = None) -> None:
        self._source, self._lock = source, threading.Lock()
        self._stamp: Hashable = None
        self._keep(explainer or self._load())

    def _load(self) -> Explainer:
        return Explainer.load(self._source, os.environ.get(DEVICE_VARIABLE) or None)

    def _keep(self, explainer: Explainer) -> None:
        self.explainer = explainer
        self._on_disk, self._stamp = explainer.checkpoint.hash, None  # the first page looks what lies there now
        _collect()

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
            self._keep(self._load())
        return f"Model {self.explainer.checkpoint.hash[:12]} is loaded."


def _stamp(folder: Path) -> Hashable:
    """Which files a folder has, how large they are, and when they were written."""
    stats = ((file.name, file.stat()) for file in folder.iterdir() if file.is_file())
    return tuple(sorted((name, stat.st_mtime_ns, stat.st_size) for name, stat in stats))


def _whole(source: str) -> str:
    """The same for every way to write the path of a folder."""
    return os.path.abspath(source) if os.path.isdir(source) else source


def _collect() -> None:
    """Free the models that nobody uses any more, and spare later collections what lives long."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def _share_arenas(most: int = 2) -> None:
    """Have all threads allocate from a few arenas, where the C library is glibc.

    Otherwise each thread gets its own, which keeps what a pass has freed, and Streamlit runs a page in a thread of its
    own: twenty visitors took 550 MB more, where they take 190.
    """
    if sys.platform == "linux" and hasattr(c_library := ctypes.CDLL(None), "mallopt"):
        c_library.mallopt(-8, most)  # M_ARENA_MAX of malloc.h


class LoadedModels:
    """At most `most` models; the one that was used longest ago makes room for the next. Safe for many threads.

    Who uses a model that has made room keeps it until they are done. If it is wanted again before that, it is the same
    one: no model is in memory twice.
    """

    def __init__(self, most: int) -> None:
        self._most, self._lock, self._loading = most, threading.Lock(), threading.Lock()
        self._kept: OrderedDict[str, LoadedModel] = OrderedDict()
        self._alive: WeakValueDictionary[str, Explainer] = WeakValueDictionary()
        self._hashes: dict[str, tuple[Hashable, str]] = {}

    def get(self, source: str) -> LoadedModel:
        """The model of a folder or Hub id, loaded where it is not. CheckpointError when it cannot be."""
        source = _whole(source)
        found = self._found(source)
        if found is not None:
            return found
        with self._loading:  # one after the other; those that are loaded can be used meanwhile
            found = self._found(source)
            if found is None:
                if self._make_room():
                    _collect()
                found = LoadedModel(source, self._alive.get(source))
                with self._lock:
                    self._kept[source] = found
            return found

    @property
    def count(self) -> int:
        """How many are kept."""
        with self._lock:
            return len(self._kept)

    def hash_of(self, source: str) -> str | None:
        """The hash of a model, without loading it; None where it cannot be read on this machine."""
        source = _whole(source)
        with self._lock:
            kept = self._kept.get(source)
        if kept is not None:
            return kept.explainer.checkpoint.hash
        try:
            stamp = _stamp(Path(source))
            if source not in self._hashes or self._hashes[source][0] != stamp:
                self._hashes[source] = stamp, content_hash(Path(source))
            return self._hashes[source][1]
        except OSError:
            return None

    def _make_room(self) -> bool:
        with self._lock:
            full = len(self._kept) >= self._most
            if full:
                source, model = self._kept.popitem(last=False)
                self._alive[source] = model.explainer
            return full

    def _found(self, source: str) -> LoadedModel | None:
        with self._lock:
            found = self._kept.get(source)
            if found is not None:
                self._kept.move_to_end(source)
            return found


#: The models of this process.
LOADED = LoadedModels(MOST_LOADED)
_share_arenas()
