"""Slices to come back to: saved by name, written to a file, and read from one."""

from collections.abc import Callable
from functools import partial

import numpy as np
import streamlit as st

from sparsecbm.errors import InputError
from sparsecbm.failures.error_analysis import ErrorAnalysis, Rows
from sparsecbm.failures.panel_filters import BOX_PIXELS
from sparsecbm.failures.panel_slice_files import read_slice, slice_csv, slice_json
from sparsecbm.failures.panel_state import marks, saved_slices, set_slice, the_reviews, the_slice
from sparsecbm.failures.panel_table import MOST_TAGS, tag_rows
from sparsecbm.failures.slices import Slice, in_words
from sparsecbm.figures.text import counted, percent
from sparsecbm.file_names import download_name
from sparsecbm.ui.action_result import attempt, show_result
from sparsecbm.ui.loaded_model import load_explainer
from sparsecbm.ui.safe_text import as_markdown, clean_text, table_html
from sparsecbm.ui.shell import note
from sparsecbm.ui.unsaved import unsaved_line
from sparsecbm.ui.upload import as_file

#: The longest name of a slice, in characters, and the most slices a session keeps.
MOST_NAME, MOST_SAVED = 80, 50
#: The largest file of a slice, in megabytes.
MOST_MEGABYTES = 50
_KEY = "failures:saved"


def save_bar(analysis: ErrorAnalysis, rows: Rows) -> None:
    """Buttons that open: save the slice by name, the saved ones, and files."""
    with st.container(horizontal=True, horizontal_alignment="right", gap="small", key=f"{_KEY}:bar"):
        with st.popover("Save", icon=":material/bookmark_add:"), st.form(f"{_KEY}:form", border=False):
            st.text_input("Name of this slice", key=f"{_KEY}:name", max_chars=MOST_NAME, placeholder="Noisy and long")
            st.form_submit_button("Save", on_click=_try, args=(_save,), disabled=not the_slice().conditions)
            if not the_slice().conditions:
                note("All texts are shown: filter first.")
        kept = st.popover(f"Saved ({len(saved_slices())})", icon=":material/bookmarks:", key=f"{_KEY}:list",
                          on_change="rerun")
        files = st.popover("Files", icon=":material/import_export:", key=f"{_KEY}:files", on_change="rerun")
    if kept.open:  # what is in it is worked out only while it is open
        with kept, st.container(width=BOX_PIXELS):
            _list(analysis)
    if files.open:
        with files, st.container(width=BOX_PIXELS // 2):
            _files(analysis, rows)
    unsaved_line("failures", "Saved slices and your tags are", bool(saved_slices() or marks()))
    show_result(_KEY)


def _list(analysis: ErrorAnalysis) -> None:
    """Every saved slice, with how often the model is wrong on its rows."""
    if not saved_slices():
        note("None yet. Filter, then press *Save*.")
        return
    schema, lines, usable = analysis.reviews.schema, list[list[str]](), list[str]()
    for name, chosen in saved_slices().items():
        _, problems = chosen.fitting(analysis, marks())
        if problems:
            lines.append([name, in_words(chosen, schema), "does not fit this source", ""])
            continue
        usable.append(name)
        rate = analysis.error_rate(rows := chosen.rows(analysis, marks()))
        low, high = rate.interval
        lines.append([name, in_words(chosen, schema), f"{int(rows.sum()):,}", "not labelled" if rate.share is None else
                      f"{percent(rate.share)} ({100 * low:.0f} to {100 * high:.0f})"])
    st.html(table_html("Saved slices", ("Name", "Conditions", "Texts", f"{schema.label_title} wrong, 95 %"), lines))
    picked = st.selectbox("Slice", list(saved_slices()), key=f"{_KEY}:picked", format_func=as_markdown)
    with st.container(horizontal=True, gap="small"):
        st.button("Show it", key=f"{_KEY}:look", type="primary", disabled=picked not in usable, on_click=_open,
                  args=(picked,))
        st.button("Delete", key=f"{_KEY}:delete", on_click=_delete, args=(picked,))


def _files(analysis: ErrorAnalysis, rows: Rows) -> None:
    numbers, checkpoint = np.flatnonzero(rows), load_explainer().checkpoint.hash
    words = in_words(the_slice(), analysis.reviews.schema)
    own = {mark: frozenset(ids) for mark, ids in marks().items()}
    note(f"The {counted(len(numbers), 'text')} of this slice, with gold labels, predictions and your tags:")
    with st.container(horizontal=True, gap="small"):
        for ending, mime, made in (("csv", "text/csv", partial(slice_csv, analysis, numbers, own)),
                                   ("json", "application/json",
                                    partial(slice_json, analysis, the_slice(), numbers, own, checkpoint))):
            st.download_button(ending.upper(), made, download_name("slice", words, ending), mime,
                               key=f"{_KEY}:{ending}", on_click="ignore", icon=":material/download:")
    given = st.file_uploader("An exported slice, or a table with a column id", key=f"{_KEY}:file",
                             max_upload_size=MOST_MEGABYTES)
    st.button("Show its texts and add its tags", key=f"{_KEY}:import", icon=":material/upload:",
              disabled=given is None, on_click=_try, args=(_import,))


def _try(action: Callable[[], str]) -> None:
    attempt(_KEY, action, "The file cannot be read")


def _save() -> str:
    name = clean_text(st.session_state[f"{_KEY}:name"]).strip()
    saved = saved_slices()
    if not name:
        raise InputError("The slice has no name; allowed: any text. Type a name and save it again.")
    if name not in saved and len(saved) >= MOST_SAVED:
        raise InputError(f"{MOST_SAVED} slices are saved; allowed: no more. Delete one and save again.")
    saved[name] = the_slice()
    return f"The slice “{name}” is saved for this session."


def _open(name: str) -> None:
    set_slice(saved_slices()[name])


def _delete(name: str) -> None:
    saved_slices().pop(name, None)


def _import() -> str:
    given, reviews = st.session_state.get(f"{_KEY}:file"), the_reviews()
    if given is None or reviews is None:
        raise InputError("No file came; allowed: an exported slice. Choose a file first.")
    with as_file(given.name, given.getvalue()) as path:
        found = read_slice(path, reviews)
    refused = [mark for mark, ids in found.marks.items() if not tag_rows(tuple(ids), mark, True)]
    set_slice(Slice(ids=found.ids))
    unknown = f"; {counted(found.unknown, 'row')} of the file belong to other texts" if found.unknown else ""
    left_out = f" {counted(len(refused), 'tag')} did not fit: at most {MOST_TAGS} are allowed." if refused else ""
    return f"{given.name} names {counted(len(found.ids), 'text')} of this source{unknown}.{left_out}"
