"""All corrections of the model's schema as files, and files read back in."""

from functools import partial

import streamlit as st

from sparsecbm.corrections.correction_files import (
    COLUMNS,
    CSV_SUFFIX,
    JSON_SUFFIX,
    current_columns,
    current_rows,
    history_rows,
    read_history,
    written,
)
from sparsecbm.corrections.label_correction import in_order, schema_hash
from sparsecbm.corrections.panel_store import NO_FILE, correction_store
from sparsecbm.errors import InputError
from sparsecbm.figures.text import counted
from sparsecbm.schema import ConceptSchema
from sparsecbm.ui.action_result import attempt, show_result
from sparsecbm.ui.shell import note
from sparsecbm.ui.upload import as_file

#: The largest file that is read, in megabytes.
MOST_MEGABYTES = 50
_KEY = "corrections:files"
_MIME = {CSV_SUFFIX: "text/csv", JSON_SUFFIX: "application/jsonl"}


def files_box(schema: ConceptSchema) -> None:
    """A button that opens: every correction, what most people say now, and a file to read."""
    box = st.popover("All corrections", icon=":material/import_export:", key=_KEY, on_change="rerun")
    if box.open:  # what is in it is worked out only while it is open
        with box, st.container(width=330):
            _files(schema)
    show_result(_KEY)


def _files(schema: ConceptSchema) -> None:
    note("Every correction of everybody, with its history, to read in elsewhere:")
    _downloads(schema, "corrections", current=False)
    note("What most people say of each text now, as a table to train on:")
    _downloads(schema, "labelled", current=True)
    given = st.file_uploader("Corrections from elsewhere", key=f"{_KEY}:file", max_upload_size=MOST_MEGABYTES)
    st.button("Add what is new", key=f"{_KEY}:import", icon=":material/upload:", disabled=given is None,
              on_click=attempt, args=(_KEY, partial(_import, schema), NO_FILE))


def _downloads(schema: ConceptSchema, name: str, current: bool) -> None:
    with st.container(horizontal=True, gap="small"):
        for suffix, mime in _MIME.items():
            file = f"{name}{suffix}"
            st.download_button(suffix[1:].upper(), partial(_file, schema, suffix, current), file, mime,
                               key=f"{_KEY}:{file}", on_click="ignore", icon=":material/download:")


def _file(schema: ConceptSchema, suffix: str, current: bool) -> bytes:
    history = in_order(correction_store().history(schema_hash(schema)))
    if current:
        return written(current_rows(history, schema), current_columns(schema), suffix)
    return written(history_rows(history), COLUMNS, suffix)


def _import(schema: ConceptSchema) -> str:
    given = st.session_state.get(f"{_KEY}:file")
    if given is None:
        raise InputError("No file came; allowed: exported corrections. Choose a file first.")
    with as_file(given.name, given.getvalue()) as path:
        history = read_history(path, schema)
    new, undone = correction_store().add_history(history)
    return f"{given.name}: {counted(len(history), 'correction')} read, {new:,} new, {undone:,} undone."
