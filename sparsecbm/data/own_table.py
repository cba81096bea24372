"""A table as documents: which columns hold what, how they spell labels and values, and which rows can be used."""

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from sparsecbm.data.records import Record, Reject, kept
from sparsecbm.data.split import NO_LABEL, LoadReport, Review, Split
from sparsecbm.data.table_source import TableSource
from sparsecbm.data.text_form import names_in
from sparsecbm.errors import DataError
from sparsecbm.schema import ConceptSchema

#: Longer texts are no reviews; a model reads some hundred words of them.
MOST_CHARACTERS = 100_000
#: The longest id, in characters.
MOST_ID = 1_000
#: The most rows of a table that are held in memory at once; more can be predicted, row by row.
MOST_ROWS = 100_000

#: Words of a column's name that suggest what it holds, the likeliest first, whatever their case.
_TEXT_NAMES = ("text", "review", "description", "sentence", "content", "comment", "body", "message")
_LABEL_NAMES = ("rating", "stars", "score", "sentiment", "class", "target")
#: How people spell the first and the last of two or three ordered names, and that there is nothing to name.
_LOW = frozenset(("negative", "neg", "bad", "poor", "-"))
_HIGH = frozenset(("positive", "pos", "good", "great", "+"))
_NOTHING = frozenset(("unknown", "n/a", "na", "none", "null", "nan", "?", "not mentioned"))
#: What a spelling means that says that a label or value is not known.
NOT_LABELLED = ""


@dataclass(frozen=True)
class Columns:
    """Which column of a table holds what; without `id`, rows are numbered.

    `concepts` maps a concept to its column. `label_names` and `value_names` map how the table spells labels and values
    to the schema's names, e.g. {"pos": "Positive"}; what they do not list must be spelt as in the schema, and an empty
    cell means not known. `also` are further columns to read, such as a date.
    """

    text: str
    id: str | None = None
    label: str | None = None
    concepts: Mapping[str, str] = field(default_factory=dict)
    label_names: Mapping[str, str] = field(default_factory=dict)
    value_names: Mapping[str, str] = field(default_factory=dict)
    also: tuple[str, ...] = ()

    @property
    def used(self) -> tuple[str, ...]:
        """The columns that are read."""
        some = (self.text, self.id, self.label, *self.concepts.values(), *self.also)
        return tuple(dict.fromkeys(column for column in some if column is not None))


@dataclass(frozen=True)
class TextRow:
    """A row whose text and id can be used; `share` is how much of the table was read with it, 0..1."""

    number: int
    id: str
    text: str
    cells: Mapping[str, Any]
    share: float


def suggest_columns(found: Sequence[str], schema: ConceptSchema | None = None) -> Columns:
    """The columns that their names suggest, in any case; with a schema also label and concepts.

    A name counts whole, or as a word of a longer one, such as "review_text". DataError when none suggests a text.

    >>> suggest_columns(("review_text", "stars", "food"), CEBAB)
    Columns(text='review_text', id=None, label='stars', concepts={'food': 'food'}, ...)
    """
    concepts = {} if schema is None else {concept: column for concept in schema.concepts
                                          if (column := _named(found, (concept.casefold(),)))}
    likely = () if schema is None else ("label", schema.label_title.casefold(), *_LABEL_NAMES)
    label = _named(found, likely, concepts.values())
    text = _named(found, _TEXT_NAMES, (label, *concepts.values())) or (found[0] if len(found) == 1 else None)
    if text is None:
        raise DataError(f"No column is called {', '.join(_TEXT_NAMES)}; columns there: {names_in(found)}. Say which "
                        "holds the text.")
    by_name = {name.casefold(): name for name in reversed(found)}
    return Columns(text, by_name.get("id"), label, concepts)


def _named(found: Sequence[str], names: Sequence[str], taken: Collection[str | None] = ()) -> str | None:
    """The column whose name is one of these, or has one as a word; whole names win over words."""
    free = [column for column in found if column not in taken]
    whole = {column.casefold().strip(): column for column in reversed(free)}
    words = {column: re.split(r"[\W_]+", column.casefold()) for column in free if not column.casefold().endswith("id")}
    return next((whole[name] for name in names if name in whole),
                next((column for name in names for column in free if name in words.get(column, ())), None))


def text_rows(table: TableSource, columns: Columns) -> Iterator[TextRow | Reject]:
    """Every row of a table in its order: the usable ones, and the others with the reason; in little memory.

    A text must hold something and have at most MOST_CHARACTERS; an id must not come twice.
    """
    # Ids seen so far, in a temporary file once they are many. Whoever drops the generator may be another thread.
    with closing(sqlite3.connect("", check_same_thread=False)) as database:
        database.execute("CREATE TABLE seen (id TEXT PRIMARY KEY, number INTEGER) WITHOUT ROWID")
        for record in table.records(columns.used):
            yield record if isinstance(record, Reject) else _text_row(record, columns, database)


