"""A table as documents: which of its rows can be used, and the labels and values that they bear."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from sparsecbm.data.columns import Columns
from sparsecbm.data.records import Record, Reject, kept
from sparsecbm.data.spellings import NOT_ANNOTATED, cell_name, counted_from_elsewhere, meaning
from sparsecbm.data.split import NO_LABEL, LoadReport, Review, Split
from sparsecbm.data.table_source import TableSource
from sparsecbm.errors import DataError
from sparsecbm.schema import ConceptSchema
from sparsecbm.validation import is_blank

#: Longer texts are no reviews; a model reads some hundred words of them.
MOST_CHARACTERS = 100_000
#: The longest id, in characters.
MOST_ID = 1_000
#: The most rows of a table that are held in memory at once; more can be predicted, row by row.
MOST_ROWS = 100_000
#: What a summary says of rows that bear no label, or no value of a concept.
NOT_ANNOTATED_NOTE = "{} not annotated (no score)"
#: So many of the places where lines were lost are named in a summary.
LOST_SHOWN = 10


@dataclass(frozen=True)
class TextRow:
    """A row whose text and id can be used; `share` is how much of the table was read with it, 0..1."""

    number: int
    id: str
    text: str
    cells: Mapping[str, Any]
    share: float


def text_rows(table: TableSource, columns: Columns) -> Iterator[TextRow | Reject]:
    """Every row of a table in its order: the usable ones, and the others with the reason; in little memory.

    A text must hold something and have at most MOST_CHARACTERS; an id must not come twice.
    """
    columns = columns.of_table(table.columns, table.label)
    # Ids seen so far, in a temporary file once they are many. Whoever drops the generator may be another thread.
    with closing(sqlite3.connect("", check_same_thread=False)) as database:
        database.execute("CREATE TABLE seen (id TEXT PRIMARY KEY, number INTEGER) WITHOUT ROWID")
        for record in table.records(columns.used):
            yield record if isinstance(record, Reject) else _text_row(record, columns, database)


def _text_row(record: Record, columns: Columns, database: sqlite3.Connection) -> TextRow | Reject:
    text = record.cells.get(columns.text)
    if text is None or isinstance(text, str) and is_blank(text):
        return _refused(record, "blank text", f"{columns.text} is empty; give a text")
    problem = _text_problem(text)
    if problem:
        return _refused(record, problem[0], f"{columns.text} {problem[1]}")
    if columns.id is None:
        return TextRow(record.number, str(record.number), text, record.cells, record.share)
    name = cell_name(record.cells.get(columns.id))
    if is_blank(name) or len(name) > MOST_ID or _text_problem(name):
        return _refused(record, "no id", f"{columns.id} is {name[:60]!r}; give an id of 1 to {MOST_ID:,} characters")
    added = database.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (name, record.number))
    if not added.rowcount:
        (number,) = database.execute("SELECT number FROM seen WHERE id = ?", (name,)).fetchone()
        return _refused(record, "id seen before", f"{columns.id} {name[:60]!r} came before, in line {number}; give "
                        "each row an id of its own")
    return TextRow(record.number, name, text, record.cells, record.share)


def _text_problem(text: object) -> tuple[str, str] | None:
    """What keeps a cell from being a text, as a kind and in words."""
    if not isinstance(text, str):
        return "not text", f"is {str(text)[:60]!r}, a {type(text).__name__}; give text"
    if len(text) > MOST_CHARACTERS:
        return "text too long", f"has {len(text):,} characters; allowed: up to {MOST_CHARACTERS:,}; shorten it"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "not text", "holds half a character (a lone surrogate); remove it"
    if "\0" in text:
        return "not text", "holds a NUL character, which no CSV file can; remove it"
    return None


def _refused(record: Record, kind: str, why: str) -> Reject:
    content = kept(json.dumps(dict(record.cells), ensure_ascii=False, default=str))
    content = content.encode(errors="backslashreplace").decode()  # half characters can neither be written nor shown
    return Reject(record.number, kind, why, content, record.share)


def load_table(
    table: TableSource, columns: Columns, schema: ConceptSchema, most_rows: int = MOST_ROWS
) -> tuple[Split, tuple[Mapping[str, Any], ...], tuple[Reject, ...]]:
    """A table as a split named `table`, its rows' cells of `columns.also`, and the rows that were left out, each with
    the reason.

    Where there is no column, or the cell is empty or says "NA", the label or concept is -1: not annotated. The report's
    notes say which lines were lost to broken rows, and warn of numbers that seem to begin elsewhere than the labels.
    DataError when a column is not there, no row can be used, or there are more than `most_rows`.
    """
    for concept in columns.concepts:
        schema.concept_index(concept)
    columns = columns.of_table(table.columns, table.label)
    asked = [_Asked(schema.label_title, columns.label, schema.labels, columns.label_names),
             *(_Asked(concept, columns.concepts.get(concept), schema.values_of(concept),
                      columns.own_names.get(concept, columns.value_names)) for concept in schema.concepts)]
    reviews, also, rejects = list[Review](), list[Mapping[str, Any]](), list[Reject]()
    read = 0
    for read, row in enumerate(text_rows(table, columns), start=1):
        made = row if isinstance(row, Reject) else _review(row, asked, schema.values)
        if isinstance(made, Reject):
            rejects.append(made)
        elif isinstance(row, TextRow):
            reviews.append(made)
            also.append({column: row.cells.get(column) for column in columns.also})
        if read > most_rows:
            raise DataError(f"{table.label} has more than {most_rows:,} rows; allowed here: up to so many. Load a part "
                            "of it, or predict the whole as a batch.")
    dropped = dict(Counter(reject.kind for reject in rejects))
    if rejects and not reviews:
        raise DataError(f"{table.label}: no row is left of {read} read (dropped: {dropped}). The first is in line "
                        f"{rejects[0].number}: {rejects[0].reason}.")
    notes = dict.fromkeys(table.notes, read) | lost_lines(
        [(one.number, one.last) for one in rejects if one.last is not None])
    for one in asked:
        notes |= one.notes()
    report = LoadReport(table.label, "table", read, len(reviews), dropped, notes)
    return Split.from_reviews(reviews, schema, report), tuple(also), tuple(rejects)


@dataclass
class _Asked:
    """What is asked of every row: the label or a concept, the column that says it, its names and how they are spelt."""

    what: str
    column: str | None
    names: Sequence[str]
    spelt: Mapping[str, str]
    missing: int = 0
    unmapped: Counter[str] = field(default_factory=Counter)
    read: dict[str, str | None] = field(default_factory=dict)

    def name(self, cells: Mapping[str, Any]) -> str | None:
        """The name in a row, NOT_ANNOTATED where there is none, None where the cell is no name."""
        cell = "" if self.column is None else cell_name(cells.get(self.column))
        if cell not in self.read:
            known = dict(zip(self.names, self.names, strict=True)) | dict(self.spelt)
            meant = meaning(cell, tuple(known))
            name = known.get(meant, meant) if meant else meant
            self.read[cell] = name if name in (*self.names, NOT_ANNOTATED) else None
        if cell not in self.spelt:
            self.unmapped[cell] += 1
        self.missing += self.read[cell] == NOT_ANNOTATED
        return self.read[cell]

    def notes(self) -> dict[str, int]:
        """How many rows are not annotated, and how many bear numbers that seem to begin elsewhere than the names."""
        said = {NOT_ANNOTATED_NOTE.format(self.what): self.missing} if self.missing else {}
        moved = counted_from_elsewhere(self.unmapped, self.names)
        if moved:
            warning = f"{self.column} may count from elsewhere: it has {', '.join(moved)} where " \
                      f"{', '.join(self.names)} are expected; say what each means"
            said[warning] = sum(self.unmapped[cell] for cell in moved)
        return said


def _review(row: TextRow, asked: Sequence[_Asked], values: Sequence[str]) -> Review | Reject:
    names = list[str]()
    for one in asked:
        name = one.name(row.cells)
        if name is None:
            record = Record(row.number, row.cells, row.share)
            cell = cell_name(row.cells.get(str(one.column)))
            return _refused(record, "name outside the schema", f"{one.column} is {cell[:60]!r}; allowed: "
                            f"{', '.join(one.names)}, or empty where it is not annotated; correct it, or say what it "
                            "means")
        names.append(name)
    label = asked[0].names.index(names[0]) if names[0] else NO_LABEL
    concepts = tuple(values.index(name) if name else NO_LABEL for name in names[1:])
    shares = tuple(tuple(float(value == name) if name else (value in one.names) / len(one.names) for value in values)
                   for name, one in zip(names[1:], asked[1:], strict=True))
    return Review(row.id, row.text, label, concepts, shares)


def lost_lines(spans: Sequence[tuple[int, int]]) -> dict[str, int]:
    """What a summary says of broken records that go over several lines, such as after a quote that is never closed.

    `spans` are their first and last lines. A sentence and the number of lines, or nothing.
    """
    said = ", ".join(f"{first} to {last}" for first, last in spans[:LOST_SHOWN])
    more = f" and {len(spans) - LOST_SHOWN} more" if len(spans) > LOST_SHOWN else ""
    lines = sum(last - first + 1 for first, last in spans)
    return {f"lines lost to quotes that do not close ({said}{more})": lines} if spans else {}
