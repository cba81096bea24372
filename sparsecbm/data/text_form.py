"""How a text file is written: its encoding and what separates its cells, found out and said, never silently guessed."""

import codecs
import csv
import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from sparsecbm.errors import DataError, InputError, unknown_name

#: What a separator is called on screen.
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}

#: The most columns of a table; a page offers each of them in several lists.
MOST_COLUMNS = 1_000

_CHUNK = 2**20
#: So many characters, and records of them, show what separates cells.
_SAMPLE, _SAMPLE_RECORDS = 2**16, 20
#: A first line that spreadsheets read and hide.
_HINT = re.compile(r'"?sep=([^\r\n])"?(?:\r?\n|\r|$)', re.IGNORECASE)
#: Marks at the start of a file; UTF-32's begins with UTF-16's.
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16",
}
#: Tried in this order where neither a mark nor the user says what it is; the last one reads anything.
_UNMARKED = ("utf-8", "cp1252", "latin-1")
#: Beginnings of files that are no plain text, however they are called.
_PACKED = {
    b"PK\x03\x04": "a zip file or an Excel workbook", b"\x1f\x8b": "a gzip file", b"BZh": "a bzip2 file",
    b"\xfd7zXZ": "an xz file", b"\x28\xb5\x2f\xfd": "a zstandard file", b"7z\xbc\xaf": "a 7z file",
    b"\xd0\xcf\x11\xe0": "an old Office file", b"%PDF": "a PDF file", b"SQLite format 3": "an SQLite database",
}


@dataclass(frozen=True)
class TextForm:
    """A file's encoding, the SHA-256 of its bytes, and what the user should know of how it is read."""

    encoding: str
    digest: str
    notes: tuple[str, ...]


def text_form(path: Path, encoding: str | None = None) -> TextForm:
    """Read a file once, in pieces, to learn its encoding; `encoding` names it where the user knows it.

    Without a mark and not UTF-8, it counts as Windows-1252 (or Latin-1), and a note says from which line on.
    DataError when it is packed, binary, or not in the encoding that was named; InputError for an unknown encoding.
    """
    digest, failed, line = hashlib.sha256(), dict[str, int](), 1
    with path.open("rb") as file:
        start = file.read(_CHUNK)
        marked = next((name for mark, name in _MARKS.items() if start.startswith(mark)), None)
        named = _canonical(encoding) if encoding else marked
        _refuse_binary(path, start, named)
        decoders = {name: _decoder(name) for name in ([named] if named else _UNMARKED)}
        chunk = start
        while True:
            digest.update(chunk)
            for name in [name for name in decoders if name not in failed]:
                try:
                    decoders[name].decode(chunk, final=not chunk)
                except UnicodeError as error:
                    at = error.start if isinstance(error, UnicodeDecodeError) else 0
                    failed[name] = line + chunk.count(b"\n", 0, at)
            if not chunk:
                break
            line += chunk.count(b"\n")
            chunk = file.read(_CHUNK)
    if named in failed:
        raise DataError(f"{path}, near line {failed[named]}: not {named} text; allowed: a file in the encoding that it "
                        "bears or that was named. Name the encoding it was saved in, or save it as UTF-8.")
    found = next(name for name in decoders if name not in failed)
    if named is None and found != "utf-8":
        called = {"cp1252": "Windows-1252 (the usual Latin-1)", "latin-1": "Latin-1"}[found]
        return TextForm(found, digest.hexdigest(), (
            f"not UTF-8 from line {failed['utf-8']} on, so read as {called}; if words look wrong, name the encoding",))
    plain = encoding is not None or found == "utf-8"
    return TextForm(found, digest.hexdigest(), () if plain else (f"encoding {found}, by the mark at its start",))


@dataclass(frozen=True)
class CsvForm:
    """What separates cells, a note about it where it is no comma, and the first line, without blanks around it.

    `hint` says that the first line only names the separator.
    """

    separator: str
    notes: tuple[str, ...]
    first: str
    hint: bool


