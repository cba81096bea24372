"""The one catalogue of documents: the data sets that can be read, and the sources that a page offers.

Pages add the tables that a visitor loaded, which belong to a session (`ui.sources`).
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sparsecbm.data import imdb_c, sources
from sparsecbm.data.cebab import load_cebab
from sparsecbm.data.imdb_c import load_imdb_c
from sparsecbm.data.reviews import Reviews, cebab_reviews, imdb_c_reviews, sample_reviews
from sparsecbm.data.samples import load_samples
from sparsecbm.data.split import Split
from sparsecbm.errors import DataError, unknown_name
from sparsecbm.schema import CEBAB, IMDB_C, ConceptSchema

#: Names a folder, or a zip, with the files of a data set's release.
DATA_VARIABLE = "SPARSECBM_DATA"
#: Splits that no model was trained on; pages offer them first.
HELD_OUT = ("dev", "test", "dev_generated", "test_generated")
#: What each source is called in the address; of a folder, the split stands after the prefix.
SAMPLES, FOLDER, OWN = "samples", "folder-", "own"


@dataclass(frozen=True)
class DataSet:
    """A released data set: how its splits are read, and the files that they lie in.

    `load` gives what models are trained and scored on, `reviews` the same documents with whatever else is known of
    each. `splits` has the names that each split's file may bear before its `suffix`.
    """

    schema: ConceptSchema
    load: Callable[[str | Path, str], Split]
    reviews: Callable[[str | Path, str, ConceptSchema], Reviews]
    splits: sources.Names
    suffix: str


#: Every data set that can be read, by the name of its schema. A new one is added here.
DATASETS: Mapping[str, DataSet] = {
    CEBAB.name: DataSet(CEBAB, load_cebab, cebab_reviews, sources.SPLITS, ".json"),
    IMDB_C.name: DataSet(IMDB_C, load_imdb_c, imdb_c_reviews, imdb_c.SPLITS, ".csv"),
}


def load_split(dataset: str, source: str | Path, split: str) -> Split:
    """Read one split of a data set; DataError for a data set, source or split that does not exist.

    >>> load_split("cebab", "hub:CEBaB/CEBaB", "dev").texts[:1]
    """
    if dataset not in DATASETS:
        raise DataError(unknown_name("data set", dataset, tuple(DATASETS)))
    return DATASETS[dataset].load(source, split)


@dataclass(frozen=True)
class Source:
    """Documents to choose: `name` stands in the address, `title` is what people read.

    `read` gives the documents; DataError when they cannot be read.
    """

    name: str
    title: str
    read: Callable[[], Reviews]


def catalogue(schema: ConceptSchema) -> dict[str, Source]:
    """The sources of this schema's concepts by name: the samples that ship, then the splits of the server's folder."""
    found: dict[str, Source] = {}
    if samples := load_samples(schema):
        found[SAMPLES] = Source(SAMPLES, f"The {len(samples)} samples that ship with the project, mostly hard ones",
                                partial(sample_reviews, schema))
    folder, dataset = os.environ.get(DATA_VARIABLE), DATASETS.get(schema.name)
    if folder and dataset:
        there = sources.splits_there(Path(folder).expanduser(), dataset.splits, dataset.suffix) or HELD_OUT[:1]
        for split in sorted(there, key=lambda name: name not in HELD_OUT):
            title = f"{split} split of {DATA_VARIABLE}" + ("" if split in HELD_OUT else ", perhaps trained on")
            found[FOLDER + split] = Source(FOLDER + split, title, partial(dataset.reviews, folder, split, schema))
    return found
