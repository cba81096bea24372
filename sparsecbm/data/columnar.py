"""Records of Parquet files and of data sets on the Hugging Face Hub, some hundred at a time."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
from datasets.exceptions import DatasetsError
from pyarrow import parquet

from sparsecbm.data.records import Record, Reject, kept
from sparsecbm.data.text_form import checked_columns, names_in
from sparsecbm.errors import DataError
from sparsecbm.paths import HUB_PREFIX

#: Rows that are read at a time.
BATCH = 256
#: A column chunk of more bytes than this that was packed more than so many times is a bomb, not a table.
MOST_UNPACKED, MOST_RATIO = 2**26, 200

Reader = Callable[[Sequence[str]], Iterator[Record | Reject]]


def parquet_reader(path: Path) -> tuple[tuple[str, ...], Reader]:
    """Columns of a Parquet file, and what reads the records of some of them; DataError when it is damaged or a bomb."""
    try:
        # Closed by us: a `ParquetFile` that cannot be made leaves a path open, which Windows then does not delete.
        with pa.OSFile(str(path)) as opened, parquet.ParquetFile(opened) as file:
            columns, metadata = tuple(file.schema_arrow.names), file.metadata
            text = [field.name for field in file.schema_arrow if pa.types.is_string(field.type)]
    except (pa.ArrowException, OSError) as error:
        raise _damaged(path, error) from None
    checked_columns(columns, str(path))
    for group in range(metadata.num_row_groups):
        for place in range(metadata.num_columns):
            chunk = metadata.row_group(group).column(place)
            unpacked, packed = chunk.total_uncompressed_size, max(chunk.total_compressed_size, 1)
            if unpacked > MOST_UNPACKED and unpacked / packed > MOST_RATIO:
                raise DataError(f"{path}: column {chunk.path_in_schema!r} unpacks {packed:,} bytes to {unpacked:,}; "
                                f"allowed: up to {MOST_RATIO} times as many. Write the file anew from its rows.")

    def read(wanted: Sequence[str]) -> Iterator[Record | Reject]:
        number, rows = 0, max(metadata.num_rows, 1)
        try:
            # As a dictionary, a long text that comes again and again is held once.
            with pa.OSFile(str(path)) as opened, \
                    parquet.ParquetFile(opened, read_dictionary=text, pre_buffer=False) as file:
                for batch in file.iter_batches(BATCH, columns=list(dict.fromkeys(wanted)), use_threads=False):
                    for place in range(batch.num_rows):
                        number += 1
                        yield _row(batch, place, number, number / rows)
        except (pa.ArrowException, OSError) as error:
            raise _damaged(path, error) from None

    return columns, read


def _row(batch: pa.RecordBatch, place: int, number: int, share: float) -> Record | Reject:
    cells: dict[str, Any] = {}
    try:
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            cells[name] = column[place].as_py()
    except UnicodeDecodeError as error:
        content = kept(json.dumps(cells, default=str, ensure_ascii=False))
        return Reject(number, "not UTF-8", f"{name} is no UTF-8 text ({error.reason}); write the file "
                      "anew with text columns", content, share)
    return Record(number, cells, share)


def _damaged(path: Path, error: Exception) -> DataError:
    return DataError(f"{path} cannot be read as Parquet ({str(error).partition(chr(10))[0][:160]}); allowed: a whole "
                     "Parquet file. Write or copy it again.")


def hub_reader(source: str, split: str) -> tuple[tuple[str, ...], str, Reader]:
    """Columns of a split of `hub:OWNER/NAME` or `hub:OWNER/NAME#CONFIG`, a digest of its rows, and what reads them.

    Numbers of a class label are read as its names. DataError when the Hub, or the folder so named, does not give it.
    """
    name, _, config = source.removeprefix(HUB_PREFIX).partition("#")
    try:
        found = datasets.load_dataset(name, config or None, split=split)
    except (DatasetsError, OSError, ValueError) as error:
        cause = str(error).partition("\n")[0].rstrip(".")
        raise DataError(f"Split {split!r} of {source} cannot be read: {cause}. Check the name, the split and the "
                        "connection, or give a file.") from None
    classes = {column: feature for column, feature in found.features.items()
               if isinstance(feature, datasets.ClassLabel)}

    def read(wanted: Sequence[str]) -> Iterator[Record | Reject]:
        number = 0
        for batch in found.select_columns(list(dict.fromkeys(wanted))).iter(batch_size=BATCH):
            for values in zip(*batch.values(), strict=True):
                number += 1
                cells = dict(zip(batch, values, strict=True))
                for column in classes.keys() & cells.keys():
                    index = cells[column]
                    cells[column] = None if index is None or index < 0 else classes[column].int2str(index)
                yield Record(number, cells, number / len(found))

    digest = hashlib.sha256()
    plain = [column for column, feature in found.features.items()
             if isinstance(feature, datasets.Value | datasets.ClassLabel)]
    for record in read(plain):
        digest.update(json.dumps(record.cells, default=str).encode() if isinstance(record, Record) else b"")
    if not plain:
        raise DataError(f"{source} has no column of text or numbers; columns there: {names_in(found.column_names)}. "
                        "Choose another data set.")
    return checked_columns(plain, source), digest.hexdigest(), read
