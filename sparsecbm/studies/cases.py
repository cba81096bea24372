"""The log as two tables: a row for each event, and a row for each case that a participant ended."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sparsecbm.studies.design import Trial
from sparsecbm.studies.log import Course, Event
from sparsecbm.studies.protocol import Moment, Protocol
from sparsecbm.studies.run import EDITING, ENDING, edits_of, events_of, step_of

Cells = dict[str, Any]


@dataclass(frozen=True)
class Column:
    """A column of an exported table: its type (text, whole, number or yes_no) and what it holds."""

    name: str
    type: str
    meaning: str


_WHO = (
    Column("study", "text", "id of the study"),
    Column("version", "whole", "version of the study's protocol"),
    Column("participant", "text", "random code of the participant"),
    Column("external_ids", "text", "parts of the participant's link that the study keeps, as JSON by name; empty where "
                                   "it keeps none"),
    Column("kind", "text", "person, dry_run (someone who tried the study out) or simulated"),
    Column("number", "whole", "participant's number, from 0, which with the seed decides arms and orders"),
)
_WHERE = (
    Column("position", "whole", "place of the case among all that the participant meets, from 0; empty outside cases"),
    Column("block", "whole", "place of the arm among the participant's arms, from 0"),
    Column("practice", "yes_no", "whether the case is for practice and counts for nothing"),
    Column("case", "text", "id of the case"),
    Column("arm", "text", "what the participant was offered: prediction, words, concepts, overrides or subnetworks, "
                          "each with all before it"),
)
EVENT_COLUMNS = (
    *_WHO,
    Column("sequence", "whole", "number of the event among the participant's, from 0 and without a gap"),
    Column("key", "text", "random key of the click"),
    Column("action", "text", "consent, answers, open (a case), first (answer before the prediction), set, unsure or "
                             "reset (a concept), revise (a subnetwork), undo, final (answer) or timeout"),
    *_WHERE,
    Column("concept", "text", "concept that was acted on"),
    Column("from", "text", "most probable value of the concept as it was shown before"),
    Column("to", "text", "value, or probability of each value, that the concept was set or revised to; for first and "
                         "final the label that was answered"),
    Column("portion", "number", "of a revision, largest share of each matrix's active weights that could be exchanged"),
    Column("steps", "whole", "of a revision, most steps"),
    Column("before_label", "text", "label that was shown before the event; empty where none was"),
    Column("after_label", "text", "label that was shown because of the event; empty where nothing new was"),
    Column("before", "text", "prediction that was shown before, as JSON: label, probabilities, concepts"),
    Column("after", "text", "prediction that was shown because of the event, as JSON"),
    Column("detail", "text", "of a revision, as JSON: hash of the changed weights, how many went and came"),
    Column("answers", "text", "answers to questions, as JSON by question"),
    Column("elapsed_ms", "whole", "milliseconds since the case was opened, by the clock that showed it"),
    Column("client_time", "text", "the participant's own clock, as it came"),
    Column("at", "text", "when the event was written, UTC, ISO 8601"),
)
_CASE_COLUMNS = (
    *_WHO, *_WHERE,
    Column("outcome", "text", "group that the case was drawn from"),
    Column("truth", "text", "true label"),
    Column("advice", "text", "label that the model showed first; empty when time was over before"),
    Column("advice_after", "text", "label that it showed last, with what the participant had set"),
    Column("first", "text", "participant's answer before the prediction was shown"),
    Column("final", "text", "participant's last answer; empty when time was over before"),
    Column("confidence_before", "whole", "answer to the first question for confidence asked before, 0 to 6"),
    Column("confidence_after", "whole", "answer to the first question for confidence asked after, 0 to 6"),
    Column("timed_out", "yes_no", "whether time was over before the last answer"),
    Column("seconds", "number", "seconds from opening to the end of the case, by the clock that showed it"),
    Column("seconds_written", "number", "the same between the times at which the events were written"),
    Column("interventions", "whole", "how often a concept was set, reset or marked not sure, or a subnetwork revised"),
    Column("undone", "whole", "how many of these were undone"),
    Column("set", "whole", "concepts that were set in the end"),
    Column("unsure", "whole", "concepts marked as not sure in the end"),
    Column("revised", "whole", "revisions in force in the end"),
    Column("order", "text", "concepts in the order in which they were acted on, with repetitions, separated by >"),
)


def case_columns(protocol: Protocol) -> tuple[Column, ...]:
    """The columns of `case_rows`: the fixed ones, then one for each question asked before or after a prediction."""
    asked = [question for question in protocol.questions if question.moment in ("before", "after")]
    return (*_CASE_COLUMNS, *(Column(f"question_{question.id}", "text" if question.kind == "text" else "whole",
                                     f"answer to: {question.text}") for question in asked))


def event_rows(courses: Iterable[Course]) -> list[Cells]:
    """A row for each event, in the participants' and then the log's order."""
    return [_event_row(course, event) for course in courses for event in course.events]


def case_rows(courses: Iterable[Course]) -> list[Cells]:
    """A row for each case that was ended, in the participants' and then their own order."""
    rows = []
    for course in courses:
        for trial in course.trials:
            events = events_of(course, trial.position)
            if events and events[-1].entry.action in ENDING:
                rows.append(_case_row(course, trial, events))
    return rows


