"""Predictions of whole sources: worked out once for all sessions, and those of the shipped samples once for all starts.

The samples' predictions lie in a file of the user's cache folder, and a checkpoint may bring a copy of it. A file is
believed only where checkpoint, concepts and texts are the same and its content is whole; otherwise the samples are
predicted again.
"""

import hashlib
import json
import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from cachetools import LRUCache
from platformdirs import user_cache_path

from sparsecbm.data.samples import load_samples
from sparsecbm.paths import path_in, write_text
from sparsecbm.service import Explainer
from sparsecbm.types import Predictions

log = logging.getLogger(__name__)

#: Names another folder for the cache than the user's own.
CACHE_VARIABLE = "SPARSECBM_CACHE"
#: A checkpoint's own copy of the file. Its hash does not cover it.
SHIPPED_FILE = "samples.json"
#: Rows that are predicted at a time. When the work is stopped, the windows that are done stay.
WINDOW = 256
#: The rows of all sources together whose predictions are kept in memory, some hundred bytes each.
MOST_ROWS = 200_000
_FORMAT = 1
#: A file of the samples' predictions has some 100 kB; a larger one is not ours.
_MOST_BYTES = 2**23
_ARRAYS = ("label_probabilities", "concept_probabilities", "truncated")
_UNLIKE = "unlike"  # another one, None where that was not measured

Progress = Callable[[float], None]


def cache_folder() -> Path:
    """Where files lie that can be worked out again."""
    return path_in(CACHE_VARIABLE) or user_cache_path("sparsecbm")


class _Source:
    """The finished windows of one source. Who holds the lock works out the next one."""

    def __init__(self) -> None:
        self.lock, self.done = threading.Lock(), list[Predictions]()


class PredictionStore:
    """Predictions by checkpoint and texts; the least recently used go first.

    Sessions that ask for the same at once share the work.
    """

    def __init__(self, most_rows: int = MOST_ROWS) -> None:
        self._lock, self._kept = threading.Lock(), LRUCache[str, tuple[_Source, int]](most_rows, lambda one: one[1])

    def predict(self, explainer: Explainer, texts: Sequence[str], progress: Progress = lambda _: None) -> Predictions:
        """Concepts and labels of the texts, in their order.

        `progress` gets the share done, 0..1, and may raise Cancelled: the next call goes on after the finished windows.
        """
        source = self._of(explainer, texts)
        for number, start in enumerate(range(0, len(texts), WINDOW)):
            window = texts[start:start + WINDOW]

            def report(share: float, start: int = start, window: Sequence[str] = window) -> None:
                progress((start + share * len(window)) / len(texts))

            with source.lock:
                if len(source.done) == number:
                    source.done.append(explainer.predict_texts(window, (), report))
                    if start + len(window) == len(texts) and _are_samples(explainer, texts):
                        _save(_joined(source.done, explainer), explainer, texts)
            report(1.0)
        return _joined(source.done, explainer)

    def finished(self, explainer: Explainer, texts: Sequence[str]) -> int:
        """How many of the texts are predicted already."""
        return sum(map(len, self._of(explainer, texts).done))

    def _of(self, explainer: Explainer, texts: Sequence[str]) -> _Source:
        key = _key(explainer, texts)
        with self._lock:
            if key not in self._kept:
                new = _Source(), len(texts)
                found = None
                if _are_samples(explainer, texts):
                    shipped = explainer.checkpoint.path / SHIPPED_FILE
                    found = _load(_path(explainer, texts), explainer, texts) or _load(shipped, explainer, texts)
                if found is not None:
                    new[0].done = [_window(found, start) for start in range(0, len(texts), WINDOW)]
                if len(texts) > self._kept.maxsize:
                    return new[0]
                self._kept[key] = new
            return self._kept[key][0]


def _joined(parts: Sequence[Predictions], explainer: Explainer) -> Predictions:
    if not parts:
        return explainer.predict_texts(())
    unlike = [part.unlike for part in parts if part.unlike is not None]
    arrays = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _ARRAYS}
    return Predictions(explainer.schema, **arrays, unlike=np.concatenate(unlike) if unlike else None)


def _window(found: Predictions, start: int) -> Predictions:
    rows = slice(start, start + WINDOW)
    return Predictions(found.schema, **{name: getattr(found, name)[rows] for name in _ARRAYS},
                       unlike=None if found.unlike is None else found.unlike[rows])


def _key(explainer: Explainer, texts: Sequence[str]) -> str:
    schema = explainer.schema
    familiarity = explainer.checkpoint.familiarity
    of = (explainer.checkpoint.hash, *((familiarity,) if familiarity else ()), schema.concepts, schema.values,
          schema.labels, tuple(texts))
    return hashlib.sha256(repr(of).encode("utf-8", "replace")).hexdigest()


def _are_samples(explainer: Explainer, texts: Sequence[str]) -> bool:
    samples = load_samples(explainer.schema)
    return bool(texts) and len(texts) == len(samples) and tuple(texts) == tuple(sample.text for sample in samples)


def _path(explainer: Explainer, texts: Sequence[str]) -> Path:
    return cache_folder() / f"samples-{_key(explainer, texts)[:32]}.json"


def _load(path: Path, explainer: Explainer, texts: Sequence[str]) -> Predictions | None:
    """The predictions of the samples as they lie in a file; None where there are none that can be believed."""
    schema = explainer.schema
    try:
        with path.open("rb") as file:
            found = json.loads(file.read(_MOST_BYTES))
        content, key = found["predictions"], [_FORMAT, _key(explainer, texts)]
        if [found["format"], found["key"]] != key or found["sha256"] != _digest(content):
            return None
        labels, concepts = (np.array(content[name], dtype=np.float32) for name in _ARRAYS[:2])
        truncated = np.array(content["truncated"], dtype=bool)
        unlike = None if content.get(_UNLIKE) is None else np.array(content[_UNLIKE], dtype=np.float64)
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
    rows = len(texts)
    if (labels.shape, concepts.shape, truncated.shape) != (
            (rows, len(schema.labels)), (rows, len(schema.concepts), len(schema.values)), (rows,)) or (
            unlike is not None and unlike.shape != (rows,)):
        return None
    return Predictions(schema, labels, concepts, truncated, unlike=unlike)


def _save(predictions: Predictions, explainer: Explainer, texts: Sequence[str]) -> None:
    """Keep the predictions of the samples; where that fails, they are worked out again after the next start."""
    path = _path(explainer, texts)
    content = {name: getattr(predictions, name).tolist() for name in _ARRAYS}
    content[_UNLIKE] = None if predictions.unlike is None else predictions.unlike.tolist()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, json.dumps({"format": _FORMAT, "key": _key(explainer, texts), "sha256": _digest(content),
                                     "predictions": content}))
    except OSError as error:
        log.warning("The predictions of the samples cannot be kept in %s: %s", path.parent, error.strerror or error)


def _digest(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
