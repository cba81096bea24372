"""The slice as a table with pages: a press on a cell opens its document, marked rows are tagged together."""

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from jaxtyping import Int

from sparsecbm.failures.error_analysis import ErrorAnalysis
from sparsecbm.failures.panel_address import SORTS, STATE
from sparsecbm.failures.panel_state import PAGE_ROWS, change, marks
from sparsecbm.failures.tags import tag_name
from sparsecbm.figures.text import counted, visible
from sparsecbm.ui.safe_text import as_markdown, clean_text, shortened
from sparsecbm.ui.session import chosen, seed_widget
from sparsecbm.ui.shell import note

#: The longest tag of one's own, in characters, and the most of them.
MOST_TAG, MOST_TAGS = 40, 50
_KEY, _TAG = "failures:table", "failures:tag"
_TURN, _MARKED, _CELL = f"{_KEY}:turn", f"{_KEY}:marked", f"{_KEY}:cell"
#: Widths in pixels; the text gets what is left.
_WIDTHS = {"": 24, "true": 60, "predicted": 70, "text": None, "wrong": 105, "margin": 56, "tags": 110}
#: Left out while a document is open next to the table.
_WIDE_ONLY = ("wrong", "margin", "tags")


def rows_table(analysis: ErrorAnalysis, numbers: Int[np.ndarray, " shown"], narrow: bool = False) -> None:
    """One page of the rows of the slice, `numbers` in their order; a `narrow` table has fewer columns."""
    looking = STATE.current
    pages = max(1, -(-len(numbers) // PAGE_ROWS))
    page = min(looking.page, pages)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key=f"{_KEY}:head"):
        st.selectbox("Sorted by", list(SORTS), list(SORTS).index(seed_widget(f"{_KEY}:sort", looking.sort)), width=200,
                     key=f"{_KEY}:sort", format_func=lambda name: SORTS[name][0], on_change=_sorted)
        st.pagination(pages, max_visible_pages=5, default=seed_widget(f"{_KEY}:page", page), key=f"{_KEY}:page",
                      on_change=_paged)
    if not len(numbers):
        st.info("No text fits all filters. Remove one to see texts again.", icon=":material/filter_list_off:")
        return
    rows = numbers[(page - 1) * PAGE_ROWS:page * PAGE_ROWS]
    ids = tuple(analysis.reviews.ids[row] for row in rows)
    state = repr((looking.sort, ids, st.session_state.get(_TURN, 0)))
    key = f"{_KEY}:{hashlib.sha256(state.encode('utf-8', 'replace')).hexdigest()[:12]}"
    marked = [place for place, name in enumerate(ids) if name in st.session_state.get(_MARKED, ())]
    frame = table_page(analysis, rows, looking.open)
    picked: Any = st.dataframe(
        frame.drop(columns=_WIDE_ONLY if narrow else (), errors="ignore"), hide_index=True, key=key,
        height=38 + 35 * len(rows),
        on_select=lambda: _picked(key, ids), selection_mode=["multi-row", "single-cell"],
        selection_default={"selection": {"rows": marked}},
        column_config={name: st.column_config.Column(width=width) for name, width in _WIDTHS.items()},
        alt=f"Page {page} of {pages}: {counted(len(rows), 'text')} with their predictions")
    _tagging([ids[row] for row in picked["selection"]["rows"] if row < len(ids)])


def table_page(analysis: ErrorAnalysis, rows: Int[np.ndarray, " shown"], opened: str | None) -> pd.DataFrame:
    """Some rows for reading; the open one is pointed at."""
    reviews, schema = analysis.reviews, analysis.reviews.schema
    display = [*schema.label_display, "–"]  # -1, not labelled, is the last one
    own, margins = marks(), analysis.predictions.margins
    frame = pd.DataFrame({
        "": ["▶" if reviews.ids[row] == opened else "" for row in rows],
        "true": [display[reviews.labels[row]] for row in rows],
        "predicted": [display[analysis.predicted_labels[row]] for row in rows],
        "text": [visible(shortened(reviews.texts[row], 140)) for row in rows],
        "wrong": [", ".join([*([schema.label_title] if analysis.label_wrong[row] else []),
                             *(concept for concept, misread in zip(schema.concepts, analysis.misread[row], strict=True)
                               if misread)]) for row in rows],
        "margin": [f"{100 * margins[row]:.0f}" for row in rows],
        "tags": [", ".join([*(tag_name(tag, schema) for tag, held in analysis.tags.held.items() if held[row]),
                            *(f"“{mark}”" for mark, ids in sorted(own.items()) if reviews.ids[row] in ids)])
                 for row in rows],
    })
    left_out = ([] if reviews.has_labels else ["true"]) + \
        ([] if reviews.has_labels or analysis.value_known.any() else ["wrong"])
    return frame.drop(columns=left_out)


def tag_rows(ids: Sequence[str], tag: str, on: bool) -> bool:
    """Put a tag of one's own on some reviews, or take it off; for callbacks. False when it is blank or one too many."""
    name, own = clean_text(tag).strip()[:MOST_TAG], marks()
    if not name or on and name not in own and len(own) >= MOST_TAGS:
        return False
    own[name] = own.get(name, set()) | set(ids) if on else own.get(name, set()) - set(ids)
    if not own[name]:
        del own[name]
    return True


def _tagging(marked: Sequence[str]) -> None:
    """Tags for the rows that are marked."""
    if not marked:
        note("Press a cell to read its text. Mark rows at the left to tag them.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key=f"{_TAG}:bar"):
        tag: str | None = st.selectbox("Your tag", sorted(marks()), None, key=f"{_TAG}:name", width=220,
                                       accept_new_options=True, placeholder="Choose, or type a new one",
                                       format_func=as_markdown)
        for on, label in ((True, f"Tag {counted(len(marked), 'marked row')}"), (False, "Take it off")):
            st.button(label, key=f"{_TAG}:{on}", disabled=not (tag or "").strip(), on_click=_tag,
                      args=(marked, tag or "", on))


def _tag(ids: Sequence[str], tag: str, on: bool) -> None:
    tag_rows(ids, tag, on)


def forget_cell() -> None:
    """Take the mark off the cell that was pressed, so that it can be pressed again; marked rows stay. For callbacks."""
    st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1


def _picked(key: str, ids: Sequence[str]) -> None:
    selection = st.session_state[key]["selection"]
    st.session_state[_MARKED] = [ids[row] for row in selection["rows"] if row < len(ids)]
    cells = selection.get("cells") or ()
    if (cells, key) != st.session_state.get(_CELL):  # otherwise a row was marked, and the cell is the one before
        st.session_state[_CELL] = (cells, key)
        if cells and cells[0][0] < len(ids):
            change(open=ids[cells[0][0]])


def _sorted() -> None:
    sort = st.session_state[f"{_KEY}:sort"]
    if chosen(f"{_KEY}:sort"):
        change(sort=sort, page=1)


def _paged() -> None:
    page = st.session_state[f"{_KEY}:page"]
    if chosen(f"{_KEY}:page"):
        change(page=page)
