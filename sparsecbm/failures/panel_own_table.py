"""A table of one's own: an uploaded file, or a data set of the Hub that is fetched when a button is pressed."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pandas as pd
import streamlit as st

from sparsecbm.data.columns import Columns, suggest_columns
from sparsecbm.data.records import Record, Reject
from sparsecbm.data.reviews import table_reviews
from sparsecbm.data.spellings import NOT_ANNOTATED, cell_name, counted_from_elsewhere, guessed_meaning, spellings
from sparsecbm.data.table_source import TableSource, open_table
from sparsecbm.data.text_form import SEPARATORS
from sparsecbm.errors import DataError, InputError
from sparsecbm.failures.panel_address import STATE
from sparsecbm.failures.panel_state import change, the_reviews, the_slice
from sparsecbm.failures.slices import Slice
from sparsecbm.figures.text import counted, visible
from sparsecbm.file_names import last_part
from sparsecbm.paths import HUB_PREFIX
from sparsecbm.schema import ConceptSchema
from sparsecbm.service import Explainer
from sparsecbm.ui.loaded_sources import keep_own
from sparsecbm.ui.safe_text import as_markdown, shortened
from sparsecbm.ui.session import seed_widget
from sparsecbm.ui.shell import errors_shown, note
from sparsecbm.ui.upload import as_file

#: Rows of the preview, columns of it, and spellings that can be given a meaning.
_ROWS, _COLUMNS, _SPELLINGS = 5, 12, 12
_KEY = "failures:columns"

Records = Sequence[Record | Reject]


def column_choice(
    key: str, columns: tuple[str, ...], records: Records, schema: ConceptSchema
) -> Columns | None:
    """A list for each thing that a column may hold, and the first rows; None while no column of texts is chosen."""
    preview = [one.cells for one in records if isinstance(one, Record)][:_ROWS]
    st.dataframe(pd.DataFrame([{name: visible(shortened(cell_name(row.get(name)), 120)) for name in columns[:_COLUMNS]}
                               for row in preview]), hide_index=True, alt="The first rows of the table")
    unusable = sum(isinstance(one, Reject) for one in records)
    if unusable:
        note(f"{unusable:,} of the first {len(records):,} rows cannot be read; they will be listed.")
    try:
        guess = suggest_columns(columns, schema)
    except DataError:
        guess = Columns("")
    title = schema.label_title

    def choice(name: str, label: str, guessed: str | None, nothing: str) -> str | None:
        index = columns.index(guessed) if guessed in columns else None
        chosen: str | None = st.selectbox(label, columns, index, key=f"{_KEY}:{key}:{name}", width=190,
                                          placeholder=nothing)
        return chosen

    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        text = choice("text", "Texts", guess.text, "choose one")
        name = choice("id", "Ids", guess.id, "line numbers")
        label = choice("label", f"True {as_markdown(title)}", guess.label, "not annotated")
        chosen = {concept: choice(f"concept:{concept}", f"True {as_markdown(concept)}", guess.concepts.get(concept),
                                  "not annotated") for concept in schema.concepts}
    concepts = {concept: column for concept, column in chosen.items() if column is not None}
    label_names = _meanings(f"{key}:{label}", f"true {title}", records, [label] if label else [], schema.labels,
                            schema.label_display)
    value_names = _meanings(f"{key}:{concepts}", "true concept", records, list(concepts.values()), schema.values,
                            schema.values)
    if text is None:
        note(":material/arrow_upward: Choose the column with the texts.")
        return None
    return Columns(text, name, label, concepts, label_names, value_names)


def _meanings(
    key: str, what: str, records: Records, columns: Sequence[str], names: tuple[str, ...], display: tuple[str, ...]
) -> Mapping[str, str]:
    """What every spelling means; rows with one that is left without meaning are rejected.

    Those that are names of the schema lie folded away, unless numbers seem to begin elsewhere than the names.
    """
    if not columns:
        return {}
    found = spellings(records, columns)
    moved = counted_from_elsewhere(found, names)
    shown = {cell: count for cell, count in found.most_common() if cell in moved or cell not in names}
    same = {cell: count for cell, count in found.most_common() if cell not in shown}

    def choices(cells: Iterable[tuple[str, int]]) -> dict[str, str]:
        meanings, meant = (*names, NOT_ANNOTATED), dict[str, str]()
        with st.container(horizontal=True, gap="small"):
            for cell, count in cells:
                guess = moved.get(cell, guessed_meaning(cell, names, display))
                picked = st.selectbox(f"{as_markdown(shortened(cell, 30))} ({count:,})", meanings,
                                      None if guess is None else meanings.index(guess),
                                      key=f"{_KEY}:{key}:means:{cell!r}", placeholder="choose", width=150,
                                      format_func=lambda name: (*display, "not annotated")[meanings.index(name)])
                if picked is not None:
                    meant[cell] = picked
        return meant

    meant = dict[str, str]()
    if shown:
        st.markdown(f"**What do these mean?** They stand where a {as_markdown(what)} is expected. A row with one that "
                    "you leave open cannot be used and will be listed.")
        if moved:
            st.warning(f"The table has {as_markdown(', '.join(moved))} where {as_markdown(', '.join(names))} are "
                       "expected: its numbers seem to begin elsewhere. They are read in their order; check each one.",
                       icon=":material/warning:")
        meant |= choices(islice(shown.items(), _SPELLINGS))
        if len(shown) > _SPELLINGS:
            note(f"{counted(len(shown) - _SPELLINGS, 'more spelling')} cannot be given a meaning. Is it the right "
                 "column?")
    if same:
        with st.expander(f"Names of the model that stand for a {as_markdown(what)} ({len(same):,})"):
            meant |= choices(same.items())
    return meant


#: The largest upload in megabytes, and the most rows of a table that are held.
MOST_MEGABYTES, MOST_ROWS = 50, 50_000
#: So many records show what a table holds.
_PREVIEWED = 2000
_FORM = "failures:own-table"
_FILE, _HUB = "A file", "The Hugging Face Hub"
_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+(#[\w.-]+)?")
_ENCODINGS = ("utf-8", "utf-16", "cp1252", "latin-1")


@dataclass(frozen=True)
class OpenedTable:
    """A table that was opened, whose columns are still to be chosen. `content` is None for a data set of the Hub."""

    key: str
    name: str
    table: TableSource
    records: tuple[Record | Reject, ...]
    content: bytes | None
    how: tuple[str | None, str | None]

    @contextmanager
    def readable(self) -> Iterator[TableSource]:
        """The table, to be read whole."""
        if self.content is None:
            yield self.table
        else:
            with as_file(self.name, self.content) as path:
                yield open_table(path, *self.how)


def own_form(explainer: Explainer) -> None:
    """Where the table is, what its columns hold, and the button that loads it."""
    loaded = the_reviews()
    with st.expander("Load a table" if loaded is None else f"Loaded: {as_markdown(loaded.name)}. Load another",
                     expanded=loaded is None, key=f"{_FORM}:{loaded.digest if loaded else ''}"), errors_shown():
        where = st.segmented_control("Where is it?", (_FILE, _HUB), key=f"{_FORM}:where", required=True,
                                     default=seed_widget(f"{_FORM}:where", st.session_state.get(f"{_FORM}:where")
                                                         or _FILE))
        opened = _file() if where == _FILE else _hub()
        if opened is None:
            if loaded is None and the_slice().conditions:
                note(":material/link: The link belongs to a table that is not loaded here. Load it to see the slice.")
            note("A column with texts is all that is needed. With the true label and concepts in others, the page "
                 f"shows where the model is wrong. Up to {MOST_ROWS:,} rows are held; predict more with "
                 "`python -m sparsecbm predict`.")
            return
        for line in opened.table.notes:
            note(as_markdown(line))
        columns = column_choice(opened.key, opened.table.columns, opened.records, explainer.schema)
        if columns is not None and st.button("Load it", key=f"{_FORM}:read", type="primary"):
            with st.spinner("Reading the table…"), opened.readable() as table:
                keep_own(table_reviews(opened.name, table, columns, explainer.schema, MOST_ROWS))
            change(page=1, **({} if loaded is None else {"slice": Slice(), "open": None}))  # a link's slice is kept
            STATE.run_again()


def _file() -> OpenedTable | None:
    given = st.file_uploader(f"CSV, JSON lines or Parquet, up to {MOST_MEGABYTES} MB", key=f"{_FORM}:file",
                             max_upload_size=MOST_MEGABYTES)
    with st.expander("If words or cells look wrong"), st.container(horizontal=True, gap="medium"):
        encoding = st.selectbox("Encoding", _ENCODINGS, None, key=f"{_FORM}:encoding", placeholder="found out",
                                width=200, accept_new_options=True)
        separator = st.selectbox("Cells are separated by", list(SEPARATORS), None, key=f"{_FORM}:separator", width=200,
                                 placeholder="found out", format_func=SEPARATORS.__getitem__)
    if given is None:
        return None
    key, how = f"{given.file_id}:{encoding}:{separator}", (encoding, separator)
    held = _held(key)
    if held is not None:
        return held
    content = given.getvalue()
    with as_file(given.name, content) as path:
        table = open_table(path, *how)
        return _hold(OpenedTable(key, last_part(given.name), table, _some(table), content, how))


def _hub() -> OpenedTable | None:
    with st.form(f"{_FORM}:hub", border=False), \
            st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        name = st.text_input("Data set", key=f"{_FORM}:hub-name", placeholder="OWNER/NAME or OWNER/NAME#CONFIG",
                             width=330, max_chars=200)
        split = st.text_input("Split", seed_widget(f"{_FORM}:hub-split", st.session_state.get(f"{_FORM}:hub-split")
                                                   or "test"), key=f"{_FORM}:hub-split", width=140, max_chars=80)
        pressed = st.form_submit_button("Fetch it from the Hub")
    key = f"hub:{name}:{split}"
    if pressed:
        with st.spinner("Fetching it from the Hub…"):
            table = open_table(HUB_PREFIX + hub_name(name or ""), split=split or "test")
            return _hold(OpenedTable(key, f"{name}, {split}", table, _some(table), None, (None, None)))
    note("Nothing is fetched before you press the button.")
    return _held(key)


def hub_name(given: str) -> str:
    """A data set on the Hub as it was typed. InputError for a path: files of this server are not for visitors."""
    name = given.strip()
    if not _HUB_NAME.fullmatch(name) or ".." in name or Path(name.partition("#")[0]).exists():
        raise InputError(f"The data set {name[:80]!r} came; allowed: OWNER/NAME of a data set on the Hugging Face Hub, "
                         "such as CEBaB/CEBaB. Type its name as the Hub's page shows it.")
    return name


def _some(table: TableSource) -> tuple[Record | Reject, ...]:
    return tuple(islice(table.records(table.columns), _PREVIEWED))


def _held(key: str) -> OpenedTable | None:
    held: OpenedTable | None = st.session_state.get(f"{_FORM}:opened")
    return held if held is not None and held.key == key else None


def _hold(opened: OpenedTable) -> OpenedTable:
    st.session_state[f"{_FORM}:opened"] = opened
    return opened
