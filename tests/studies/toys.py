"""Small protocols, and courses written by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sparsecbm.studies.design import trials
from sparsecbm.studies.log import Course, Entry, Event, Participant, Shown, stamp
from sparsecbm.studies.protocol import Case, Protocol
from tests.helpers import TOY

#: When every hand-made course begins.
START = datetime(2026, 1, 31, 12, tzinfo=UTC)


def a_protocol(count: int = 4, **changes: Any) -> Protocol:
    """A study within participants, of the prediction only and of overrides; every case is good for its soup."""
    made = tuple(Case(f"c{i}", f"The soup was tasty, visit {i}.", "good", {"soup": "Positive"}) for i in range(count))
    settings: dict[str, Any] = {"name": "Soup", "consent": "I take part.", "schema": TOY, "checkpoint": "hash",
                                "arms": ("prediction", "overrides"), "cases": made, "data_hash": "data"}
    return Protocol(**settings | changes)


def seen(label: str, share: float = 0.8) -> Shown:
    """A prediction that gives a label so much."""
    rest = (1 - share) / (len(TOY.labels) - 1)
    return {"label": label, "probabilities": {name: share if name == label else rest for name in TOY.labels},
            "concepts": {name: {"Negative": 0.2, "unknown": 0.1, "Positive": 0.7} for name in TOY.concepts}}


def an_event(action: str, sequence: int, seconds: float = 0, **fields: Any) -> Event:
    """An event so many seconds after START; fields of the entry or of the event."""
    of_entry = {name: fields.pop(name) for name in list(fields) if name in Entry.__dataclass_fields__}
    entry = Entry(action, sequence, f"key {sequence}", **of_entry)  # type: ignore[arg-type]
    return Event(entry, stamp(START + timedelta(seconds=seconds)), **fields)


#: Of a case: answer before, the model's answer, last answer (None: time was over), confidence, seconds.
Judged = tuple[str, str, str | None, int, float]


def judged_course(protocol: Protocol, number: int, judged: Mapping[str, Judged], edits: Sequence[Entry] = ()) -> Course:
    """A whole course without practice; `edits` are made in every case of an arm that allows them."""
    events = [an_event("consent", 0)]
    for trial in trials(protocol, number):
        first, advice, last, confidence, seconds = judged[trial.case]
        here: dict[str, Any] = {"position": trial.position, "case": trial.case}
        events.append(an_event("open", len(events), **here))
        events.append(an_event("first", len(events), to=first, after=seen(advice), answers={"confidence_before": 3},
                               **here))
        for entry in edits if trial.arm == "overrides" else ():
            numbered = replace(entry, sequence=len(events), key=f"key {len(events)}")
            events.append(Event(numbered, stamp(START), before=seen(advice), after=seen(advice), **here))
        end: dict[str, Any] = {"elapsed_ms": int(1000 * seconds), **here}
        if last is None:
            events.append(an_event("timeout", len(events), seconds, **end))
        else:
            events.append(an_event("final", len(events), seconds, to=last, answers={"confidence_after": confidence},
                                   **end))
    return Course(protocol, Participant("s", f"P{number}", "person", number), trials(protocol, number), tuple(events))
