"""The tables of the database, and participants, trials and events as their rows.

Corrections lie in the same database; `corrections.compute_store` reads and writes them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    Text,
    UniqueConstraint,
    and_,
    insert,
    select,
)

from sparsecbm.errors import InputError
from sparsecbm.studies.design import Trial
from sparsecbm.studies.log import Course, Entry, Event, Participant
from sparsecbm.studies.protocol import Protocol

metadata = MetaData(naming_convention={
    "pk": "pk_%(table_name)s", "fk": "fk_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s", "ix": "ix_%(table_name)s_%(column_0_N_name)s",
})

#: Counts up and is never used again; SQLite counts up in this type only.
_NUMBER = BigInteger().with_variant(Integer, "sqlite")
_JSON = JSON(none_as_null=True)


def _number() -> Column[int]:
    return Column("id", _NUMBER, primary_key=True, autoincrement=True)


def _belongs_to(column: str, target: str, whole: bool = True, key: bool = False) -> Column[int]:
    """A reference to another table; with `whole`, the row goes with the one that it belongs to."""
    return Column(column, ForeignKey(target, ondelete="CASCADE" if whole else None), primary_key=key, nullable=False,
                  index=not key and not whole)


study = Table(
    "study", metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(80), nullable=False),
    Column("version", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("checkpoint", String(200), nullable=False),
    Column("data_hash", String(200), nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("protocol", _JSON, nullable=False),
    Column("created", String(32), nullable=False),
    UniqueConstraint("name", "version"),
)

participant = Table(
    "participant", metadata,
    _number(),
    _belongs_to("study_id", "study.id", whole=False),
    Column("code", String(32), nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    Column("number", Integer, nullable=False),
    Column("created", String(32), nullable=False),
    Column("external", _JSON),
    UniqueConstraint("study_id", "kind", "number"),
    sqlite_autoincrement=True,
)

assignment = Table(
    "assignment", metadata,
    _belongs_to("participant_id", "participant.id", key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("block", Integer, nullable=False),
    Column("case_id", String(80), nullable=False),
    Column("arm", String(16), nullable=False),
    Column("practice", Boolean, nullable=False),
)

event = Table(
    "event", metadata,
    _number(),
    _belongs_to("participant_id", "participant.id"),
    Column("sequence", Integer, nullable=False),
    Column("key", String(80), nullable=False),
    Column("action", String(16), nullable=False),
    Column("position", Integer),
    Column("case_id", String(80)),
    Column("concept", Text),
    Column("from_value", Text),
    Column("to_value", Text),
    Column("portion", Double),
    Column("steps", Integer),
    Column("before", _JSON),
    Column("after", _JSON),
    Column("detail", _JSON),
    Column("elapsed_ms", BigInteger),
    Column("client_time", String(80)),
    Column("at", String(32), nullable=False),
    UniqueConstraint("participant_id", "sequence"),
    UniqueConstraint("participant_id", "key"),
    sqlite_autoincrement=True,
)

answer = Table(
    "answer", metadata,
    _belongs_to("event_id", "event.id", key=True),
    Column("question", String(80), primary_key=True),
    Column("number", Integer),
    Column("text", Text),
)

log = Table(
    "log", metadata,
    _number(),
    _belongs_to("study_id", "study.id", whole=False),
    Column("kind", String(16), nullable=False),
    Column("events", BigInteger, nullable=False),
    Column("at", String(32), nullable=False),
    sqlite_autoincrement=True,
)

correction = Table(
    "correction", metadata,
    _number(),
    Column("uid", String(32), nullable=False, unique=True),
    Column("schema", String(16), nullable=False),
    Column("text_hash", String(64), nullable=False),
    Column("text", Text, nullable=False),
    Column("field", Text, nullable=False),
    Column("from_value", Text, nullable=False),
    Column("to_value", Text, nullable=False),
    Column("who", String(80), nullable=False),
    Column("at", String(32), nullable=False),
    Column("checkpoint", String(200), nullable=False),
    Index("ix_correction_schema_text_hash", "schema", "text_hash"),
    sqlite_autoincrement=True,
)

correction_undo = Table(
    "correction_undo", metadata,
    _number(),
    Column("correction_id", ForeignKey("correction.id"), nullable=False, unique=True),
    Column("who", String(80), nullable=False),
    Column("at", String(32), nullable=False),
    sqlite_autoincrement=True,
)


#: A row of a query, by its columns' names: SQLAlchemy's own class cannot be checked while tests run.
Found = Any

#: Field of an entry, then of an event -> column.
_ENTRY = {name: name for name in ("action", "sequence", "key", "concept", "portion", "steps", "elapsed_ms",
                                  "client_time")} | {"to": "to_value"}
_EVENT = {name: name for name in ("at", "position", "before", "after", "detail")} | {
    "case": "case_id", "from_": "from_value"}


def add_event(connection: Connection, participant_id: int, one: Event) -> None:
    """Write an event and its answers."""
    cells = {column: getattr(one.entry, name) for name, column in _ENTRY.items()} | {
        column: getattr(one, name) for name, column in _EVENT.items()}
    made = connection.execute(insert(event).values(participant_id=participant_id, **cells).returning(event.c.id))
    event_id = made.scalar_one()
    if one.entry.answers:
        connection.execute(insert(answer), [
            {"event_id": event_id, "question": question, "number": given if isinstance(given, int) else None,
             "text": given if isinstance(given, str) else None}
            for question, given in one.entry.answers.items()])


def add_trials(connection: Connection, participant_id: int, trials: Iterable[Trial]) -> None:
    """Write a participant's assignment."""
    connection.execute(insert(assignment), [
        {"participant_id": participant_id, "position": one.position, "block": one.block, "case_id": one.case,
         "arm": one.arm, "practice": one.practice} for one in trials])


