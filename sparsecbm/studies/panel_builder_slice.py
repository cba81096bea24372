"""Which reviews cases are drawn from: a source of the Failures page, whole or a slice of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import streamlit as st

from sparsecbm.data.catalogue import OWN
from sparsecbm.data.reviews import Reviews
from sparsecbm.errors import InputError
from sparsecbm.failures.panel_saved import MOST_MEGABYTES
from sparsecbm.failures.panel_slice_files import read_slice
from sparsecbm.failures.panel_state import saved_slices, the_slice, the_source
from sparsecbm.failures.slice_address import from_params
from sparsecbm.failures.slices import Slice
from sparsecbm.schema import ConceptSchema
from sparsecbm.studies.panel_builder_draft import Form
from sparsecbm.ui.loaded_sources import source_titles
from sparsecbm.ui.shell import FAILURES, link, note
from sparsecbm.ui.upload import as_file

ALL, LOOKED_AT, SAVED, FILE, LINK = "all", "failures", "saved:", "file", "link"
_FILE, _READ = "studies:slice:upload", "studies:slice:read"


@dataclass(frozen=True)
class Pick:
    """A source by its name, empty for the first, and which slice of it; `link` is the one that was pasted."""

    source: str = ""
    which: str = ALL
    link: str = ""


PICK = Form("studies:slice", Pick)


def source_choice(schema: ConceptSchema) -> str:
    """Let a person choose the source; returns its name."""
    titles = source_titles(schema, unloaded=True)
    st.selectbox("Source", **PICK.choice("source", list(titles)), format_func=titles.__getitem__, width=430)
    if PICK.now.source == OWN:
        note("A table is loaded on the Failures page; it is then here, too.")
        link(FAILURES, "To Failures", ":material/arrow_forward:")
    return PICK.now.source


def slice_choice() -> None:
    """Let a person choose which of the source's reviews to draw from."""
    titles = _titles()
    st.selectbox("Which of them", **PICK.choice("which", list(titles)), format_func=titles.__getitem__, width=330)
    if PICK.now.which == LINK:
        st.text_input("Address of the Failures page", **PICK.widget("link"), max_chars=8000,
                      placeholder="http://…/Failures?true=2&said=1")
    elif PICK.now.which == FILE:
        st.file_uploader("A slice that was exported, or a table with a column id", key=_FILE,
                         max_upload_size=MOST_MEGABYTES)


def chosen_slice(reviews: Reviews) -> Slice:
    """The slice that was chosen. InputError when it is not there yet or cannot be used."""
    which = PICK.now.which
    if which == LINK:
        return _of_link(reviews.schema)
    if which == FILE:
        return Slice(ids=_ids_of_file(reviews))
    if which == LOOKED_AT:
        return the_slice()
    return saved_slices()[which.removeprefix(SAVED)] if which.startswith(SAVED) else Slice()


def _titles() -> Mapping[str, str]:
    titles = {ALL: "all of them"}
    if the_slice().conditions and the_source() == PICK.now.source:
        titles[LOOKED_AT] = "the slice on the Failures page"
    titles |= {SAVED + name: f"the saved slice “{name}”" for name in saved_slices()}
    return titles | {FILE: "those of a file", LINK: "those of a link to Failures"}


def _of_link(schema: ConceptSchema) -> Slice:
    found, problems = from_params(parse_qs(urlsplit(PICK.now.link.strip()).query, keep_blank_values=True), schema)
    if problems:
        raise InputError(problems[0])
    if not found.conditions:
        raise InputError("The link names no slice; allowed: the address of the Failures page with a filter in force. "
                         "Copy it from there.")
    return found


def _ids_of_file(reviews: Reviews) -> tuple[str, ...]:
    given = st.session_state.get(_FILE)
    if given is None:
        raise InputError("No file came; allowed: a slice that the Failures page exported. Choose a file.")
    asked, kept = (given.file_id, reviews.digest), st.session_state.get(_READ)
    if kept is None or kept[0] != asked:
        with as_file(given.name, given.getvalue()) as path:
            kept = st.session_state[_READ] = asked, read_slice(path, reviews).ids
    ids: tuple[str, ...] = kept[1]
    return ids
