"""Corrections as CSV and JSON lines, and read back: a row each, with its id and how it was undone.

In CSV, text that a spreadsheet would run as a formula is protected; reading it undoes that.
"""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from sparsecbm.corrections.label_correction import (
    Correction,
    Kept,
    Undo,
    check,
    check_time,
    current_labels,
    fields_of,
    person,
)
from sparsecbm.data.records import Reject
from sparsecbm.data.table_source import JSON_SUFFIXES, open_table
from sparsecbm.errors import DataError, InputError
from sparsecbm.schema import ConceptSchema
from sparsecbm.spreadsheet import protected
from sparsecbm.types import LABEL_TARGET

#: The endings of files that can be written.
CSV_SUFFIX, JSON_SUFFIX = ".csv", JSON_SUFFIXES[0]
#: The most corrections that one file may have.
MOST_ROWS = 100_000
_FIELDS = tuple(field.name for field in fields(Correction))
COLUMNS = (*_FIELDS, "undone_by", "undone_at")

Row = Mapping[str, str | None]


def history_rows(history: Sequence[Kept]) -> list[Row]:
    """Every correction, also those that were undone, as the columns COLUMNS."""
    return [asdict(kept.correction) | {"undone_by": kept.undo.who if kept.undo else None,
                                       "undone_at": kept.undo.at if kept.undo else None} for kept in history]


def current_rows(history: Sequence[Kept], schema: ConceptSchema) -> list[Row]:
    """A row for each corrected text with what most people say now; None where nobody said anything.

    Columns are `text`, `label` and the concepts: a table to train on.
    """
    return [{"text": text} | {field: found.get(field) for field in fields_of(schema)}
            for text, found in current_labels(history).items()]


def written(rows: Sequence[Row], columns: Sequence[str], suffix: str) -> bytes:
    """Rows as a file with this ending, `.csv` or `.jsonl`."""
    if suffix == CSV_SUFFIX:
        output = io.StringIO()
        writer = csv.writer(output, lineterminator="\n")
        writer.writerows([columns, *([protected(row[name] or "") for name in columns] for row in rows)])
        return output.getvalue().encode()
    if suffix == JSON_SUFFIX:
        return "".join(f"{json.dumps(dict(row))}\n" for row in rows).encode()
    raise InputError(f"A file with the ending {suffix[:20]!r} was named; allowed: {CSV_SUFFIX} or {JSON_SUFFIX}. Name "
                     "the file so.")


def current_columns(schema: ConceptSchema) -> tuple[str, ...]:
    """The columns of `current_rows`. InputError for a concept that has the name of another column."""
    if "text" in schema.concepts:
        raise InputError("A concept is called 'text', as the column of the texts; allowed: any other name. Export the "
                         "history instead.")
    return ("text", LABEL_TARGET, *schema.concepts)


def read_history(path: Path, schema: ConceptSchema) -> tuple[Kept, ...]:
    """What a file of `history_rows` holds.

    DataError when it cannot be read or has too many rows, InputError for a row that is not of this schema; it names
    the line.
    """
    table = open_table(path)
    missing = [name for name in _FIELDS if name not in table.columns]
    if missing:
        raise DataError(f"{table.label} has no column {missing[0]!r}; allowed: a file that `corrections export` wrote, "
                        f"with the columns {', '.join(COLUMNS)}. Export the corrections again.")
    found = list[Kept]()
    for record in table.records(_FIELDS):
        where = f"{table.label}, line {record.number}"
        if isinstance(record, Reject):
            raise DataError(f"{where}: {record.reason}. Export the corrections again.")
        if len(found) == MOST_ROWS:
            raise DataError(f"{table.label} has more than {MOST_ROWS:,} corrections; allowed: so many in one file. "
                            "Split it.")
        try:
            found.append(_read(record.cells, schema))
        except InputError as error:
            raise InputError(f"{where}: {error}") from None
    return tuple(found)


def _read(cells: Mapping[str, Any], schema: ConceptSchema) -> Kept:
    texts = {name: _text(name, cells.get(name)) for name in COLUMNS}
    one = Correction(**{name: texts[name] for name in _FIELDS})
    check(one, schema)
    if not texts["undone_by"] and not texts["undone_at"]:
        return Kept(one)
    check_time(texts["undone_at"])
    return Kept(one, Undo(one.id, person(texts["undone_by"]), texts["undone_at"]))


def _text(name: str, cell: Any) -> str:
    if cell is None:
        return ""
    if not isinstance(cell, str):
        raise InputError(f"The cell of {name!r} is {str(cell)[:40]!r}, a {type(cell).__name__}; allowed: text. Export "
                         "the corrections again.")
    return cell
