"""A study as files: its protocol, a row for each event and each case, a codebook, and an account of the contents.

A participant is a random code, a number, and the external ids that the study keeps, nothing else. CSV is for
spreadsheets: text that they would run as a formula is protected as `spreadsheet.protected` says. Parquet has the same
rows as they were written, and is what a replay reads.
"""

import csv
import hashlib
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sparsecbm.errors import InputError
from sparsecbm.export.values import as_cell
from sparsecbm.file_names import without_leftovers
from sparsecbm.paths import write_bytes
from sparsecbm.studies.cases import EVENT_COLUMNS, Cells, Column, case_columns, case_rows, event_rows
from sparsecbm.studies.log import ParticipantKind, now, stamp
from sparsecbm.studies.store import Store

FORMAT = 1
STUDY_FILE, PROTOCOL_FILE, EVENTS_FILE = "study.json", "protocol.json", "events.parquet"
#: Who is exported; people who only tried the study out are not.
EXPORTED: tuple[ParticipantKind, ...] = ("person", "simulated")

_TYPES = {"text": pa.string(), "whole": pa.int64(), "number": pa.float64(), "yes_no": pa.bool_()}


def export_study(store: Store, study: str, folder: Path, kinds: Sequence[ParticipantKind] = EXPORTED) -> dict[str, Any]:
    """Write a study into a folder that is empty or made, and log that; returns the account of it.

    InputError when there is no such study or the folder is not empty.
    """
    store.study(study)  # no folder is made for a study that there is not
    folder.mkdir(parents=True, exist_ok=True)
    if without_leftovers(path.name for path in folder.iterdir()):
        raise InputError(f"{folder} is not empty; allowed: an empty folder, or a new one.")
    files = study_files(store, study, kinds)
    try:
        for name, content in files.items():
            write_bytes(folder / name, content)
    except BaseException:  # half a study in the folder would be in the way of the next export
        for name in files:
            (folder / name).unlink(missing_ok=True)
        raise
    account: dict[str, Any] = json.loads(files[STUDY_FILE])
    return account


def study_files(store: Store, study: str, kinds: Sequence[ParticipantKind] = EXPORTED) -> dict[str, bytes]:
    """The same files by name; the export is logged. InputError when there is no such study."""
    found, courses = store.study(study), store.courses(study, kinds)
    study = found.id
    cases, columns = case_rows(courses), case_columns(found.protocol)
    events = event_rows(courses)
    codebook = [{"table": table, "column": column.name, "type": column.type, "meaning": column.meaning}
                for table, some in (("events", EVENT_COLUMNS), ("cases", columns)) for column in some]
    files = {
        PROTOCOL_FILE: _json(found.protocol.to_json()),
        "events.csv": as_csv(EVENT_COLUMNS, events), EVENTS_FILE: as_parquet(EVENT_COLUMNS, events),
        "cases.csv": as_csv(columns, cases), "cases.parquet": as_parquet(columns, cases),
        "codebook.csv": as_csv([Column(name, "text", "") for name in ("table", "column", "type", "meaning")], codebook),
    }
    store.note(study, "exported")
    notes = [{"kind": note.kind, "events": note.events, "at": stamp(note.time)} for note in store.notes(study)]
    account = {
        "format": FORMAT, "study": study, "name": found.protocol.name, "version": found.protocol.version,
        "protocol": found.protocol.digest, "checkpoint": found.protocol.checkpoint,
        "data_hash": found.protocol.data_hash, "created": stamp(found.created), "closed": found.closed,
        "exported": stamp(now()), "participants": len(courses), "events": len(events), "cases": len(cases),
        "log": notes, "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}}
    return files | {STUDY_FILE: _json(account)}


def as_csv(columns: Sequence[Column], rows: Sequence[Cells]) -> bytes:
    """Rows under their columns' names, with nothing that a spreadsheet runs; empty where there is nothing."""
    output = io.StringIO()
    writer = csv.writer(output, lineterminator="\n")
    writer.writerow(as_cell(column.name) for column in columns)
    writer.writerows([as_cell(row[column.name]) for column in columns] for row in rows)
    return output.getvalue().encode()


def as_parquet(columns: Sequence[Column], rows: Sequence[Cells]) -> bytes:
    """The same rows with their types, and text as it was written."""
    schema = pa.schema([pa.field(column.name, _TYPES[column.type], metadata={"meaning": column.meaning})
                        for column in columns])
    output = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows), schema), output)
    return output.getvalue()


def _json(values: dict[str, Any]) -> bytes:
    return (json.dumps(values, indent=1, allow_nan=False) + "\n").encode()
