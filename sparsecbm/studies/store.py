"""Studies and their participants in a database. Whatever a call writes is on the disk when the call returns.

Any number of threads and processes may write at once: a participant's events are written one after another, and
sequence number and key distinguish what two writers send at the same moment.
"""

import secrets
import threading
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from cachetools import LRUCache
from sqlalchemy import Connection, Engine, delete, func, insert, select, text

from sparsecbm.errors import InputError
from sparsecbm.studies import database_tables as tables
from sparsecbm.studies.database import DatabaseStore, reading
from sparsecbm.studies.database_tables import Found, add_event, add_trials, read_course, read_courses, read_person
from sparsecbm.studies.design import trials
from sparsecbm.studies.external import kept_ids
from sparsecbm.studies.log import Course, Event, Logged, Note, ParticipantKind, Recorded, Study, now, stamp
from sparsecbm.studies.protocol import Protocol

#: Courses whose events are not read again, some hundred kilobytes each; more than take part at once.
COURSES_KNOWN = 128
NOTHING: Mapping[str, str] = {}
#: Letters of a code: none that looks like another one.
_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


class Store(DatabaseStore):
    """The studies of a database."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._lock, self._studies = threading.Lock(), dict[str, tuple[Protocol, datetime]]()
        self._courses_known: LRUCache[int, Course] = LRUCache(COURSES_KNOWN)

    # -- studies ----------------------------------------------------------------------------------------------------

    def add_study(self, protocol: Protocol) -> str:
        """Store a protocol, frozen from now on; returns the study's id, the same one for the same protocol.

        InputError when that version of that name is another protocol.
        """
        with self._writing() as connection:
            if connection.dialect.name == "postgresql":  # one at a time, or two of a name could come together
                connection.execute(text("LOCK TABLE study IN SHARE ROW EXCLUSIVE MODE"))
            same = tables.study.c.name == protocol.name
            versions = {row.version: row for row in connection.execute(select(tables.study).where(same))}
            if protocol.version in versions:
                if versions[protocol.version].digest != protocol.digest:
                    raise InputError(f"Version {protocol.version} of study {protocol.name!r} exists already and is "
                                     f"frozen; allowed: version {max(versions) + 1}, or another name.")
                found: str = versions[protocol.version].id
                return found
            made = _random(10).lower()
            connection.execute(insert(tables.study).values(
                id=made, name=protocol.name, version=protocol.version, digest=protocol.digest,
                checkpoint=protocol.checkpoint, data_hash=protocol.data_hash, seed=protocol.seed,
                protocol=protocol.to_json(), created=stamp(now())))
        return made

    def studies(self) -> tuple[Study, ...]:
        """All studies, the newest first."""
        with reading(self._engine) as connection:
            rows = connection.execute(select(tables.study).order_by(tables.study.c.created.desc(),
                                                                    tables.study.c.version.desc())).all()
            noted = _noted(connection)
            return tuple(self._study(row, noted) for row in rows)

    def study(self, study: str) -> Study:
        """A study by its id; InputError when there is none."""
        with reading(self._engine) as connection:
            row = self._row_of(connection, study)
            return self._study(row, _noted(connection, row.id))

    def note(self, study: str, kind: Note) -> None:
        """Log what was done with a study: `closed` closes it, `started` ends trials, `results`: outcomes were seen."""
        with self._writing() as connection:
            _note(connection, self._row_of(connection, study).id, kind, 0)

    def notes(self, study: str) -> tuple[Logged, ...]:
        """The log of a study, the oldest entry first."""
        with reading(self._engine) as connection:
            wanted = select(tables.log).where(tables.log.c.study_id == plain_id(study)).order_by(tables.log.c.id)
            return tuple(Logged(row.kind, row.events, datetime.fromisoformat(row.at))
                         for row in connection.execute(wanted))

    # -- participants -----------------------------------------------------------------------------------------------

    def enrol(self, study: str, kind: ParticipantKind = "person", external: Mapping[str, str] = NOTHING) -> str:
        """Take a participant in, with the lowest free number; returns the code. InputError when closed.

        Of `external`, the parts of the participant's link by name, what the study keeps is stored.
        """
        with self._writing() as connection:
            row = self._row_of(connection, study, lock=True)
            found, study = self._study(row, _noted(connection, row.id)), row.id
            if found.closed:
                raise InputError(f"Study {found.protocol.name!r} is closed; allowed: a running study. People who have "
                                 "begun can go on with their code.")
            column = tables.participant.c
            taken = set(connection.scalars(select(column.number).where(column.study_id == study, column.kind == kind)))
            number = next(n for n in range(len(taken) + 1) if n not in taken)
            code = "-".join(_random(4) for _ in range(3))
            made = connection.execute(insert(tables.participant).values(
                study_id=study, code=code, kind=kind, number=number, created=stamp(now()),
                external=kept_ids(found.protocol, external) or None).returning(column.id))
            add_trials(connection, made.scalar_one(), trials(found.protocol, number))
        return code

    def course(self, code: str) -> Course:
        """All data of the participant with a code, in upper or lower case, with or without dashes.

        InputError when there is none.
        """
        with reading(self._engine) as connection:
            person = read_person(connection, code)
            with self._lock:
                known = self._courses_known.get(person.id)
            protocol = self._protocol(self._row_of(connection, person.study_id))[0]
            found = read_course(connection, person, protocol, known)
        with self._lock:
            self._courses_known[person.id] = found
        return found

    def courses(self, study: str, kinds: Sequence[ParticipantKind] = ("person",)) -> tuple[Course, ...]:
        """The courses of a study's participants of some kinds, by kind and number."""
        column = tables.participant.c
        with reading(self._engine) as connection:
            found = self._row_of(connection, study).id
            rows = connection.execute(select(tables.participant).where(column.study_id == found, column.kind.in_(kinds))
                                      .order_by(column.kind, column.number)).all()
            return self._courses(connection, rows)

    def append(self, code: str, event: Event) -> Recorded:
        """Write an event if its sequence number is the next one and its key is new."""
        with self._writing() as connection:  # as short as it can be: others wait for it
            person, column = read_person(connection, code, lock=True), tables.event.c
            mine = column.participant_id == person.id
            first = connection.scalar(select(column.sequence).where(mine, column.key == event.entry.key))
            fits = event.entry.sequence == connection.scalar(select(func.count()).where(mine))
            if first is None and fits:
                add_event(connection, person.id, event)
        course = self.course(code)
        if first is not None:
            return Recorded("repeated", course.events[first], course)
        return Recorded("written", event, course) if fits else Recorded("stale", None, course)

    def withdraw(self, code: str) -> int:
        """Delete a participant and all that belongs to them; returns how many events that were, which is logged."""
        with self._writing() as connection:
            person = read_person(connection, code, lock=True)
            count = connection.scalar(select(func.count()).where(tables.event.c.participant_id == person.id)) or 0
            connection.execute(delete(tables.participant).where(tables.participant.c.id == person.id))
            _note(connection, person.study_id, "withdrawn", count)
        with self._lock:
            self._courses_known.pop(person.id, None)
        if self._engine.dialect.name == "sqlite":  # or the write-ahead file would keep it for a while
            with self._engine.connect() as connection:
                connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
        return count

    # -- rows ----------------------------------------------------------------------------------------------------

    def _row_of(self, connection: Connection, study: str, lock: bool = False) -> Found:
        wanted = select(tables.study).where(tables.study.c.id == plain_id(study))
        row = connection.execute(wanted.with_for_update() if lock else wanted).one_or_none()
        if row is None:
            raise InputError(f"There is no study {study.strip()[:40]!r} here; allowed: an id from the list of studies. "
                             "Check the link.")
        return row

    def _study(self, row: Found, noted: Collection[tuple[str, str]]) -> Study:
        return Study(row.id, *self._protocol(row), (row.id, "closed") in noted, (row.id, "started") in noted)

    def _protocol(self, row: Found) -> tuple[Protocol, datetime]:
        """Protocol and time of a study; both never change, so they are read once."""
        with self._lock:
            if row.id not in self._studies:
                self._studies[row.id] = (Protocol.from_json(row.protocol, f"study {row.id}"),
                                         datetime.fromisoformat(row.created))
            return self._studies[row.id]

    def _courses(self, connection: Connection, people: Sequence[Found]) -> tuple[Course, ...]:
        protocols = {study: self._protocol(self._row_of(connection, study))[0]
                     for study in {person.study_id for person in people}}
        return read_courses(connection, people, protocols)


def plain_id(given: str) -> str:
    """The id of a study as it is stored, however it was copied: blanks, dots and capitals do not count.

    >>> plain_id("  K7qxM2rd9a. ")
    'k7qxm2rd9a'
    """
    return "".join(c for c in given if c.isalnum()).lower()


def _noted(connection: Connection, study: str | None = None) -> set[tuple[str, str]]:
    """Which studies, of all or of one, were closed and started, in one query."""
    column = tables.log.c
    wanted = select(column.study_id, column.kind).where(column.kind.in_(("closed", "started"))).distinct()
    rows = connection.execute(wanted if study is None else wanted.where(column.study_id == study))
    return {(row.study_id, row.kind) for row in rows}


def _note(connection: Connection, study: str, kind: Note, events: int) -> None:
    connection.execute(insert(tables.log).values(study_id=study, kind=kind, events=events, at=stamp(now())))


def _random(length: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(length))
