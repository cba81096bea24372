"""The cases of a study, drawn from a slice of a source so that outcomes balance."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sparsecbm.errors import InputError
from sparsecbm.studies.protocol import Case

if TYPE_CHECKING:
    from sparsecbm.data.reviews import Reviews

RIGHT, WRONG = "right", "wrong"


def outcomes_of(reviews: "Reviews", predicted: Sequence[int]) -> list[str]:
    """For each row whether the predicted label index is right or wrong; "" where the true label is not told."""
    return ["" if truth < 0 else RIGHT if truth == label else WRONG
            for truth, label in zip(reviews.labels.tolist(), predicted, strict=True)]


def choose_cases(
    reviews: "Reviews", outcomes: Sequence[str], size: int, seed: int, rows: Sequence[int] | None = None
) -> tuple[Case, ...]:
    """`size` cases, as many of each outcome, drawn at random from some rows (default: all) that have an outcome.

    The same seed draws the same cases. InputError when the size cannot be shared equally by the outcomes, or an outcome
    has too few rows.
    """
    groups: dict[str, list[int]] = {}
    for row in range(len(reviews)) if rows is None else rows:
        if outcomes[row]:
            groups.setdefault(outcomes[row], []).append(row)
    each, rest = divmod(size, max(len(groups), 1))
    if size < 1 or rest or any(len(group) < each for group in groups.values()):
        counted = ", ".join(f"{len(group)} {name}" for name, group in sorted(groups.items())) or "none"
        raise InputError(f"{size} cases were asked for, of rows with these outcomes: {counted}; allowed: a number that "
                         "the outcomes share equally, and no more of each than there are. Ask for fewer cases, or "
                         "choose a larger slice.")
    random = np.random.default_rng(seed)
    chosen = [row for _, group in sorted(groups.items())
              for row in random.permutation(np.unique(group))[:each].tolist()]
    return tuple(_case(reviews, row, outcomes[row]) for row in random.permutation(chosen).tolist())


def _case(reviews: "Reviews", row: int, outcome: str) -> Case:
    schema = reviews.schema
    concepts = {concept: schema.values[value]
                for concept, value in zip(schema.concepts, reviews.values[row].tolist(), strict=True) if value >= 0}
    return Case(reviews.ids[row], reviews.texts[row], schema.labels[reviews.labels[row]], concepts, outcome)
