"""Data sets as rows with a concept schema: one loader per data set, found by name."""

from pathlib import Path

from sparsecbm.data.cebab import load_cebab
from sparsecbm.data.imdb_c import load_imdb_c
from sparsecbm.data.split import NO_LABEL, LoadReport, Review, Split
from sparsecbm.errors import DataError, unknown_name

__all__ = ["DATASETS", "NO_LABEL", "LoadReport", "Review", "Split", "load_split"]

#: Loader of every known data set: (source, split) -> Split.
DATASETS = {"cebab": load_cebab, "imdb-c": load_imdb_c}


def load_split(dataset: str, source: str | Path, split: str) -> Split:
    """Read one split of a data set by name; DataError for a name, source or split that does not exist."""
    if dataset not in DATASETS:
        raise DataError(unknown_name("data set", dataset, tuple(DATASETS)))
    return DATASETS[dataset](source, split)
