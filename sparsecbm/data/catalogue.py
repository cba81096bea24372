"""The one catalogue of documents: the data sets that can be read, and the sources that a page offers.

Pages add the tables that a visitor loaded, which belong to a session (`ui.sources`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from sparsecbm.data import aspect_tables, imdb_c, mams, sources
from sparsecbm.data.aspect_tables import load_noisy_cebab, load_yelp
from sparsecbm.data.cebab import load_cebab
from sparsecbm.data.clauses import load_clauses
from sparsecbm.data.imdb_c import load_imdb_c
from sparsecbm.data.mams import load_mams
from sparsecbm.data.reviews import Reviews, cebab_reviews, sample_reviews, split_reviews
from sparsecbm.data.samples import load_samples
from sparsecbm.data.split import Split
from sparsecbm.data.table_split import load_table_split
from sparsecbm.errors import DataError, unknown_name
from sparsecbm.paths import path_in
from sparsecbm.schema import CEBAB, IMDB_C, ConceptSchema

#: Names a folder, or a zip, with the files of data sets' releases; in a folder, each may have a folder of its name.
DATA_VARIABLE = "SPARSECBM_DATA"
#: What a user's own table is called among the data sets.
TABLE = "table"
#: Splits that no model was trained on; pages offer them first.
HELD_OUT = ("dev", "test", "dev_generated", "test_generated")
#: What each source is called in the address; of a folder, the split stands after the prefix, and before it the data
#: set where it has not the name of its schema.
SAMPLES, FOLDER, OWN = "samples", "folder-", "own"


@dataclass(frozen=True)
class DataSet:
    """A data set: how its splits are read, and the files that they lie in.

    Several may share a schema. `load` gives what models are trained and scored on, `reviews` the same documents with
    whatever else is known of each. `splits` has the names that each split's file may bear before its `suffix`; it is
    empty where documents are made and not read. `credit` says whose they are and, where it is stated, their licence.
    """

    title: str
    schema: ConceptSchema
    load: Callable[[str | Path, str], Split]
    reviews: Callable[[str | Path, str, ConceptSchema], Reviews]
    splits: sources.Names
    suffix: str
    credit: str


def _plain(
    title: str, schema: ConceptSchema, load: Callable[[str | Path, str], Split], splits: sources.Names, suffix: str,
    credit: str,
) -> DataSet:
    """A data set of whose documents nothing else is known."""
    return DataSet(title, schema, load, partial(split_reviews, title, load, schema), splits, suffix, credit)


def _clauses(seed: str | Path, rows: str) -> Split:
    """Reviews made of the clauses that ship: the seed stands for the place, their number for the split."""
    try:
        made = load_clauses(int(str(seed)), int(rows))
    except ValueError:
        raise DataError(f"Reviews made of clauses came as {str(seed)[:60]!r} and {rows[:60]!r}; allowed: a seed and a "
                        "number of reviews, such as 0 and 4000. Name these.") from None
    return replace(made, name=rows, report=replace(made.report, split=rows))


_C3M = "published by Tan et al., 2023, arXiv 2311.05014"
_CEBAB = "CEBaB v1.1 (Abraham et al., NeurIPS 2022, arXiv 2205.14140), CC BY 4.0"

#: Every data set that can be read, by its name. A new one is added here.
DATASETS: Mapping[str, DataSet] = {
    "cebab": DataSet("CEBaB", CEBAB, load_cebab, cebab_reviews, sources.SPLITS, ".json", _CEBAB),
    "cebab-noisy": _plain("CEBaB with noisy concepts", CEBAB, load_noisy_cebab, aspect_tables.NOISY_CEBAB_SPLITS,
                          ".csv", f"{_CEBAB}, with further concepts {_C3M}"),
    "yelp": _plain("Yelp", CEBAB, load_yelp, aspect_tables.YELP_SPLITS, ".csv", f"Yelp reviews with concepts, {_C3M}"),
    "mams": _plain("MAMS", CEBAB, load_mams, mams.SPLITS, ".xml",
                   "MAMS-ACSA (Jiang et al., EMNLP 2019), Apache-2.0"),
    "clauses": _plain("Clauses", CEBAB, _clauses, {}, "", "reviews made of clauses written for this project"),
    "imdb-c": _plain("IMDB-C", IMDB_C, load_imdb_c, imdb_c.SPLITS, ".csv", f"IMDB reviews with concepts, {_C3M}"),
}


def load_split(
    dataset: str, source: str | Path, split: str, schema: str | Path | None = None, weight_column: str | None = None
) -> Split:
    """Read one split of a data set, or of a user's `table` with its `schema`, a file.

    DataError for a data set, source or split that does not exist.

    >>> load_split("cebab", "hub:CEBaB/CEBaB", "dev").texts[:1]
    """
    if dataset == TABLE and schema is not None:
        return load_table_split(source, split, schema, weight_column)
    if dataset == TABLE:
        raise DataError("A table came without its schema; allowed: a table with --schema FILE. Let `schema` propose "
                        "one.")
    if dataset not in DATASETS:
        raise DataError(unknown_name("data set", dataset, (*DATASETS, TABLE)))
    if schema is not None or weight_column is not None:
        raise DataError(f"A schema or a column of weights came for data set {dataset}, which has its own; allowed: for "
                        f"data set {TABLE}. Leave it out.")
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
    if folder := path_in(DATA_VARIABLE):
        for source in _in_folder(folder, schema) or _missing(folder, schema):
            found[source.name] = source
    return found


def _in_folder(folder: Path, schema: ConceptSchema) -> list[Source]:
    """What the server's folder or zip holds for a schema: all held-out splits, then those perhaps trained on."""
    there = []
    for name, dataset in DATASETS.items():
        own = folder / name
        place = own if own.is_dir() else folder
        if dataset.schema.name == schema.name:
            there += [(name, dataset, place, split)
                      for split in sources.splits_there(place, dataset.splits, dataset.suffix)]
    return [_source(*one, schema) for one in sorted(there, key=lambda one: one[-1] not in HELD_OUT)]


def _missing(folder: Path, schema: ConceptSchema) -> list[Source]:
    """The split that is looked for where there is none, so that reading it says what is missing."""
    return [_source(schema.name, DATASETS[schema.name], folder, HELD_OUT[0], schema)] if schema.name in DATASETS else []


def _source(name: str, dataset: DataSet, place: Path, split: str, schema: ConceptSchema) -> Source:
    first = name == schema.name
    title = f"{split} split of {DATA_VARIABLE}" if first else f"{split} split of {dataset.title} in {DATA_VARIABLE}"
    return Source(FOLDER + (split if first else f"{name}-{split}"),
                  title + ("" if split in HELD_OUT else ", perhaps trained on"),
                  partial(dataset.reviews, place, split, schema))