def _text_row(record: Record, columns: Columns, database: sqlite3.Connection) -> TextRow | Reject:
    text = record.cells.get(columns.text)
    if text is None or isinstance(text, str) and not text.strip():
        return _refused(record, "blank text", f"{columns.text} is empty; give a text")
    problem = _text_problem(text)
    if problem:
        return _refused(record, problem[0], f"{columns.text} {problem[1]}")
    if columns.id is None:
        return TextRow(record.number, str(record.number), text, record.cells, record.share)
    name = cell_name(record.cells.get(columns.id))
    if not name or len(name) > MOST_ID or _text_problem(name):
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
    return None


def cell_name(value: object) -> str:
    """A cell as an id, label or value: 5 and 5.0 are "5", nothing is ""."""
    if value is None or value != value:  # only NaN differs from itself
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def _refused(record: Record, kind: str, why: str) -> Reject:
    content = kept(json.dumps(dict(record.cells), ensure_ascii=False, default=str))
    return Reject(record.number, kind, why, content, record.share)


def load_table(
    table: TableSource, columns: Columns, schema: ConceptSchema, most_rows: int = MOST_ROWS
) -> tuple[Split, tuple[Mapping[str, Any], ...], tuple[Reject, ...]]:
    """A table as a split named `table`, its rows' cells of `columns.also`, and the rows that were left out, each with
    the reason.

    Where there is no column, or an empty cell, the label or concept is -1: not known. DataError when no row can be
    used, or there are more than `most_rows`.
    """
    for concept in columns.concepts:
        schema.concept_index(concept)
    reviews, also, rejects = list[Review](), list[Mapping[str, Any]](), list[Reject]()
    notes, read = Counter[str](), 0
    for read, row in enumerate(text_rows(table, columns), start=1):
        made = row if isinstance(row, Reject) else _review(row, columns, schema, notes)
        if isinstance(made, Reject):
            rejects.append(made)
        elif isinstance(row, TextRow):
            reviews.append(made)
            also.append({column: row.cells.get(column) for column in columns.also})
        if read > most_rows:
            raise DataError(f"{table.label} has more than {most_rows:,} rows; allowed here: up to so many. Load a part "
                            "of it, or predict the whole as a batch.")
    dropped = dict(Counter(reject.kind for reject in rejects))
    said = dict.fromkeys(table.notes, read) | dict(sorted(notes.items()))
    report = LoadReport(table.label, "table", read, len(reviews), dropped, said)
    return Split.from_reviews(reviews, schema, report), tuple(also), tuple(rejects)


def _review(row: TextRow, columns: Columns, schema: ConceptSchema, notes: Counter[str]) -> Review | Reject:
    wanted = [(schema.label_title, columns.label, schema.labels, columns.label_names),
              *((concept, columns.concepts.get(concept), schema.values, columns.value_names)
                for concept in schema.concepts)]
    indices, unknown = list[int](), list[str]()
    for what, column, allowed, spelt in wanted:
        cell = "" if column is None else cell_name(row.cells.get(column))
        name = spelt.get(cell, cell)
        if name and name not in allowed:
            record = Record(row.number, row.cells, row.share)
            return _refused(record, "name outside the schema", f"{column} is {cell[:60]!r}; allowed: "
                            f"{', '.join(allowed)}, or empty where it is not known; correct it, or say what it means")
        if not name:
            unknown.append(f"{what} not known (no score)")
        indices.append(allowed.index(name) if name else NO_LABEL)
    notes.update(unknown)
    label, *concepts = indices
    size = len(schema.values)
    shares = tuple(tuple(float(v == value) if value != NO_LABEL else 1 / size for v in range(size))
                   for value in concepts)
    return Review(row.id, row.text, label, tuple(concepts), shares)


#: A shorter beginning of a name could be chance.
_LEAST_BEGINNING = 3


def other_spellings(records: Iterable[Record | Reject], columns: Iterable[str], names: Sequence[str]) -> Counter[str]:
    """How often some columns hold something else than these names, by what they hold; empty cells are not counted."""
    wanted = tuple(columns)
    found = Counter(cell_name(record.cells.get(column)) for record in records if isinstance(record, Record)
                    for column in wanted)
    return Counter({cell: count for cell, count in found.items() if cell and cell not in names})


def guessed_name(cell: str, names: Sequence[str], display: Sequence[str] = ()) -> str | None:
    """The name that a cell most likely means, None where none does.

    "good" means "Positive", "5 stars" means "5", and "n/a" means "unknown" or, without such a name, NOT_LABELLED.
    `display` are the names as people read them, in the same order.
    """
    folded = cell.casefold().strip()
    for spelt in (names, display or names):
        exact = [name for name, one in zip(names, spelt, strict=True) if one.casefold() == folded]
        begun = [name for name, one in zip(names, spelt, strict=True) if one.casefold().startswith(folded)]
        if exact:
            return exact[0]
        if len(begun) == 1 and len(folded) >= _LEAST_BEGINNING:
            return begun[0]
    if folded in _NOTHING:
        return "unknown" if "unknown" in names else NOT_LABELLED
    if len(names) in (2, 3) and folded in _LOW | _HIGH:
        return names[0] if folded in _LOW else names[-1]
    return None
