"""Restaurant reviews in the CSV files of C3M (arXiv 2311.05014): Yelp, and CEBaB with noisy concepts.

Both have a rating and CEBaB's four aspects. Of Yelp's training reviews a machine gave the aspects, and of others some;
the stars are their writers'. The files' further concepts are a machine's and are left out. The label policy is CEBaB's:
an aspect or a rating without a majority is not known, and an empty aspect counts as `unknown`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sparsecbm.data.cebab import NEVER_ASKED, NO_MAJORITY, NO_RATING, NO_VALUE, UNKNOWN, choice
from sparsecbm.data.csv_release import read_csv_split
from sparsecbm.data.split import NO_LABEL, Review, Split, certain
from sparsecbm.schema import CEBAB

#: Our name of every split, and its file's name in the release.
YELP_SPLITS = {
    "train": ("train_yelp_exclusive_new_concept_single",),
    "dev": ("dev_yelp_new_concept_single",),
    "test": ("test_yelp_new_concept_single",),
}
NOISY_CEBAB_SPLITS = {
    "train": ("train_cebab_new_concept_single",),
    "dev": ("dev_cebab_new_concept_single",),
    "test": ("test_cebab_new_concept_single",),
}

_TEXT, _LABEL, _ASPECT = "description", "review_majority", "{}_aspect_majority"
_COLUMNS = (_TEXT, _LABEL, *map(_ASPECT.format, CEBAB.concepts))


def load_yelp(source: str | Path, split: str) -> Split:
    """Read one split of Yelp from a folder or a zip of the files; DataError when they are not as released."""
    return read_csv_split(source, split, YELP_SPLITS, _COLUMNS, CEBAB, _review)


def load_noisy_cebab(source: str | Path, split: str) -> Split:
    """The same for CEBaB with noisy concepts."""
    return read_csv_split(source, split, NOISY_CEBAB_SPLITS, _COLUMNS, CEBAB, _review)


def _review(cells: Mapping[str, Any], where: str, name: str) -> tuple[Review, list[str]]:
    """One row under the label policy, and the policy cases it is an instance of."""
    cases, values = list[str](), list[int]()
    label = choice(cells[_LABEL], CEBAB.labels, where, _LABEL)
    if label in (NO_MAJORITY, ""):
        cases.append(NO_RATING)
    for concept in CEBAB.concepts:
        column = _ASPECT.format(concept)
        value = choice(cells[column], CEBAB.values, where, column)
        if value in (NO_MAJORITY, ""):
            cases.append((NO_VALUE if value else NEVER_ASKED).format(concept))
        values.append(NO_LABEL if value == NO_MAJORITY else CEBAB.values.index(value or UNKNOWN))
    index = CEBAB.labels.index(label) if label in CEBAB.labels else NO_LABEL
    shares = tuple(certain(value, len(CEBAB.values)) for value in values)
    return Review(name, str(cells[_TEXT]), index, tuple(values), shares), cases
