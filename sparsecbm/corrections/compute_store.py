"""Corrections in the database of the studies. Whatever a call writes is on the disk when the call returns.

Nothing is changed or deleted: an undo is a row of its own. Any number of threads and processes may write at once; ids
tell what two of them write of the same press.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Select, insert, select, text

from sparsecbm.corrections.label_correction import Correction, Kept, Undo, check_time, person, text_hash
from sparsecbm.errors import InputError
from sparsecbm.studies.database import DatabaseStore, reading
from sparsecbm.studies.database_tables import correction, correction_undo
from sparsecbm.studies.log import now, stamp

#: Ids that one query names; databases bound how many it can.
_AT_ONCE = 500
#: Field of a correction -> column.
_COLUMNS = {"id": "uid", "old": "from_value", "new": "to_value"} | {
    name: name for name in ("text", "field", "who", "at", "checkpoint", "schema")}


@dataclass(frozen=True)
class Mark:
    """Somebody's correction of a field of a text counts; the text by its hash, which is all that a queue needs."""

    text_hash: str
    field: str
    who: str


class CorrectionStore(DatabaseStore):
    """The corrections of a database."""

    def add(self, *corrections: Correction) -> int:
        """Write corrections that are not there yet, all or none; returns how many that were.

        InputError when one has the id of another correction.
        """
        return self.add_history([Kept(one) for one in corrections])[0]

    def add_history(self, history: Sequence[Kept]) -> tuple[int, int]:
        """The same for corrections with their undos; returns how many of each were new. All are written, or none."""
        with self._writing() as connection:
            known = _found(connection, [kept.correction.id for kept in history])
            new = dict[str, Kept]()
            for kept in history:
                _same(kept.correction, known.get(kept.correction.id) or new.get(kept.correction.id))
                if kept.correction.id not in known:
                    new.setdefault(kept.correction.id, kept)
            if new:
                connection.execute(insert(correction), [_cells(kept.correction) for kept in new.values()])
            undone = {kept.correction.id: kept.undo for kept in history if kept.undo is not None}
            return len(new), sum(_undo(connection, one) for one in undone.values())

    def undo(self, id_: str, who: str) -> bool:
        """Let a correction count no more; False when it was undone before. InputError when there is none."""
        entry = Undo(id_.strip(), person(who), stamp(now()))
        with self._writing() as connection:
            return _undo(connection, entry)

    def history(self, schema: str | None = None, of_text: str | None = None) -> tuple[Kept, ...]:
        """All corrections of a schema, by its hash, and of a text, in the order in which they came here."""
        wanted = select(correction, correction_undo.c.who.label("undone_by"),
                        correction_undo.c.at.label("undone_at")).join(
            correction_undo, correction_undo.c.correction_id == correction.c.id, isouter=True).order_by(correction.c.id)
        if schema is not None:
            wanted = wanted.where(correction.c.schema == schema)
        if of_text is not None:
            wanted = wanted.where(correction.c.text_hash == text_hash(of_text))
        with reading(self._engine) as connection:
            return tuple(map(_kept, connection.execute(wanted)))

    def marks(self, schema: str) -> frozenset[Mark]:
        """Which fields of which texts somebody corrected, without what is undone."""
        wanted: Select[Any] = select(correction.c.text_hash, correction.c.field, correction.c.who).join(
            correction_undo, correction_undo.c.correction_id == correction.c.id, isouter=True).where(
            correction.c.schema == schema, correction_undo.c.id.is_(None)).distinct()
        with reading(self._engine) as connection:
            return frozenset(Mark(*row) for row in connection.execute(wanted))

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with super()._writing() as connection:
            if connection.dialect.name == "postgresql":  # one at a time, or two of an id could come together
                connection.execute(text("LOCK TABLE correction, correction_undo IN SHARE ROW EXCLUSIVE MODE"))
            yield connection


def _found(connection: Connection, ids: Sequence[str]) -> dict[str, Correction]:
    """The corrections of these ids that are there."""
    found = dict[str, Correction]()
    for start in range(0, len(ids), _AT_ONCE):
        some = select(correction).where(correction.c.uid.in_(ids[start:start + _AT_ONCE]))
        found |= {row.uid: _correction(row) for row in connection.execute(some)}
    return found


def _same(one: Correction, known: Correction | Kept | None) -> None:
    """InputError for another correction of the same id; one press that comes twice differs in its time only."""
    there = known.correction if isinstance(known, Kept) else known
    if there is not None and replace(there, at=one.at) != one:
        raise InputError(f"The correction {one.id} is there already with another content; allowed: the same one, or a "
                         "new id. A file that was exported must not be edited; correct the text once more instead.")


def _undo(connection: Connection, entry: Undo) -> bool:
    check_time(entry.at)
    number = connection.scalar(select(correction.c.id).where(correction.c.uid == entry.correction))
    if number is None:
        raise InputError(f"There is no correction {entry.correction[:40]!r}; allowed: an id that `corrections list` or "
                         "an export gives.")
    if connection.scalar(select(correction_undo.c.id).where(correction_undo.c.correction_id == number)) is not None:
        return False
    connection.execute(insert(correction_undo).values(correction_id=number, who=person(entry.who), at=entry.at))
    return True


def _cells(one: Correction) -> dict[str, str]:
    return {column: getattr(one, name) for name, column in _COLUMNS.items()} | {"text_hash": text_hash(one.text)}


def _correction(row: Any) -> Correction:
    return Correction(**{name: getattr(row, column) for name, column in _COLUMNS.items()})


def _kept(row: Any) -> Kept:
    return Kept(_correction(row), Undo(row.uid, row.undone_by, row.undone_at) if row.undone_at else None)
