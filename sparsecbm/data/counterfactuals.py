"""Pairs of reviews that differ in one aspect because a person rewrote them: CEBaB (arXiv 2205.14140, section 3)."""

from collections import defaultdict
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path

import numpy as np
from jaxtyping import Int

from sparsecbm.data.cebab import split_of
from sparsecbm.data.sources import Row, read_rows, split_name
from sparsecbm.data.split import Split
from sparsecbm.errors import DataError
from sparsecbm.schema import CEBAB

_COLUMNS = ("id", "original_id", "edit_type", "is_original")


@dataclass(frozen=True, eq=False)
class CounterfactualPairs:
    """Ordered pairs (base, counterfactual) of rows of `split`, by their numbers.

    `concept` is what was rewritten; `before` and `after` are its values in the two texts, as annotators judged them
    afterwards, and always differ. `original` numbers the review that both come from: pairs of one original are not
    independent. `all` counts the pairs before those were left out whose judged value is the same or not settled.
    """

    split: Split
    base: Int[np.ndarray, " pair"]
    counterfactual: Int[np.ndarray, " pair"]
    concept: Int[np.ndarray, " pair"]
    before: Int[np.ndarray, " pair"]
    after: Int[np.ndarray, " pair"]
    original: Int[np.ndarray, " pair"]
    all: int

    def __len__(self) -> int:
        return len(self.base)


def load_pairs(source: str | Path, split: str) -> CounterfactualPairs:
    """The pairs of a split of CEBaB, read from where `load_cebab` reads.

    Of each original: every rewritten text with the original, both ways, and every ordered two texts in which the same
    aspect was rewritten. DataError when a column is missing or there is no pair.
    """
    name = split_name(split)
    rows, where = read_rows(source, name)
    loaded = split_of(rows, where, source, name)
    kept = {review: number for number, review in enumerate(loaded.dataset["id"])}
    families: dict[str, list[Row]] = defaultdict(list)
    for number, row in enumerate(rows, start=1):
        missing = [column for column in _COLUMNS if column not in row]
        if missing:
            raise DataError(f"{where}, row {number}: column {missing[0]!r} is missing; pairs need "
                            f"{', '.join(_COLUMNS)}. Use the official release files.")
        if row["id"] in kept:
            families[row["original_id"]].append(row)
    every, found = 0, []
    for number, family in enumerate(families.values()):
        for one, two, aspect in _pairs(family):
            every += 1
            before, after = (row.get(f"{aspect}_aspect_majority") for row in (one, two))
            if before != after and before in CEBAB.values and after in CEBAB.values:
                found.append((kept[one["id"]], kept[two["id"]], CEBAB.concept_index(aspect),
                              CEBAB.value_index(before), CEBAB.value_index(after), number))
    if not found:
        raise DataError(f"{where} has no two texts of one original in which an aspect changes; allowed: a split with "
                        "rewritten reviews, such as dev or train_inclusive. Choose one of these.")
    base, other, concept, before, after, number = np.array(found, dtype=np.int64).T
    return CounterfactualPairs(loaded, base, other, concept, before, after, number, every)


def _pairs(family: list[Row]) -> list[tuple[Row, Row, str]]:
    """Ordered pairs of the texts of one original, each with the aspect that was rewritten."""
    originals = [row for row in family if row["is_original"]]
    rewritten = [row for row in family if not row["is_original"]]
    pairs = []
    for row in rewritten:
        for original in originals:
            pairs += [(row, original, row["edit_type"]), (original, row, row["edit_type"])]
    return pairs + [(one, other, one["edit_type"]) for one, other in permutations(rewritten, 2)
                    if one["edit_type"] == other["edit_type"]]
