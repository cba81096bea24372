"""Documents with a concept schema: one loader for each data set, and one catalogue of all sources."""

from sparsecbm.data.catalogue import DATASETS, load_split
from sparsecbm.data.split import NO_LABEL, LoadReport, Review, Split

__all__ = ["DATASETS", "NO_LABEL", "LoadReport", "Review", "Split", "load_split"]
