"""One door to every table: a CSV, JSON lines or Parquet file, or a data set on the Hub, read as a stream of records."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sparsecbm.data.columnar import Reader, hub_reader, parquet_reader
from sparsecbm.data.records import Lines, Record, Reject, csv_records, json_records
from sparsecbm.data.sources import HUB_PREFIX
from sparsecbm.data.text_form import names_in, refuse_packed, separator_of, text_form
from sparsecbm.errors import DataError

CSV_SUFFIXES = (".csv", ".tsv", ".txt")
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
        for column in columns:
            if column not in self.columns:
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
    path = Path(source).expanduser()
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
        def read_json(_: Sequence[str]) -> Iterator[Record | Reject]:
            with _lines(path, form.encoding) as lines:
                yield from json_records(lines)

        first = next((record for record in read_json(()) if isinstance(record, Record)), None)
        if first is None:
            raise DataError(f"{path} holds no JSON object on a line of its own; allowed: JSON lines, one object for "
                            "each row. Write it so.")
        return TableSource(str(path), f"json {form.encoding}", tuple(first.cells), form.notes, form.digest, read_json)
    between, notes = separator_of(path, form.encoding, separator)

    def read_csv(_: Sequence[str]) -> Iterator[Record | Reject]:
        with _lines(path, form.encoding) as lines:
            yield from csv_records(lines, between, str(path))[1]

    with _lines(path, form.encoding) as lines:
        columns, _ = csv_records(lines, between, str(path))
    return TableSource(str(path), f"csv {form.encoding} {between!r}", columns, (*form.notes, *notes), form.digest,
                       read_csv)


@contextmanager
def _lines(path: Path, encoding: str) -> Iterator[Lines]:
    with _readable(path), path.open(encoding=encoding, newline="") as file:
        yield Lines(file, path.stat().st_size)


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
