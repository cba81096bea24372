"""CEBaB (arXiv 2205.14140): restaurant reviews with a rating and four aspects, each voted on by annotators.

Label policy. An aspect that annotators were never asked about ("" or nothing) counts as `unknown`, like the vote
`unknown` itself. An aspect or a rating without a majority becomes -1: the row stays, and that one label is left
out of every loss and score. Rows with blank text or an id seen before are dropped. The report counts each case.
"""

import ast
import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int

from sparsecbm.data.sources import Row, read_rows, split_name
from sparsecbm.data.split import NO_LABEL, Review, Split, certain
from sparsecbm.errors import DataError
from sparsecbm.schema import CEBAB

NO_MAJORITY = "no majority"
UNKNOWN = "unknown"
#: The cases of the label policy, as the report counts them; the last two for a concept.
NO_RATING = "rating without a majority (no label loss, no label score)"
NO_VALUE = "{} without a majority (no concept loss, no concept score)"
NEVER_ASKED = f"{{}} never asked (read as {UNKNOWN})"

_COLUMNS = ("id", "description", "review_majority",
            *(f"{concept}_aspect_{kind}" for concept in CEBAB.concepts for kind in ("majority", "label_distribution")))


def load_cebab(source: str | Path, split: str) -> Split:
    """Read one split from the official release files (a folder or a zip of it) or from the Hub (`hub:owner/name`).

    Splits: train_exclusive, train_inclusive, train_observational, dev (also called validation) and test.
    """
    name = split_name(split)
    return split_of(*read_rows(source, name), source, name)


def split_of(rows: Sequence[Row], where: str, source: str | Path, name: str) -> Split:
    """The split called `name` from its rows, as `read_rows` gives them with the place they came from."""
    def found() -> Iterator[tuple[Review, list[str]]]:
        for number, row in enumerate(rows, start=1):
            missing = [column for column in _COLUMNS if column not in row]
            if missing:
                raise DataError(f"{where}, row {number}: column {missing[0]!r} is missing; "
                                f"a row needs {', '.join(_COLUMNS)}. Add it, or use the official release files.")
            yield _review(row, f"{where}, row {row['id']!r}")

    return Split.gathered(found(), "id", CEBAB, source, name)


def _review(row: Row, where: str) -> tuple[Review, list[str]]:
    """One row under the label policy, and the policy cases it is an instance of."""
    cases = []
    label = choice(row["review_majority"], CEBAB.labels, where, "review_majority")
    if label in (NO_MAJORITY, ""):
        cases.append(NO_RATING)
    concepts, shares = [], []
    for concept in CEBAB.concepts:
        column = f"{concept}_aspect_majority"
        value = choice(row[column], CEBAB.values, where, column)
        votes = votes_in(row, f"{concept}_aspect_label_distribution", CEBAB.values, where)
        if value == NO_MAJORITY:
            cases.append(NO_VALUE.format(concept))
        elif value == "":
            cases.append(NEVER_ASKED.format(concept))
            value, votes = UNKNOWN, None
        concepts.append(CEBAB.values.index(value) if value in CEBAB.values else NO_LABEL)
        shares.append(votes or certain(concepts[-1], len(CEBAB.values)))
    index = CEBAB.labels.index(label) if label in CEBAB.labels else NO_LABEL
    name, text = (_text(row[column], where, column) for column in ("id", "description"))
    return Review(name, text, index, tuple(concepts), tuple(shares)), cases


def _text(value: Any, where: str, column: str) -> str:
    """A text ("" for nothing); half characters (lone surrogates) are none, for no UTF-8 file can hold them."""
    try:
        text = "" if value is None else value
        text.encode()
    except (AttributeError, UnicodeEncodeError):
        raise DataError(f"{where}: {column} is {value!r}; it must be text. Correct or remove the row.") from None
    return str(text)


def choice(value: Any, names: tuple[str, ...], where: str, column: str) -> str:
    """One of the names, "no majority" or "" for nothing; anything else is a wrong label."""
    name = "" if value is None else str(value)
    if name not in (*names, NO_MAJORITY, ""):
        raise DataError(f"{where}: {column} is {value!r}; allowed: {', '.join(names)}, {NO_MAJORITY!r} or empty. "
                        "Correct or remove the row.")
    return name


def votes_in(row: Row, column: str, names: tuple[str, ...], where: str) -> tuple[float, ...] | None:
    """Votes per name as shares, from counts that may be written as text (as on the Hub); None without any vote."""
    value = row.get(column)
    try:
        counts = ast.literal_eval(value) if isinstance(value, str) and value else value or {}
        counts = {name: count for name, count in counts.items() if count is not None}
        total = math.fsum(counts.values())
        valid = set(counts) <= set(names) and all(count >= 0 for count in counts.values()) and total < math.inf
    except (ValueError, SyntaxError, TypeError, AttributeError):
        valid = False
    if not valid:
        raise DataError(f"{where}: {column} is {value!r}; allowed: counts of {', '.join(names)}, or empty. "
                        "Correct or remove the row.")
    return tuple(counts.get(name, 0) / total for name in names) if total else None


_PAIR_COLUMNS = ("id", "original_id", "edit_type", "is_original")


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
        missing = [column for column in _PAIR_COLUMNS if column not in row]
        if missing:
            raise DataError(f"{where}, row {number}: column {missing[0]!r} is missing; pairs need "
                            f"{', '.join(_PAIR_COLUMNS)}. Use the official release files.")
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
