"""The cases of a study, drawn from a slice of a split so that outcomes balance."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sparsecbm.errors import InputError
from sparsecbm.studies.protocol import Case

if TYPE_CHECKING:
    from sparsecbm.data.split import Split

RIGHT, WRONG = "right", "wrong"


def outcomes_of(split: "Split", predicted: Sequence[int]) -> list[str]:
    """For each row whether the predicted label index is right or wrong; "" where the annotators reached no majority."""
    return ["" if truth < 0 else RIGHT if truth == label else WRONG
            for truth, label in zip(split.labels.tolist(), predicted, strict=True)]


def choose_cases(
    split: "Split", outcomes: Sequence[str], size: int, seed: int, rows: Sequence[int] | None = None
) -> tuple[Case, ...]:
    """`size` cases, as many of each outcome, drawn at random from some rows (default: all) that have an outcome.

    The same seed draws the same cases. InputError when the size cannot be shared equally by the outcomes, or an outcome
    has too few rows.
    """
    groups: dict[str, list[int]] = {}
    for row in range(len(split)) if rows is None else rows:
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
    repeated = [name for name, n in Counter(split.dataset[row]["id"] for row in chosen).items() if n > 1]
    if repeated:
        raise InputError(f"Rows {', '.join(repeated[:3])} came more than once; allowed: one row for each id. Choose a "
                         "slice whose ids differ.")
    return tuple(_case(split, row, outcomes[row]) for row in random.permutation(chosen).tolist())


def _case(split: "Split", row: int, outcome: str) -> Case:
    schema, cells = split.schema, split.dataset[row]
    concepts = {concept: schema.values[value] for concept, value in zip(schema.concepts, cells["concepts"], strict=True)
                if value >= 0}
    return Case(cells["id"], cells["text"], schema.labels[cells["label"]], concepts, outcome)
