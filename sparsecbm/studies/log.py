"""What a participant did: entries that come in, events in the log, and what became of an entry."""

import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from sparsecbm.studies.design import Trial
from sparsecbm.studies.protocol import Protocol

Action = Literal["consent", "answers", "open", "first", "set", "unsure", "reset", "revise", "undo", "final", "timeout"]
Status = Literal["written", "repeated", "stale", "late"]
Note = Literal["started", "closed", "results", "exported", "withdrawn"]
#: Who takes part: people, people who try the study out, and programs. Each counts its own numbers from 0.
ParticipantKind = Literal["person", "dry_run", "simulated"]

#: A prediction as it was shown: label, probabilities by label, and probabilities by concept and value.
Shown = Mapping[str, Any]


@dataclass(frozen=True)
class Entry:
    """What a participant wants to do.

    sequence     the number that the event will have, which is that of the step that the screen showed
    key          random, one for each press of a button, so that a press that is sent twice counts once
    to           the label chosen, the value or distribution (`0.2,0.3,0.5`) that a concept is set or revised to
    portion      of a revision, largest share of active weights; steps, the most of them
    answers      by question, a number 0..6 or a text
    elapsed_ms   time since the case was opened, by the clock of whoever shows it
    client_time  the participant's own clock, as it came
    """

    action: Action
    sequence: int
    key: str
    concept: str | None = None
    to: str | None = None
    portion: float | None = None
    steps: int | None = None
    answers: Mapping[str, int | str] = field(default_factory=dict)
    elapsed_ms: int | None = None
    client_time: str | None = None


@dataclass(frozen=True)
class Event:
    """A line of the log: what was entered, where, the model's prediction before and after, and when it was written.

    `from_` is what the concept was before. `after` is what the participant sees of the model from here on; None where
    nothing of it is shown or it cannot change. `detail` says what a revision did. `at` is UTC in ISO 8601.
    """

    entry: Entry
    at: str
    position: int | None = None
    case: str | None = None
    from_: str | None = None
    before: Shown | None = None
    after: Shown | None = None
    detail: Mapping[str, Any] | None = None

    @property
    def time(self) -> datetime:
        """When it was written."""
        return datetime.fromisoformat(self.at)


@dataclass(frozen=True)
class Participant:
    """Someone who takes part, known by a random code. `external` are the parts of their link, by name, that the study
    keeps; without any, nothing else is known of them."""

    study: str
    code: str
    kind: ParticipantKind
    number: int
    external: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Course:
    """All data of a participant: the study, the trials in their order, and the log so far."""

    protocol: Protocol
    participant: Participant
    trials: tuple[Trial, ...]
    events: tuple[Event, ...]


@dataclass(frozen=True)
class Study:
    """A study in the database; `id` stands in its link. A closed one takes no new participants."""

    id: str
    protocol: Protocol
    created: datetime
    closed: bool
    started: bool = False

    @property
    def state(self) -> Literal["not started", "running", "closed"]:
        """Whether people may take part."""
        return "closed" if self.closed else "running" if self.started else "not started"


@dataclass(frozen=True)
class Logged:
    """What was done with a study: started, closed, results seen, exported, or a participant with that many `events`
    withdrawn."""

    kind: Note
    events: int
    time: datetime


@dataclass(frozen=True)
class Recorded:
    """What became of an entry, and the participant's course as it is now.

    written   it is in the database, as `event`
    repeated  the same press was written before, as `event`; nothing is written again
    stale     something else was written since the screen was drawn, e.g. in another window; nothing is written
    late      the time for the case is over; nothing is written, only a timeout can be
    """

    status: Status
    event: Event | None
    course: Course


@typing.runtime_checkable
class Log(typing.Protocol):
    """Where courses are read from and events written to."""

    def course(self, code: str) -> Course:
        """The course of the participant with a code; InputError when there is none."""

    def append(self, code: str, event: Event) -> Recorded:
        """Write an event; whatever the result, the course in it is the one that stands."""


def now() -> datetime:
    """The time by this machine's clock."""
    return datetime.now(UTC)


def stamp(time: datetime) -> str:
    """A time as the log keeps it: UTC to the millisecond."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds")
