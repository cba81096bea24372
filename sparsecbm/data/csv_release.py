"""Released CSV files with a row for each document: what all data sets of this form have in common."""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sparsecbm.data.records import Lines, Reject, csv_records
from sparsecbm.data.sources import Names, file_of_split, known_split
from sparsecbm.data.split import Review, Split
from sparsecbm.errors import DataError
from sparsecbm.schema import ConceptSchema

#: Makes a review of a row's cells, of what messages should call the row, and of its id; and the policy cases it shows.
ReadRow = Callable[[Mapping[str, Any], str, str], tuple[Review, list[str]]]


def read_csv_split(
    source: str | Path, split: str, splits: Names, columns: Sequence[str], schema: ConceptSchema, read_row: ReadRow
) -> Split:
    """Read one split from the release's files, a folder or a zip of it; DataError when they are not as released.

    Rows have no ids: they get their split and number, such as `dev-0007`. Those with blank text or a text seen before
    are dropped.
    """
    name = known_split(split, splits)
    content, where = file_of_split(source, name, splits, ".csv")

    def found() -> Iterator[tuple[Review, list[str]]]:
        file = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", newline="")
        there, records = csv_records(Lines(file, len(content)), ",", where)
        missing = [column for column in columns if column not in there]
        if missing:
            raise DataError(f"{where}: column {missing[0]!r} is missing; allowed: {', '.join(columns)}, and others. "
                            "Use the files of the release.")
        for number, record in enumerate(records, start=1):
            line = f"{where}, line {record.number}"
            if isinstance(record, Reject):
                raise DataError(f"{line}: {record.reason}.")
            yield read_row(record.cells, line, f"{name}-{number:04d}")

    try:
        return Split.gathered(found(), "text", schema, source, name)
    except UnicodeDecodeError as error:
        raise DataError(f"{where}: not UTF-8 text ({error.reason}); allowed: UTF-8. Use the files of the release.") \
            from None
