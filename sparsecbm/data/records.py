"""Records of a file of any size, one after another: what cannot be read is reported by line number, never skipped."""

import csv
import json
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import TextIOWrapper
from typing import Any

from sparsecbm.data.text_form import checked_columns
from sparsecbm.errors import DataError
from sparsecbm.spreadsheet import unprotected
from sparsecbm.validation import is_blank

#: The most characters of one cell or line; what is longer is no table, or a quote that was never closed.
MOST_LINE = 2**24
#: So much of a record that cannot be used is kept with the reason, in characters.
MOST_KEPT = 100_000
#: So many lines are looked at for the end of a record that a quote breaks.
LOOKED_AHEAD = 50
#: Quotes in a row; two stand for one of the text.
_RUN = re.compile('"+')

csv.field_size_limit(MOST_LINE)  # a limit of the whole process; the usual one, 131,072, refuses long texts


@dataclass(frozen=True)
class Record:
    """Cells by column. `number` is the line that it starts on, or counts rows from 1 where a file has no lines.

    `share` is how much of the source was read with it, 0..1.
    """

    number: int
    cells: Mapping[str, Any]
    share: float


@dataclass(frozen=True)
class Reject:
    """A record that cannot be used: `kind` for counting, `reason` for whoever mends it, `content` as it stood.

    `last` is the line that it ends on where that is a later one than `number`.
    """

    number: int
    kind: str
    reason: str
    content: str
    share: float
    last: int | None = None


class LineTooLong(csv.Error):
    """A line of more than MOST_LINE characters, which was passed over."""


class Lines:
    """The lines of a text file with their numbers, and the text taken since `begin`. No line is read beyond a limit."""

    def __init__(self, file: TextIOWrapper, size: int) -> None:
        self._file, self._size = file, max(size, 1)
        self.number, self.first, self._taken, self._length, self._line = 0, 1, list[str](), 0, ""
        self._ahead = deque[str]()

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._ahead.popleft() if self._ahead else self._file.readline(MOST_LINE)
        if not line:
            raise StopIteration
        self.number, self._line = self.number + 1, line
        self._keep(line)
        if len(line) < MOST_LINE or line.endswith("\n"):
            return line
        while rest := self._file.readline(MOST_LINE):
            self._length += len(rest)
            if rest.endswith("\n"):
                break
        raise LineTooLong(f"line {self.number} has more than {MOST_LINE:,} characters")

    def begin(self) -> None:
        """A record begins with the next line."""
        self.first, self._taken, self._length = self.number + 1, [], 0

    def finish(self, separator: str) -> None:
        """Take the rest of a CSV record that a quote breaks, so that its other lines are not read as records.

        They are taken up to the line that closes the open quote, where one of the next LOOKED_AHEAD does; otherwise the
        record counts as ended.
        """
        quotes, before = _Quotes(separator, self.number > self.first), (self.number, self._length, list(self._taken))
        inside, ahead = quotes.read(self._line), deque[str]()
        while inside and len(ahead) < LOOKED_AHEAD:
            try:
                ahead.append(next(self))
            except StopIteration:
                break
            except LineTooLong:
                return
            inside = quotes.read(ahead[-1])
            if not inside and ahead[-1].count('"') % 2:
                return  # an even number would open and close cells of another record
        self._ahead.extend(ahead)
        self.number, self._length, self._taken = before

    def _keep(self, line: str) -> None:
        if self._length < MOST_KEPT:
            self._taken.append(line[: MOST_KEPT - self._length])
        self._length += len(line)

    @property
    def share(self) -> float:
        """How much of the file was read, 0..1."""
        opened: Any = self._file.buffer
        return min(1.0, float(opened.tell() / self._size))

    def reject(self, kind: str, reason: str) -> Reject:
        """What was taken since `begin`, as a record that cannot be used."""
        last = self.number if self.number > self.first else None
        where = "" if last is None else f"lines {self.first} to {last}: "
        content = "".join(self._taken).rstrip("\r\n")
        return Reject(self.first, kind, f"{where}{reason}", kept(content, self._length), self.share, last)


