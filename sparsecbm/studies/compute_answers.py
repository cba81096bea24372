"""The prediction of a case with a participant's edits: the same call when it is shown and when it is replayed."""

import threading
from collections.abc import Hashable, Sequence

from cachetools import LRUCache

from sparsecbm.concepts.distribution import parse_override
from sparsecbm.errors import CheckpointError
from sparsecbm.revision.compute import DEFAULT_PORTION, DEFAULT_STEPS
from sparsecbm.revision.edit import MaskChange
from sparsecbm.service import Explainer
from sparsecbm.studies.log import Entry, Shown
from sparsecbm.studies.protocol import Protocol
from sparsecbm.studies.run import Edits
from sparsecbm.types import Prediction

#: Revisions in the cache, at most some hundred kilobytes each: a case's next step starts from them.
REVISIONS_KEPT = 64


class ModelAnswers:
    """A model that predicts with edits in force. Safe for many threads."""

    def __init__(self, explainer: Explainer) -> None:
        self.explainer = explainer
        self._revised: LRUCache[Hashable, MaskChange] = LRUCache(REVISIONS_KEPT)
        self._lock = threading.Lock()

    def prediction(self, text: str, edits: Edits) -> Prediction:
        """The prediction with revisions, then overrides. InputError for an override that cannot be read."""
        before = self.explainer.predict_changed(text, effective(self.changes(text, edits.revisions)))
        settings = dict(parse_override(f"{concept}={to}", self.explainer.schema)
                        for concept, to in edits.overrides.items())
        return self.explainer.override(before, settings).after if settings else before

    def changes(self, text: str, revisions: Sequence[Entry]) -> tuple[MaskChange, ...]:
        """What each revision changes in the masks, after those before it; computed again where it is not in the cache.

        A change is empty where the model read the concept that way already.
        """
        made: tuple[MaskChange, ...] = ()
        asked: tuple[Hashable, ...] = ()
        for entry in revisions:
            asked = (*asked, (entry.concept, entry.to, entry.portion, entry.steps))
            with self._lock:
                change = self._revised.get((text, asked))
            if change is None:
                change = self.explainer.revise(
                    text, entry.concept or "", entry.to or "",
                    DEFAULT_PORTION if entry.portion is None else entry.portion,
                    DEFAULT_STEPS if entry.steps is None else entry.steps, effective(made)).revision.change
                with self._lock:
                    self._revised[text, asked] = change
            made = (*made, change)
        return made

    def check(self, protocol: Protocol) -> None:
        """CheckpointError unless the model is the one that a study was made for."""
        loaded = self.explainer.checkpoint
        if loaded.hash != protocol.checkpoint:
            raise CheckpointError(
                f"Study {protocol.name!r} was made for the checkpoint {protocol.checkpoint[:12]}, but {loaded.name} "
                f"({loaded.hash[:12]}) is loaded. Load the study's checkpoint, or make a new version of the study.")


def effective(changes: Sequence[MaskChange]) -> tuple[MaskChange, ...]:
    """The changes that are not empty."""
    return tuple(change for change in changes if change.dropped_count + change.grown_count)


def shown(prediction: Prediction) -> Shown:
    """A prediction as the log stores it; no number is rounded."""
    schema = prediction.schema
    concepts = prediction.concept_probabilities.tolist()
    return {
        "label": prediction.label,
        "probabilities": dict(zip(schema.labels, prediction.label_probabilities.tolist(), strict=True)),
        "concepts": {concept: dict(zip(schema.values, shares, strict=True))
                     for concept, shares in zip(schema.concepts, concepts, strict=True)},
    }


def value_of(seen: Shown, concept: str) -> str:
    """The most probable value of a concept in a prediction that was shown."""
    shares: dict[str, float] = seen["concepts"][concept]
    return max(shares, key=shares.__getitem__)
