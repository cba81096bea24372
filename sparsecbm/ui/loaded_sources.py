"""The sources of a session: those of the catalogue, and a table that the visitor loaded."""

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
    titles, own = {name: source.title for name, source in catalogue(schema).items()}, _own()
    if own is not None and own.schema == schema:
        titles[OWN] = f"Your table: {own.name}"
    elif unloaded:
        titles[OWN] = "A table of your own, or of the Hub"
    return titles


def opened_reviews(name: str, schema: ConceptSchema) -> Reviews | None:
    """The documents of a source, read once for all sessions; None while the visitor's own table is not loaded.

    DataError when the source cannot be read, or the table was loaded for other concepts.
    """
    if name != OWN:
        found = catalogue(schema)
        if name not in found:
            raise DataError(f"There is no source {name!r} now; allowed: {', '.join(found)}. Choose another one.")
        return _read(found[name], repr(found[name]))
    own = _own()
    if own is not None and own.schema != schema:
        raise DataError(f"{own.name} was loaded for the concepts of {own.schema.name}, but the model knows those of "
                        f"{schema.name}; allowed: documents with the model's concepts. Load the table again.")
    return own


def keep_own(reviews: Reviews | None) -> None:
    """Make a table the session's own, in place of the one before; None forgets it."""
    st.session_state[_OWN] = reviews


def _own() -> Reviews | None:
    own: Reviews | None = st.session_state.get(_OWN)
    return own


@st.cache_resource(max_entries=4, show_spinner="Reading the documents…")
def _read(_source: Source, key: str) -> Reviews:
    return _source.read()