def csv_form(path: Path, encoding: str, separator: str | None = None) -> CsvForm:
    """How the cells of a CSV file are separated: as said, or as a first line such as `sep=;` says, or found out.

    The candidate wins by which most records have as many cells as the first, then the one with the most cells.
    InputError or DataError for another separator than those allowed.
    """
    if separator is not None and separator not in SEPARATORS:
        raise InputError(unknown_name("separator", separator, tuple(SEPARATORS)))
    with path.open(encoding=encoding, newline="") as file:
        sample = file.read(_SAMPLE)
    hint = _HINT.match(sample)
    if hint and separator is None and hint[1] not in SEPARATORS:
        raise DataError(f"{path}: its first line says that {hint[1]!r} separates cells; allowed: "
                        f"{', '.join(SEPARATORS.values())}. Write it with one of these.")
    found = separator or (hint[1] if hint else _likely_separator(sample))
    said = separator is not None or found == ","
    return CsvForm(found, () if said else (f"cells are separated by {SEPARATORS[found]}",),
                   sample.partition("\n")[0].strip(), hint is not None)


def _likely_separator(sample: str) -> str:
    whole = sample if len(sample) < _SAMPLE else sample[: sample.rfind("\n") + 1] or sample
    return max(SEPARATORS, key=lambda candidate: _agreement(whole, candidate))  # of equal ones, the first


def _agreement(sample: str, separator: str) -> tuple[float, int]:
    try:
        rows = [row for row in islice(csv.reader(sample.splitlines(True), delimiter=separator), _SAMPLE_RECORDS) if row]
    except csv.Error:
        return 0.0, 0
    if not rows or len(rows[0]) < 2:
        return 0.0, 0
    return Counter(map(len, rows))[len(rows[0])] / len(rows), len(rows[0])


def _canonical(name: str) -> str:
    """An encoding that the user named; UTF-8 may bear its mark."""
    _decoder(name)
    return "utf-8-sig" if codecs.lookup(name).name == "utf-8" else name


def _decoder(name: str) -> codecs.IncrementalDecoder:
    try:
        with suppress(UnicodeError):
            b"a\0\0\0".decode(name)  # a LookupError for codecs that make no text
        return codecs.getincrementaldecoder(name)()
    except (LookupError, ValueError):  # a ValueError for a name with NUL in it
        raise InputError(f"Unknown encoding {name!r}; allowed: names such as utf-8, utf-16, cp1252 or latin-1. "
                         "Name another, or none to have it found out.") from None


def refuse_packed(path: Path, start: bytes) -> None:
    """DataError when a file begins like one that is packed, however it is called."""
    packed = next((what for mark, what in _PACKED.items() if start.startswith(mark)), None)
    if packed is not None:
        raise DataError(f"{path} is {packed}; allowed: CSV, JSON lines or Parquet, not packed. Unpack it, or export "
                        "the sheet as CSV.")


def _refuse_binary(path: Path, start: bytes, named: str | None) -> None:
    refuse_packed(path, start)
    if named is None and b"\0" in start:
        raise DataError(f"{path} holds NUL bytes: it is no text, or UTF-16 without a mark; allowed: CSV, JSON lines or "
                        "Parquet. Name the encoding, such as utf-16-le, or save it as UTF-8.")


def checked_columns(columns: Sequence[str], where: str) -> tuple[str, ...]:
    """The columns of a table; DataError where there are too many, two of one name, or one whose name is no text."""
    if len(columns) > MOST_COLUMNS:
        raise DataError(f"{where} names {len(columns):,} columns; allowed: up to {MOST_COLUMNS:,}. Keep those that are "
                        "needed.")
    name, times = Counter(columns).most_common(1)[0] if columns else ("", 0)
    if times > 1:
        raise DataError(f"{where} names {name[:80]!r} more than once; allowed: one name for each column. Rename one.")
    halved = next((name for name in columns if name.encode(errors="ignore").decode() != name), None)
    if halved is not None:
        raise DataError(f"{where} names a column {halved[:80]!r}, which holds half a character; rename it.")
    return tuple(columns)


def names_in(columns: Sequence[str]) -> str:
    """The columns as a message lists them."""
    shown = ", ".join(repr(name[:60]) for name in columns[:20])
    return shown + (f" and {len(columns) - 20} more" if len(columns) > 20 else "") or "none"
