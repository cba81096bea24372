"""Predictions as a table on disk: one row for each text, as Parquet, CSV or JSON lines."""

import csv
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from sparsecbm.data.tables import TextRow
from sparsecbm.errors import InputError, unknown_name
from sparsecbm.export.table import as_cell
from sparsecbm.schema import ConceptSchema
from sparsecbm.types import Predictions

#: Rows of a part that are held at a time while the parts become one file.
_ROWS = 4096


def output_schema(schema: ConceptSchema, concepts: bool, text: bool) -> pa.Schema:
    """The columns: who the row is, what the model says and how sure it is.

    `line` is where the row stood in the input; `label=NAME` and `CONCEPT=VALUE` hold probabilities, 0..1, and `margin`
    the lead of the most probable label. `concepts` is False for a model that has none.
    """
    fields = [("id", pa.string()), ("line", pa.int64()), *([("text", pa.string())] if text else []),
              ("label", pa.string()), ("margin", pa.float32()), ("truncated", pa.bool_()),
              *((f"label={label}", pa.float32()) for label in schema.labels)]
    for concept in schema.concepts if concepts else ():
        fields += [(f"concept_{concept}", pa.string()),
                   *((f"{concept}={value}", pa.float32()) for value in schema.values)]
    return pa.schema(fields)


def output_table(rows: Sequence[TextRow], found: Predictions, concepts: bool, text: bool) -> pa.Table:
    """Rows with what the model says of them, under `output_schema`."""
    schema = found.schema
    columns: list[Any] = [[row.id for row in rows], [row.number for row in rows]]
    if text:
        columns.append([row.text for row in rows])
    columns += [[schema.labels[label] for label in found.labels], found.margins, found.truncated,
                *np.ascontiguousarray(found.label_probabilities.T)]
    for k in range(len(schema.concepts) if concepts else 0):
        columns += [[schema.values[value] for value in found.values[:, k]],
                    *np.ascontiguousarray(found.concept_probabilities[:, k].T)]
    form = output_schema(schema, concepts, text)
    return pa.Table.from_arrays([pa.array(column, field.type) for column, field in zip(columns, form, strict=True)],
                                schema=form)


def check_output(path: Path) -> None:
    """InputError unless the file's name says a form that can be written, and its folder is there."""
    if path.suffix.lower() not in WRITERS:
        raise InputError(unknown_name("ending of an output file", path.suffix, tuple(WRITERS)))
    if not path.absolute().parent.is_dir():
        raise InputError(f"The output {str(path)!r} lies in no folder that is there; allowed: a file in one that is. "
                         "Make the folder first.")


def write_output(path: Path, parts: Iterable[Path], form: pa.Schema) -> None:
    """Parts, which are Parquet files, as one file; who reads meanwhile gets the old file or the new one, whole."""
    new = path.with_name(f".{path.name}.new")
    try:
        WRITERS[path.suffix.lower()](new, parts, form)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def _write_parquet(path: Path, parts: Iterable[Path], form: pa.Schema) -> None:
    with parquet.ParquetWriter(path, form) as writer:
        for batch in _batches(parts):
            writer.write_batch(batch)


def _write_csv(path: Path, parts: Iterable[Path], form: pa.Schema) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(map(as_cell, form.names))
        for batch in _batches(parts):
            writer.writerows(map(as_cell, row.values()) for row in batch.to_pylist())


def _write_json_lines(path: Path, parts: Iterable[Path], form: pa.Schema) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        for batch in _batches(parts):
            file.writelines(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n" for row in batch.to_pylist())


def _batches(parts: Iterable[Path]) -> Iterable[pa.RecordBatch]:
    for part in parts:
        with parquet.ParquetFile(part) as file:
            yield from file.iter_batches(_ROWS, use_threads=False)


#: How a table is written, by the ending of the file's name.
WRITERS = {".parquet": _write_parquet, ".csv": _write_csv, ".jsonl": _write_json_lines}