def _who(course: Course) -> Cells:
    who = course.participant
    return {"study": who.study, "version": course.protocol.version, "participant": who.code,
            "external_ids": _json(who.external or None), "kind": who.kind, "number": who.number}


def _where(trial: Trial | None) -> Cells:
    names = ("position", "block", "practice", "case", "arm")
    return {name: None if trial is None else getattr(trial, name) for name in names}


def _event_row(course: Course, event: Event) -> Cells:
    entry = event.entry
    return _who(course) | _where(None if event.position is None else course.trials[event.position]) | {
        "sequence": entry.sequence, "key": entry.key, "action": entry.action, "concept": entry.concept,
        "from": event.from_, "to": entry.to, "portion": entry.portion, "steps": entry.steps,
        "before_label": event.before and event.before["label"], "after_label": event.after and event.after["label"],
        "before": _json(event.before), "after": _json(event.after), "detail": _json(event.detail),
        "answers": _json(entry.answers or None), "elapsed_ms": entry.elapsed_ms, "client_time": entry.client_time,
        "at": event.at}


def _case_row(course: Course, trial: Trial, events: tuple[Event, ...]) -> Cells:
    protocol, last, edits = course.protocol, events[-1], edits_of(events)
    case = protocol.case_of[trial.case]
    labels = [event.after["label"] for event in events if event.after is not None]
    answers = {name: given for event in events for name, given in event.entry.answers.items()}
    acted = [event.entry for event in events if event.entry.action in EDITING]
    entered = {event.entry.action: event.entry.to for event in events}
    elapsed = last.entry.elapsed_ms
    row = _who(course) | _where(trial) | {
        "outcome": case.outcome, "truth": case.label, "advice": labels[0] if labels else None,
        "advice_after": labels[-1] if labels else None, "first": entered.get("first"), "final": entered.get("final"),
        "confidence_before": answers.get(_confidence(protocol, "before")),
        "confidence_after": answers.get(_confidence(protocol, "after")),
        "timed_out": last.entry.action == "timeout", "seconds": None if elapsed is None else elapsed / 1000,
        "seconds_written": (last.time - events[0].time).total_seconds(), "interventions": len(acted),
        "undone": sum(event.entry.action == "undo" for event in events), "set": len(edits.overrides),
        "unsure": len(edits.unsure), "revised": len(edits.revisions),
        "order": ">".join(entry.concept or "" for entry in acted)}
    return row | {f"question_{question.id}": answers.get(question.id) for question in protocol.questions
                  if question.moment in ("before", "after")}


def _confidence(protocol: Protocol, moment: Moment) -> str:
    return next((question.id for question in protocol.asked(moment) if question.kind == "confidence"), "")


def _json(values: Any) -> str | None:
    return None if values is None else json.dumps(values, ensure_ascii=False, sort_keys=True)


@dataclass(frozen=True)
class ArmCount:
    """An arm: participants who have it, those who went through all of its cases, and its cases, ended and in all.

    Practice is not counted. `timed_out` are cases that ended without an answer.
    """

    arm: str
    participants: int
    finished: int
    cases: int
    cases_ended: int
    timed_out: int


@dataclass(frozen=True)
class Progress:
    """Participants who came, consented and finished, and the counts of each arm."""

    enrolled: int
    consented: int
    finished: int
    arms: tuple[ArmCount, ...]


def progress_of(protocol: Protocol, courses: Sequence[Course]) -> Progress:
    """The counts over some courses of a study."""
    stages = [step_of(course).stage for course in courses]
    return Progress(len(courses), sum(stage != "consent" for stage in stages), stages.count("done"),
                    tuple(_count(arm, courses) for arm in protocol.arms))


def _count(arm: str, courses: Sequence[Course]) -> ArmCount:
    participants = finished = cases = ended = timed_out = 0
    for course in courses:
        mine = {trial.position for trial in course.trials if trial.arm == arm and not trial.practice}
        last = [event.entry.action for event in course.events
                if event.position in mine and event.entry.action in ENDING]
        participants += bool(mine)
        finished += bool(mine) and len(last) == len(mine)
        cases += len(mine)
        ended += len(last)
        timed_out += last.count("timeout")
    return ArmCount(arm, participants, finished, cases, ended, timed_out)
