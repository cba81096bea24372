"""Where the reviews come from: those that ship, a folder that the server was started with, or a table of one's own."""

import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import streamlit as st

from sparsecbm.data import imdb_c, sources
from sparsecbm.data.cebab import load_cebab
from sparsecbm.data.reviews import Reviews, cebab_reviews, imdb_c_reviews, sample_reviews
from sparsecbm.data.samples import load_samples, sample_split
from sparsecbm.data.split import Split
from sparsecbm.errors import DataError
from sparsecbm.schema import CEBAB, IMDB_C, ConceptSchema

#: Where more reviews are: a folder or a zip with the release's JSON files.
DATA_VARIABLE = "SPARSECBM_DATA"
#: Splits of the folder that nothing was trained on.
HELD_OUT = ("dev", "test")


def labelled_sources(schema: ConceptSchema) -> Mapping[str, Callable[[], Split]]:
    """Splits that speak of these concepts, by what people call them; reading one may raise DataError."""
    found: dict[str, Callable[[], Split]] = {}
    if load_samples(schema):
        found["The reviews that ship with the project"] = partial(sample_split, schema)
    folder = os.environ.get(DATA_VARIABLE)
    if folder and schema == CEBAB:
        found |= {f"{name} of the folder in {DATA_VARIABLE}": partial(_split, folder, name) for name in HELD_OUT}
    return found


@st.cache_resource(max_entries=len(HELD_OUT), show_spinner="Reading the reviews…")
def _split(folder: str, name: str) -> Split:
    return load_cebab(folder, name)


#: What each source is called in the address; of a folder, the split stands after the prefix.
SAMPLES, FOLDER, OWN = "samples", "folder-", "own"
#: Splits that a model was not trained on come first.
_HELD_OUT = ("dev", "test", "dev_generated", "test_generated")
_READERS: Mapping[str, tuple[Callable[[str, str, ConceptSchema], Reviews], sources.Names, str]] = {
    CEBAB.name: (cebab_reviews, sources.SPLITS, ".json"),
    IMDB_C.name: (imdb_c_reviews, imdb_c.SPLITS, ".csv"),
}
_OWN = "failures:loaded"


def source_titles(schema: ConceptSchema) -> Mapping[str, str]:
    """What there is to choose from, by name."""
    found = {SAMPLES: f"The {len(load_samples(schema))} reviews that ship with the project"} if load_samples(schema) \
        else {}
    folder = os.environ.get(DATA_VARIABLE)
    if folder and schema.name in _READERS:
        _, splits, suffix = _READERS[schema.name]
        there = sources.splits_there(Path(folder).expanduser(), splits, suffix) or _HELD_OUT[:1]
        for split in sorted(there, key=lambda name: name not in _HELD_OUT):
            found[FOLDER + split] = f"{split} of the folder in {DATA_VARIABLE}" \
                + ("" if split in _HELD_OUT else ", which the model may have learnt from")
    return found | {OWN: "A table of your own, or of the Hub"}


def first_source(schema: ConceptSchema) -> str:
    """What a session starts with."""
    return next(iter(source_titles(schema)))


def opened_reviews(source: str, schema: ConceptSchema) -> Reviews | None:
    """The reviews of a source; None while a table of one's own is not loaded. DataError when it cannot be read."""
    if source == SAMPLES:
        return _samples(schema)
    if source.startswith(FOLDER):
        return _source_split(os.environ.get(DATA_VARIABLE) or "", source.removeprefix(FOLDER), schema)
    own: Reviews | None = st.session_state.get(_OWN)
    if own is not None and own.schema != schema:
        raise DataError(f"{own.name} was read for the concepts of {own.schema.name}, and the loaded model reads "
                        f"{schema.name}; allowed: reviews of its own concepts. Load the table again.")
    return own


def keep_own(reviews: Reviews | None) -> None:
    """Make a table the session's own, in place of the one before; None forgets it."""
    st.session_state[_OWN] = reviews


@st.cache_resource(max_entries=2, show_spinner=False, hash_funcs={ConceptSchema: repr})
def _samples(schema: ConceptSchema) -> Reviews:
    return sample_reviews(schema)


@st.cache_resource(max_entries=4, show_spinner="Reading the reviews…", hash_funcs={ConceptSchema: repr})
def _source_split(folder: str, split: str, schema: ConceptSchema) -> Reviews:
    return _READERS[schema.name][0](folder, split, schema)
