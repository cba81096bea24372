"""One door to every table: a CSV, JSON lines or Parquet file, or a data set on the Hub, read as a stream of records."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sparsecbm.data.columnar import Reader, hub_reader, parquet_reader
from sparsecbm.data.columns import ID_NAME, TEXT_NAMES, folded
from sparsecbm.data.records import Lines, Record, Reject, csv_records, json_records, text_records
from sparsecbm.data.text_form import (
    MOST_COLUMNS,
    TextForm,
    checked_columns,
    csv_form,
    names_in,
    refuse_packed,
    text_form,
)
from sparsecbm.errors import DataError
from sparsecbm.paths import HUB_PREFIX, path_of

CSV_SUFFIXES = (".csv", ".tsv", ".txt")
#: Such a file holds one document a line, unless its first line names columns.
LINE_SUFFIXES = (".txt",)
JSON_SUFFIXES = (".jsonl", ".ndjson")
PARQUET_SUFFIXES = (".parquet", ".pq")

#: What every Parquet file begins with.
_PARQUET_MARK = b"PAR1"
#: So many bytes tell what a file is, whatever its name.
_BEGINNING = 16


@dataclass(frozen=True)
class TableSource:
    """A table that was opened: its columns, what to know of how it is read, and a SHA-256 of its content.

    `label` is how messages call it, and `form` how it is read, with encoding and separator. Records come anew from the
    beginning each time they are asked for.
    """

    label: str
    form: str
    columns: tuple[str, ...]
    notes: tuple[str, ...]
    digest: str
    reader: Reader

    def records(self, columns: Sequence[str]) -> Iterator[Record | Reject]:
        """The records in their order, with at least these columns. DataError when one is not there, or on damage."""
        there = frozenset(self.columns)
        for column in columns:
            if column not in there:
                raise DataError(f"{self.label} has no column {column!r}; columns there: {names_in(self.columns)}. "
                                "Name one of these.")
        return self.reader(columns)


def open_table(
    source: str | Path, encoding: str | None = None, separator: str | None = None, split: str = "train"
) -> TableSource:
    """Open a table and look at how it is written. Nothing of it is kept in memory.

    `encoding` and `separator` are found out where they are None, and the notes say what was found; `split` is for the
    Hub alone. DataError when it is no table, InputError for an unknown encoding or separator.
    """
    if str(source).startswith(HUB_PREFIX):
        columns, digest, reader = hub_reader(str(source), split)
        return TableSource(f"{source}, split {split}", "hub", columns, (), digest, reader)
    path = path_of(source)
    if not path.is_file():
        raise DataError(f"There is no file at {path}; allowed: a CSV, JSON lines or Parquet file, or "
                        f"{HUB_PREFIX}OWNER/NAME. Check the path.")
    with _readable(path):
        with path.open("rb") as file:
            begins = file.read(_BEGINNING)
        if begins.startswith(_PARQUET_MARK):
            columns, reader = parquet_reader(path)
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            return TableSource(str(path), "parquet", columns, (), digest, reader)
        refuse_packed(path, begins)
        return _text_table(path, encoding, separator)


def _text_table(path: Path, encoding: str | None, separator: str | None) -> TableSource:
    suffix = path.suffix.lower()
    if suffix not in (*CSV_SUFFIXES, *JSON_SUFFIXES):
        raise DataError(f"{path} is no Parquet file, and its name does not say what it is; allowed: names that end in "
                        f"{', '.join((*CSV_SUFFIXES, *JSON_SUFFIXES, *PARQUET_SUFFIXES))}. Rename or convert it.")
    form = text_form(path, encoding)
    if suffix in JSON_SUFFIXES:
        return _json_table(path, form)
    csv = csv_form(path, form.encoding, separator)
    if suffix in LINE_SUFFIXES and separator is None and not csv.hint and not _names_columns(csv.first, csv.separator):
        return _line_table(path, form, csv.first)

    def read_csv(_: Sequence[str]) -> Iterator[Record | Reject]:
        with _lines(path, form.encoding, csv.hint) as lines:
            yield from csv_records(lines, csv.separator, str(path))[1]

    with _lines(path, form.encoding, csv.hint) as lines:
        columns, _ = csv_records(lines, csv.separator, str(path))
    notes = (*form.notes, *csv.notes)
    if len(columns) == 1 and not _is_heading(columns[0]):
        notes = (*notes, f"the first line, {columns[0][:60]!r}, is read as the name of the column")
    return TableSource(str(path), f"csv {form.encoding} {csv.separator!r}", columns, notes, form.digest, read_csv)


def _json_table(path: Path, form: TextForm) -> TableSource:
    def read(_: Sequence[str]) -> Iterator[Record | Reject]:
        with _lines(path, form.encoding) as lines:
            yield from json_records(lines)

    columns = dict[str, None]()
    for record in read(()):  # all of them: any line may lack what others have
        if isinstance(record, Record):
            columns.update(dict.fromkeys(record.cells))
            if len(columns) > MOST_COLUMNS:
                checked_columns(tuple(columns), str(path))
    if not columns:
        raise DataError(f"{path} holds no JSON object on a line of its own; allowed: JSON lines, one object for each "
                        "row. Write it so.")
    names = checked_columns(tuple(columns), str(path))
    return TableSource(str(path), f"json {form.encoding}", names, form.notes, form.digest, read)


def _line_table(path: Path, form: TextForm, first: str) -> TableSource:
    heading = _is_heading(first)
    column = first if heading else TEXT_NAMES[0]

    def read(_: Sequence[str]) -> Iterator[Record | Reject]:
        with _lines(path, form.encoding, heading) as lines:
            yield from text_records(lines, column)

    notes = (*form.notes, "each line is read as one document; if it holds a table, name what separates its cells")
    return TableSource(str(path), f"lines {form.encoding}", (column,), notes, form.digest, read)


def _names_columns(line: str, separator: str) -> bool:
    cells = line.split(separator)
    return len(cells) > 1 and any(_is_heading(cell.strip('"')) for cell in cells)


def _is_heading(name: str) -> bool:
    return folded(name) in (ID_NAME, *TEXT_NAMES)


@contextmanager
def _lines(path: Path, encoding: str, after_first: bool = False) -> Iterator[Lines]:
    with _readable(path), path.open(encoding=encoding, newline="") as file:
        lines = Lines(file, path.stat().st_size)
        if after_first:
            next(lines, None)
        yield lines


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except UnicodeError:
        raise DataError(f"{path} changed while it was read; allowed: a file that stays as it is. Try again when it is "
                        "written.") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error}); allowed: a file that you may read. Check "
                        "its permissions.") from None
