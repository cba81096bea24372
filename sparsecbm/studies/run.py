"""A participant's course through a study: the next step, from the log alone.

    consent -> start -> (ready -> first -> help) for each trial -> end -> done

`start` and `end` are left out where no question is asked then, `first` where the study shows the prediction at once.
A timeout ends a trial from `first` or `help`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sparsecbm.errors import InputError, unknown_name
from sparsecbm.studies.design import Trial
from sparsecbm.studies.log import Action, Course, Entry, Event, Shown
from sparsecbm.studies.protocol import HIGHEST, LONGEST, Moment, Protocol, Question, can_be_stored, offers

Stage = Literal["consent", "start", "ready", "first", "help", "end", "done"]

#: What changes concepts and masks and can be undone.
EDITING: tuple[Action, ...] = ("set", "unsure", "reset", "revise")
ENDING: tuple[Action, ...] = ("final", "timeout")
#: An answer that arrives this much after the end of its time still counts: it was on its way.
GRACE = timedelta(seconds=2)

_ASKED: Mapping[tuple[Stage, Action], Moment] = {
    ("start", "answers"): "start", ("first", "first"): "before", ("help", "final"): "after", ("end", "answers"): "end"}


@dataclass(frozen=True)
class Edits:
    """The edits of a case that are in force: concepts set, as entered, concepts marked as not sure, and revisions."""

    overrides: Mapping[str, str]
    unsure: tuple[str, ...]
    revisions: tuple[Entry, ...]
    undoable: int


@dataclass(frozen=True)
class Step:
    """Where a participant is.

    sequence  the number that the next event must have
    allowed   actions that may come next
    shown     the prediction that the participant sees now; None where none is shown
    deadline  when the time for the case is over
    finished  trials done, of `total`
    """

    stage: Stage
    sequence: int
    allowed: tuple[Action, ...]
    trial: Trial | None
    edits: Edits
    shown: Shown | None
    deadline: datetime | None
    finished: int
    total: int


def step_of(course: Course) -> Step:
    """The next step of a participant."""
    protocol, events = course.protocol, course.events
    finished = sum(event.entry.action in ENDING for event in events)
    stage = _stage(course, finished)
    trial = course.trials[finished] if stage in ("ready", "first", "help") else None
    here = events_of(course, trial.position) if trial else ()
    shown = next((event.after for event in reversed(here) if event.after is not None), None)
    limit = protocol.time_limit_s
    deadline = here[0].time + timedelta(seconds=limit) if here and limit is not None else None
    edits = edits_of(here)
    return Step(stage, len(events), _allowed(protocol, stage, trial, edits), trial, edits, shown, deadline, finished,
                len(course.trials))


def events_of(course: Course, position: int) -> tuple[Event, ...]:
    """The events of one trial."""
    return tuple(event for event in course.events if event.position == position)


def edits_of(events: Sequence[Event]) -> Edits:
    """The edits in force after some events of one trial."""
    done: list[Entry] = []
    for event in events:
        if event.entry.action == "undo":
            done.pop()
        elif event.entry.action in EDITING:
            done.append(event.entry)
    overrides, unsure, revisions = dict[str, str](), dict[str, None](), list[Entry]()
    for entry in done:
        if entry.action == "revise":
            revisions.append(entry)
            continue
        concept = entry.concept or ""
        overrides.pop(concept, None)
        unsure.pop(concept, None)
        if entry.action == "set":
            overrides[concept] = entry.to or ""
        elif entry.action == "unsure":
            unsure[concept] = None
    return Edits(overrides, tuple(unsure), tuple(revisions), len(done))


def is_late(step: Step, entry: Entry, at: datetime) -> bool:
    """True when the time for the case is over and the entry is not a timeout."""
    return entry.action != "timeout" and step.deadline is not None and at > step.deadline + GRACE


def check(course: Course, step: Step, entry: Entry, at: datetime) -> None:
    """InputError when an entry does not fit this step or lacks something."""
    if entry.action not in step.allowed:
        raise InputError(unknown_name("action", entry.action, step.allowed) + f" The participant is at {step.stage!r}.")
    if entry.action == "timeout" and step.deadline is not None and at < step.deadline:
        raise InputError(f"The timeout came before {step.deadline.isoformat()}; allowed: from then on.")
    texts = (entry.key, entry.client_time, entry.to, *entry.answers.values())
    if any(isinstance(text, str) and not can_be_stored(text) for text in texts):
        raise InputError("A text has a character that cannot be stored; allowed: all but NUL and half of a Unicode "
                         "pair.")
    if not 0 < len(entry.key) <= LONGEST["id"] or len(entry.client_time or "") > LONGEST["id"]:
        raise InputError(f"The key has {len(entry.key)} characters, the client time {len(entry.client_time or '')}; "
                         f"allowed: up to {LONGEST['id']}. Use a random key for each press.")
    if entry.elapsed_ms is not None and not 0 <= entry.elapsed_ms < 2**53:
        raise InputError(f"Got {entry.elapsed_ms} ms; allowed: 0 or more, counted from when the case was opened.")
    schema = course.protocol.schema
    if entry.action in EDITING:
        schema.concept_index(entry.concept or "")
    if entry.action in ("first", "final"):
        schema.label_index(entry.to or "")
    if entry.action == "revise":
        schema.value_index(entry.to or "", entry.concept)
    moment = _ASKED.get((step.stage, entry.action))
    _check_answers(course.protocol.asked(moment) if moment else (), entry.answers)


def _stage(course: Course, finished: int) -> Stage:
    protocol, actions = course.protocol, [event.entry.action for event in course.events]
    if "consent" not in actions:
        return "consent"
    answered = actions.count("answers")
    if protocol.asked("start") and not answered:
        return "start"
    if finished < len(course.trials):
        here = [event.entry.action for event in events_of(course, finished)]
        if not here:
            return "ready"
        return "first" if protocol.answer_first and "first" not in here else "help"
    return "end" if protocol.asked("end") and answered <= bool(protocol.asked("start")) else "done"


def _allowed(protocol: Protocol, stage: Stage, trial: Trial | None, edits: Edits) -> tuple[Action, ...]:
    timeout: tuple[Action, ...] = () if protocol.time_limit_s is None else ("timeout",)
    if stage == "first":
        return ("first", *timeout)
    if stage == "help" and trial is not None:
        setting: tuple[Action, ...] = ("set", "unsure", "reset") if offers(trial.arm, "overrides") else ()
        revising: tuple[Action, ...] = ("revise",) if offers(trial.arm, "subnetworks") else ()
        undoing: tuple[Action, ...] = ("undo",) if edits.undoable else ()
        return (*setting, *revising, *undoing, "final", *timeout)
    plain: Mapping[Stage, tuple[Action, ...]] = {
        "consent": ("consent",), "start": ("answers",), "end": ("answers",), "ready": ("open",)}
    return plain.get(stage, ())


def _check_answers(questions: Sequence[Question], answers: Mapping[str, int | str]) -> None:
    known = {question.id: question for question in questions}
    for name in answers:
        if name not in known:
            raise InputError(unknown_name("question", name, tuple(known)))
    for name, question in known.items():
        given = answers.get(name)
        blank = given is None or isinstance(given, str) and not given.strip()
        if blank and question.required:
            raise InputError(f"Question {name!r} has no answer. Answer it to go on.")
        if question.kind == "text":
            fits = given is None or isinstance(given, str) and len(given) <= LONGEST["answer"]
        else:
            fits = given is None or type(given) is int and 0 <= given <= HIGHEST
        if not fits:
            allowed = f"up to {LONGEST['answer']:,} characters" if question.kind == "text" else f"0 to {HIGHEST}"
            raise InputError(f"Question {name!r} has the answer {str(given)[:40]!r}; allowed: {allowed}.")
