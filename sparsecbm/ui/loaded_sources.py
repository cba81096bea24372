"""The sources of a session: those of the catalogue, and the tables that the visitor loaded, one for each schema."""

import streamlit as st

from sparsecbm.data.catalogue import OWN, Source, catalogue
from sparsecbm.data.reviews import Reviews
from sparsecbm.errors import DataError
from sparsecbm.schema import ConceptSchema

_OWN = "sources:own"


def source_titles(schema: ConceptSchema, unloaded: bool = False) -> dict[str, str]:
    """What there is to choose from: the title of every source by its name.

    A table of the visitor's own is among them once it is loaded; where it can be loaded, `unloaded`, also before.
    """
    titles, own = {name: source.title for name, source in catalogue(schema).items()}, _own().get(schema)
    if unloaded:  # the same before and after loading: a list whose titles change loses what was chosen
        titles[OWN] = "A table of your own, or of the Hub"
    elif own is not None:
        titles[OWN] = f"Your table: {own.name}"
    return titles


def opened_reviews(name: str, schema: ConceptSchema) -> Reviews | None:
    """The documents of a source, read once for all sessions; None while the visitor's own table is not loaded.

    DataError when the source cannot be read.
    """
    if name != OWN:
        found = catalogue(schema)
        if name not in found:
            raise DataError(f"There is no source {name!r} now; allowed: {', '.join(found)}. Choose another one.")
        return _read(found[name], repr(found[name]))
    return _own().get(schema)


def keep_own(reviews: Reviews) -> None:
    """Make a table the session's own, in place of the one before of the same schema."""
    _own()[reviews.schema] = reviews


def _own() -> dict[ConceptSchema, Reviews]:
    own: dict[ConceptSchema, Reviews] = st.session_state.setdefault(_OWN, {})
    return own


@st.cache_resource(max_entries=4, show_spinner="Reading the documents…")
def _read(_source: Source, key: str) -> Reviews:
    return _source.read()
