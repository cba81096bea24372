"""The study service: an entry is checked, the model predicts, and both are written before the participant sees it.

A press that comes twice gives the first outcome again, and one from an outdated window is refused; in both cases the
result holds the current course, to draw the screen from.
"""

import secrets
import threading
from collections.abc import Hashable, Sequence
from dataclasses import replace
from datetime import datetime

from cachetools import LRUCache

from sparsecbm.concepts.contributions import parse_override
from sparsecbm.errors import CheckpointError
from sparsecbm.revision.compute import DEFAULT_PORTION, DEFAULT_STEPS
from sparsecbm.revision.edit import MaskChange
from sparsecbm.service import Explainer
from sparsecbm.studies.log import Course, Entry, Event, Log, Recorded, Shown, now, stamp
from sparsecbm.studies.protocol import Protocol
from sparsecbm.studies.run import EDITING, Edits, Step, check, edits_of, events_of, is_late, step_of
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


class StudyService:
    """Writes what participants do into a log, with the model's predictions. Safe for many threads."""

    def __init__(self, log: Log, explainer: Explainer) -> None:
        self._log, self._answers = log, ModelAnswers(explainer)

    def act(self, code: str, entry: Entry, at: datetime | None = None) -> Recorded:
        """Do what a participant wants, at a time (default: now); once this returns, it is in the log.

        InputError when the entry does not fit the step or lacks something, CheckpointError when the loaded model is not
        the study's; then nothing is written.
        """
        course, moment = self._log.course(code), at or now()
        step = step_of(course)
        first = next((event for event in course.events if event.entry.key == entry.key), None)
        if first is not None:
            return Recorded("repeated", first, course)
        if entry.sequence != step.sequence:
            return Recorded("stale", None, course)
        if is_late(step, entry, moment):
            return Recorded("late", None, course)
        check(course, step, entry, moment)
        return self._log.append(code, self._event(course, step, entry, moment))

    def _event(self, course: Course, step: Step, entry: Entry, moment: datetime) -> Event:
        trial = step.trial
        if trial is None:
            return Event(entry, stamp(moment))
        case = course.protocol.case_of[trial.case]
        if entry.action == "revise":  # defaults are logged, so that a replay repeats them
            entry = replace(entry, portion=DEFAULT_PORTION if entry.portion is None else entry.portion,
                            steps=DEFAULT_STEPS if entry.steps is None else entry.steps)
        event = Event(entry, stamp(moment), trial.position, trial.case, before=step.shown)
        opens = entry.action == "first" or entry.action == "open" and not course.protocol.answer_first
        if not opens and entry.action not in (*EDITING, "undo"):
            return event
        self._answers.check(course.protocol)
        after = edits_of((*events_of(course, trial.position), event))
        seen = shown(self._answers.prediction(case.text, after))
        from_ = value_of(step.shown, entry.concept) if step.shown and entry.concept else None
        detail = None
        if entry.action == "revise":
            change = self._answers.changes(case.text, after.revisions)[-1]
            detail = {"digest": change.digest, "dropped": change.dropped_count, "grown": change.grown_count}
        return replace(event, after=seen, from_=from_, detail=detail)


def new_key() -> str:
    """A random key for one press."""
    return secrets.token_urlsafe(12)
