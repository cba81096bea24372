"""Records of a file of any size, one after another: what cannot be read is reported by line number, never skipped."""

import csv
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import TextIOWrapper
from typing import Any

from sparsecbm.errors import DataError

#: The most characters of one cell or line; what is longer is no table, or a quote that was never closed.
MOST_LINE = 2**24
#: So much of a record that cannot be used is kept with the reason, in characters.
MOST_KEPT = 100_000

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
    """A record that cannot be used: `kind` for counting, `reason` for whoever mends it, `content` as it stood."""

    number: int
    kind: str
    reason: str
    content: str
    share: float


class Lines:
    """The lines of a text file with their numbers, and the text taken since `begin`. No line is read beyond a limit."""

    def __init__(self, file: TextIOWrapper, size: int) -> None:
        self._file, self._size = file, max(size, 1)
        self.number, self.first, self._taken, self._length = 0, 1, list[str](), 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._file.readline(MOST_LINE)
        if not line:
            raise StopIteration
        self.number += 1
        self._keep(line)
        if len(line) < MOST_LINE or line.endswith("\n"):
            return line
        while rest := self._file.readline(MOST_LINE):
            self._length += len(rest)
            if rest.endswith("\n"):
                break
        raise csv.Error(f"line {self.number} has more than {MOST_LINE:,} characters")

    def begin(self) -> None:
        """A record begins with the next line."""
        self.first, self._taken, self._length = self.number + 1, [], 0

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
        where = "" if self.number <= self.first else f"lines {self.first} to {self.number}: "
        content = "".join(self._taken).rstrip("\r\n")
        return Reject(self.first, kind, f"{where}{reason}", kept(content, self._length), self.share)


def kept(content: str, length: int | None = None) -> str:
    """As much of a record as is kept with its reject, saying so where that is not all."""
    length = len(content) if length is None else length
    return content[:MOST_KEPT] + (f" ... (cut; {length:,} characters in all)" if length > MOST_KEPT else "")


def csv_records(lines: Lines, separator: str, name: str) -> tuple[tuple[str, ...], Iterator[Record | Reject]]:
    """The columns of the first line, and the records after it; DataError when the first line names no columns."""
    reader = csv.reader(lines, delimiter=separator, strict=True)
    try:
        header = next((row for row in reader if row), [])
    except csv.Error as error:
        raise DataError(f"{name}, line {lines.number}: the first line cannot be read as CSV ({error}); it must name "
                        "the columns. Check that this is a CSV file.") from None
    columns = tuple(cell.strip() or f"column {place}" for place, cell in enumerate(header, start=1))
    repeated = sorted(column for column, times in Counter(columns).items() if times > 1)
    if not columns or repeated:
        raise DataError(f"{name}: the first line " + (f"names {repeated[0][:80]!r} more than once" if repeated else
                        "names no columns") + "; allowed: one name for each column. Correct the first line.")
    return columns, _csv_rows(reader, lines, columns)


def _csv_rows(reader: Iterator[list[str]], lines: Lines, columns: tuple[str, ...]) -> Iterator[Record | Reject]:
    while True:
        lines.begin()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield lines.reject("not CSV", f"not CSV ({error}); correct its quotes and cells")
            continue
        if not cells:
            continue
        if len(cells) != len(columns):
            yield lines.reject("wrong number of cells", f"{len(cells)} cells came where the first line names "
                               f"{len(columns)}; put cells that hold separators in quotes")
            continue
        yield Record(lines.first, dict(zip(columns, cells, strict=True)), lines.share)


def json_records(lines: Lines) -> Iterator[Record | Reject]:
    """One object a line; blank lines are passed over."""
    while True:
        lines.begin()
        try:
            line = next(lines)
            if not line.strip():
                continue
            values = json.loads(line)
        except StopIteration:
            return
        except (csv.Error, ValueError, RecursionError) as error:  # a ValueError also for numbers of endless digits
            yield lines.reject("not JSON", f"not JSON ({str(error)[:120]}); write one JSON object a line")
            continue
        if isinstance(values, dict):
            yield Record(lines.first, values, lines.share)
        else:
            yield lines.reject("not an object", f"a JSON {type(values).__name__} came; write one JSON object a line")
