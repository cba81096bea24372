"""Predictions as a table on disk: one row for each text, as Parquet, CSV or JSON lines."""

import csv
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from sparsecbm.data.own_table import TextRow
from sparsecbm.errors import InputError, unknown_name
from sparsecbm.familiarity.unlike import UNLIKE_FROM
from sparsecbm.paths import check_file
from sparsecbm.schema import ConceptSchema
from sparsecbm.spreadsheet import protected
from sparsecbm.types import Predictions

#: Rows of a part that are held at a time while the parts become one file.
_ROWS = 4096


def output_schema(schema: ConceptSchema, concepts: bool, text: bool) -> pa.Schema:
    """The columns: who the row is, what the model says and how sure it is.

    `line` is where the row stood in the input; `label=NAME` and `CONCEPT=VALUE` hold probabilities, 0..1, and `margin`
    the lead of the most probable label. `unread` counts the words that the model cannot read, or not wholly. `unlike`
    is the share of held-out texts that are more like the training texts, 0..1, and `unlike_flag` says whether that is
    so much that the text is marked; both are empty where it was not measured. `concepts` is False for a model that has
    none.
    """
    fields = [("id", pa.string()), ("line", pa.int64()), *([("text", pa.string())] if text else []),
              ("label", pa.string()), ("margin", pa.float32()), ("truncated", pa.bool_()),
              ("unread", pa.int64()), ("unlike", pa.float32()), ("unlike_flag", pa.bool_()),
              *((f"label={label}", pa.float32()) for label in schema.labels)]
    for concept in schema.concepts if concepts else ():
        fields += [(f"concept_{concept}", pa.string()),
                   *((f"{concept}={value}", pa.float32()) for value in schema.values_of(concept))]
    return pa.schema(fields)


def output_table(rows: Sequence[TextRow], found: Predictions, concepts: bool, text: bool) -> pa.Table:
    """Rows with what the model says of them, under `output_schema`."""
    schema = found.schema
    columns: list[Any] = [[row.id for row in rows], [row.number for row in rows]]
    if text:
        columns.append([row.text for row in rows])
    columns += [[schema.labels[label] for label in found.labels], found.margins, found.truncated,
                [None] * len(rows) if found.unread is None else found.unread,
                *([[None] * len(rows)] * 2 if found.unlike is None else (found.unlike, found.unlike > UNLIKE_FROM)),
                *np.ascontiguousarray(found.label_probabilities.T)]
    for k, concept in enumerate(schema.concepts if concepts else ()):
        columns += [[schema.values[value] for value in found.values[:, k]],
                    *np.ascontiguousarray(found.concept_probabilities[:, k, schema.value_places(concept)].T)]
    form = output_schema(schema, concepts, text)
    return pa.Table.from_arrays([pa.array(column, field.type) for column, field in zip(columns, form, strict=True)],
                                schema=form)


def check_output(path: Path) -> None:
    """InputError unless the file's name says a form that can be written, and it can stand there."""
    if path.suffix.lower() not in WRITERS:
        raise InputError(unknown_name("ending of an output file", path.suffix, tuple(WRITERS)))
    check_file(path, "The output")


def _write_parquet(path: Path, parts: Iterable[Path], form: pa.Schema) -> None:
    with parquet.ParquetWriter(path, form) as writer:
        for batch in _batches(parts):
            writer.write_batch(batch)


def _write_csv(path: Path, parts: Iterable[Path], form: pa.Schema) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)  # else a lone \r ends a row
        writer.writerow(map(protected, form.names))
        for batch in _batches(parts):
            writer.writerows((protected(cell) if isinstance(cell, str) else cell for cell in row.values())
                             for row in batch.to_pylist())


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
