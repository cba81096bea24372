"""Predictions as a table on disk: one row for each text, as Parquet, CSV or JSON lines."""

import csv
import fcntl
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet
from pydantic import TypeAdapter, ValidationError

from sparsecbm.data.own_table import TextRow
from sparsecbm.data.records import Reject
from sparsecbm.errors import InputError, unknown_name
from sparsecbm.export.values import as_cell
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


STATE_FILE, LOCK_FILE = "state.json", "lock"
FORMAT = 1


@dataclass(frozen=True)
class Counts:
    """Rows of the input: `read` = `predicted` + `rejected`; of the predicted ones, some are `truncated`."""

    read: int = 0
    predicted: int = 0
    rejected: int = 0
    truncated: int = 0


@dataclass(frozen=True)
class State:
    """What a batch is of, by name and hash, and how far it is."""

    format: int
    of: Mapping[str, str]
    parts: int
    counts: Counts


class Parts:
    """The folder of a batch that is not finished; `held` opens it."""

    def __init__(self, output: Path) -> None:
        self.output, self.folder = output, output.with_name(f"{output.name}.parts")
        self.rejects = output.with_name(f"{output.name}.rejects.jsonl")
        self.state = State(FORMAT, {}, 0, Counts())

    @contextmanager
    def held(self, of: Mapping[str, str], restart: bool) -> Iterator[None]:
        """Keep the folder for this run alone and read how far the batch `of` these things is.

        InputError when another run writes there, when the batch in it is of other things, or when there is a finished
        output already; with `restart`, what is there is replaced instead.
        """
        self.folder.mkdir(exist_ok=True)
        with (self.folder / LOCK_FILE).open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise InputError(f"Another run is writing {self.output}; allowed: one at a time. Wait for it, or write "
                                 "to another file.") from None
            path = self.folder / STATE_FILE
            if restart:
                path.unlink(missing_ok=True)
            elif self.output.exists() and not path.exists():
                shutil.rmtree(self.folder)
                raise InputError(f"{self.output} is there already; allowed: a new file. Write to another file, or "
                                 "replace it (--restart).")
            self.state = self._found(of) if path.exists() else State(FORMAT, dict(of), 0, Counts())
            try:
                yield
            finally:
                if not path.exists():  # nothing is done that another run could go on from
                    shutil.rmtree(self.folder, ignore_errors=True)

    def _found(self, of: Mapping[str, str]) -> State:
        path = self.folder / STATE_FILE
        try:
            state = TypeAdapter(State).validate_json(path.read_bytes())
        except ValidationError as error:
            raise InputError(f"{path} is not the state of a batch ({error.errors()[0]['msg'][:80]}); allowed: as this "
                             "program wrote it. Start the batch anew (--restart), or write to another file.") from None
        differ = [name for name in dict.fromkeys([*of, *state.of]) if of.get(name) != state.of.get(name)]
        if differ or state.format != FORMAT:
            others = ", another ".join(differ) or "format"
            raise InputError(f"{self.folder} holds an unfinished batch of another {others}; allowed: the same as it "
                             "was started with. Start the batch anew (--restart), or write to another file.")
        return state

    def add(self, table: pa.Table, rejects: Sequence[Reject], truncated: int) -> None:
        """Keep one more part: predictions and what was rejected among them. It counts once the state says so."""
        number, counts = self.state.parts, self.state.counts
        parquet.write_table(table, self._part(number))
        with self._rejects(number).open("w", encoding="utf-8", newline="") as file:
            file.writelines(json.dumps({"line": one.number, "reason": one.reason, "content": one.content}) + "\n"
                            for one in rejects)
        counts = Counts(counts.read + table.num_rows + len(rejects), counts.predicted + table.num_rows,
                        counts.rejected + len(rejects), counts.truncated + truncated)
        self.state = replace(self.state, parts=number + 1, counts=counts)
        new = self.folder / f"{STATE_FILE}.new"
        new.write_text(json.dumps(asdict(self.state), indent=1) + "\n", encoding="utf-8")
        new.replace(self.folder / STATE_FILE)

    def finish(self, form: pa.Schema) -> None:
        """Make one output and one file of rejects of the parts, and remove the parts."""
        numbers = range(self.state.parts)
        if self.state.counts.rejected:
            with self.rejects.open("wb") as file:
                for number in numbers:
                    file.write(self._rejects(number).read_bytes())
        else:
            self.rejects.unlink(missing_ok=True)
        write_output(self.output, map(self._part, numbers), form)
        (self.folder / STATE_FILE).unlink(missing_ok=True)  # first: a half removed batch must not go on
        shutil.rmtree(self.folder)

    def _part(self, number: int) -> Path:
        return self.folder / f"part-{number:06d}.parquet"

    def _rejects(self, number: int) -> Path:
        return self.folder / f"rejects-{number:06d}.jsonl"