class _Quotes:
    """Whether a line of broken CSV ends inside of a quoted cell.

    A quote closes the cell before a separator or the end of the line, unless another one opened words in the cell, as
    in `"He said "hi", and left"`.
    """

    def __init__(self, separator: str, inside: bool) -> None:
        between = re.escape(separator)
        self._opening, self._closing = re.compile(f'(?:^|{between})"'), re.compile(rf"[ \t]*(?:{between}|$)")
        self.inside, self._words = inside, 0

    def read(self, line: str) -> bool:
        """Go on to the end of the next line, and tell whether it is inside of a cell."""
        text, place = line.rstrip("\r\n"), 0
        while found := (_RUN if self.inside else self._opening).search(text, place):
            place = found.end()
            if not self.inside:
                self.inside, self._words = True, 0
            elif self._closing.match(text, place):
                closes = self._words if len(found.group()) % 2 == 0 else not self._words
                self.inside, self._words = not closes, max(self._words - 1, 0)
            elif len(found.group()) % 2:
                opens = text[found.start() - 1 : found.start()] in ("", " ", "(") and not text[place].isspace()
                self._words = self._words + 1 if opens else max(self._words - 1, 0)
        return self.inside


def kept(content: str, length: int | None = None) -> str:
    """As much of a record as is kept with its reject, saying so where that is not all."""
    length = len(content) if length is None else length
    return content[:MOST_KEPT] + (f" ... (cut; {length:,} characters in all)" if length > MOST_KEPT else "")


def csv_records(lines: Lines, separator: str, name: str) -> tuple[tuple[str, ...], Iterator[Record | Reject]]:
    """The columns of the first line, and the records after it; DataError when the first line names no columns."""
    reader = csv.reader(lines, delimiter=separator, strict=True)
    try:
        header = [unprotected(cell) for cell in next((row for row in reader if row), [])]
    except csv.Error as error:
        raise DataError(f"{name}, line {lines.number}: the first line cannot be read as CSV ({error}); it must name "
                        "the columns. Check that this is a CSV file.") from None
    columns = tuple(f"column {place}" if is_blank(cell) else cell.strip() for place, cell in enumerate(header, start=1))
    if not columns:
        raise DataError(f"{name}: the first line names no columns; allowed: a name for each column. Correct it.")
    checked_columns(columns, f"{name}: the first line")
    return columns, _csv_rows(reader, lines, separator, columns)


def _csv_rows(
    reader: Iterator[list[str]], lines: Lines, separator: str, columns: tuple[str, ...]
) -> Iterator[Record | Reject]:
    while True:
        lines.begin()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if not isinstance(error, LineTooLong):
                lines.finish(separator)
            yield lines.reject("not CSV", f"not CSV ({error}); correct its quotes and cells")
            continue
        if not cells:
            continue
        if len(cells) != len(columns):
            yield lines.reject("wrong number of cells", f"{len(cells)} cells came where the first line names "
                               f"{len(columns)}; put cells that hold separators in quotes")
            continue
        yield Record(lines.first, dict(zip(columns, map(unprotected, cells), strict=True)), lines.share)


def text_records(lines: Lines, column: str) -> Iterator[Record | Reject]:
    """One document a line, as the cell of one column; blank lines are passed over."""
    while True:
        lines.begin()
        try:
            line = next(lines)
        except StopIteration:
            return
        except csv.Error as error:
            yield lines.reject("line too long", f"{error}; shorten it")
            continue
        if not is_blank(line):
            yield Record(lines.first, {column: line.rstrip("\r\n")}, lines.share)


def json_records(lines: Lines) -> Iterator[Record | Reject]:
    """One object a line; blank lines are passed over. An object with two values of one name is refused."""
    while True:
        lines.begin()
        try:
            line = next(lines)
            if is_blank(line):
                continue
            values = json.loads(line, object_pairs_hook=_object)
        except StopIteration:
            return
        except _Repeated as error:
            yield lines.reject("name more than once", f"{error}; name each cell once")
            continue
        except (csv.Error, ValueError, RecursionError) as error:  # a ValueError also for numbers of endless digits
            yield lines.reject("not JSON", f"not JSON ({str(error)[:120]}); write one JSON object a line")
            continue
        if isinstance(values, dict):
            yield Record(lines.first, values, lines.share)
        else:
            yield lines.reject("not an object", f"a JSON {type(values).__name__} came; write one JSON object a line")


class _Repeated(Exception):
    """A JSON object that names a value twice."""


def _object(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    values = dict[str, Any]()
    for name, value in pairs:
        if name in values:
            raise _Repeated(f"an object names {name[:80]!r} more than once")
        values[name] = value
    return values
