"""Reviews with known answers that edits can be tried on: those that ship, and those of a folder."""

import os
from collections.abc import Callable, Mapping
from functools import partial

import streamlit as st

from sparsecbm.data.cebab import load_cebab
from sparsecbm.data.samples import load_samples, sample_split
from sparsecbm.data.split import Split
from sparsecbm.schema import CEBAB, ConceptSchema

#: Where more reviews are: a folder or a zip with the release's JSON files.
DATA_VARIABLE = "SPARSECBM_DATA"
#: Splits of the folder that nothing was trained on.
HELD_OUT = ("dev", "test")


def sources(schema: ConceptSchema) -> Mapping[str, Callable[[], Split]]:
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
