"""The study service: an entry is checked, the model predicts, and both are written before the participant sees it.

A press that comes twice gives the first outcome again, and one from an outdated window is refused; in both cases the
result holds the current course, to draw the screen from.
"""

import secrets
from dataclasses import replace
from datetime import datetime

from sparsecbm.revision.compute import DEFAULT_PORTION, DEFAULT_STEPS
from sparsecbm.service import Explainer
from sparsecbm.studies.compute_answers import ModelAnswers, shown, value_of
from sparsecbm.studies.log import Course, Entry, Event, Log, Recorded, now, stamp
from sparsecbm.studies.run import EDITING, Step, check, edits_of, events_of, is_late, step_of


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