def read_person(connection: Connection, code: str, lock: bool = False) -> Found:
    """The row of the participant with a code, held for the transaction with `lock`; InputError when there is none."""
    letters = "".join(c for c in code.upper() if c.isalnum())
    plain = "-".join(letters[i : i + 4] for i in range(0, len(letters), 4))
    wanted = select(participant).where(participant.c.code == plain)
    row = connection.execute(wanted.with_for_update() if lock else wanted).one_or_none()
    if row is None:
        raise InputError("No participant has this code; allowed: the code that was shown after the consent, e.g. "
                         "K7QX-M2RD-9AHT. Check each letter; the data of withdrawn participants are gone.")
    return row


def read_course(connection: Connection, person: Found, protocol: Protocol, known: Course | None) -> Course:
    """The course of one participant. What is `known` of it is not read again: rows never change."""
    if known is None:
        return read_courses(connection, [person], {person.study_id: protocol})[0]
    ids = select(participant.c.id).where(participant.c.id == person.id)
    return replace(known, events=known.events + _read_events(connection, ids, len(known.events)).get(person.id, ()))


def read_courses(
    connection: Connection, people: Sequence[Found], protocols: Mapping[str, Protocol]
) -> tuple[Course, ...]:
    """The courses of some participants, in the same order; `protocols` by study."""
    ids = select(participant.c.id).where(participant.c.id.in_([person.id for person in people]))
    assigned, events = _read_trials(connection, ids), _read_events(connection, ids)
    return tuple(Course(
        protocols[person.study_id],
        Participant(person.study_id, person.code, person.kind, person.number, person.external or {}),
        assigned[person.id], events.get(person.id, ())) for person in people)


def _read_trials(connection: Connection, participants: Select[tuple[int]]) -> dict[int, tuple[Trial, ...]]:
    found: dict[int, list[Trial]] = {}
    for row in connection.execute(select(assignment).where(assignment.c.participant_id.in_(participants))
                                  .order_by(assignment.c.participant_id, assignment.c.position)):
        found.setdefault(row.participant_id, []).append(
            Trial(row.position, row.block, row.case_id, row.arm, row.practice))
    return {participant: tuple(trials) for participant, trials in found.items()}


def _read_events(
    connection: Connection, participants: Select[tuple[int]], first: int = 0
) -> dict[int, tuple[Event, ...]]:
    wanted = and_(event.c.participant_id.in_(participants), event.c.sequence >= first)
    answers: dict[int, dict[str, int | str]] = {}
    for row in connection.execute(select(answer).join(event, answer.c.event_id == event.c.id).where(wanted)
                                  .order_by(answer.c.event_id, answer.c.question)):
        answers.setdefault(row.event_id, {})[row.question] = row.text if row.number is None else row.number
    found: dict[int, list[Event]] = {}
    for cells in connection.execute(select(event).where(wanted).order_by(event.c.participant_id, event.c.sequence)
                                    ).mappings():
        found.setdefault(cells["participant_id"], []).append(_event(dict(cells), answers.get(cells["id"], {})))
    return {participant: tuple(events) for participant, events in found.items()}


def _event(cells: dict[str, Any], answers: dict[str, int | str]) -> Event:
    entry = Entry(answers=answers, **{name: cells[column] for name, column in _ENTRY.items()})
    return Event(entry, **{name: cells[column] for name, column in _EVENT.items()})
