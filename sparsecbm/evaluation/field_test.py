"""How right a model is on texts of several sources, compared with simpler answers on the same rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Int
from pydantic import TypeAdapter, ValidationError

from sparsecbm.errors import CheckpointError
from sparsecbm.evaluation import metrics
from sparsecbm.intervals import Interval, paired_bootstrap, percentiles, resampled

#: The key of the report in metrics.json.
METRICS_KEY = "field_test"
#: Who answers. The most common answer is that of the scored rows themselves; the bag of words learned from the rows
#: that the model learned from, and so did the black box, from the same backbone.
MODEL, MOST_COMMON, BAG_OF_WORDS, BLACK_BOX = "this model", "most common answer", "bag of words", "black box"
SCORES = ("accuracy", "macro_f1")

Answers = Int[np.ndarray, " row"]


@dataclass(frozen=True)
class Lead:
    """A score of the model less that of somebody else on the same rows, -1..1, with its paired bootstrap interval."""

    mean: float
    ci95: Interval


@dataclass(frozen=True)
class Answered:
    """Scores of one who answers, 0..1, with bootstrap intervals; `lead` is the model's on them, None of the model."""

    accuracy: float
    macro_f1: float
    ci95: Mapping[str, Interval]
    lead: Mapping[str, Lead] | None


@dataclass(frozen=True)
class Subject:
    """The label, or a concept: all who answered its `n` rows with a known truth, the model first."""

    n: int
    answers: Mapping[str, Answered]


@dataclass(frozen=True)
class Gain:
    """Label accuracy on the `n` rows with a misread concept, `before` correcting it, and what correcting adds."""

    before: float
    mean: float
    ci95: Interval
    n: int


@dataclass(frozen=True)
class FieldSource:
    """One source. `in_domain` is True where the model learned from other rows of the same data set.

    `subjects` has the label under LABEL_TARGET and the concepts, those of which the source tells; `gain` is None where
    nothing could be corrected.
    """

    in_domain: bool
    n: int
    data_hash: str
    subjects: Mapping[str, Subject]
    gain: Gain | None


@dataclass(frozen=True)
class FieldTest:
    """All sources by name, of the model with this hash; `learned_from` names the rows of the bag of words."""

    checkpoint: str
    learned_from: tuple[str, ...]
    seed: int
    sources: Mapping[str, FieldSource]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        plain: dict[str, Any] = TypeAdapter(FieldTest).dump_python(self, mode="json")
        return plain

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "FieldTest":
        """The inverse of `to_json`; CheckpointError when it holds something else."""
        try:
            return TypeAdapter(cls).validate_python(values)
        except ValidationError as error:
            first = error.errors()[0]
            raise CheckpointError(f"The field test cannot be read ({'.'.join(map(str, first['loc']))}: "
                                  f"{first['msg']}); allowed: what `field-test --save` writes. Measure it again."
                                  ) from None


def compared(gold: Answers, answers: Mapping[str, Answers], classes: int, seed: int = 0) -> Subject:
    """Score all answers to rows whose truth is known; the first ones are the model's, which the others are compared to.

    Macro F1 is compared by resampling the counts of (truth, answer, other answer). Where both always agree, its lead
    has the interval of that in accuracy, for a resample tells nothing.
    """
    own = next(iter(answers.values()))
    found = {}
    for place, (name, other) in enumerate(answers.items()):
        counts = metrics.confusion(gold, other, classes)
        lead = None if place == 0 else _lead(gold, own, other, classes, seed)
        found[name] = Answered(float(metrics.accuracy(counts)), float(metrics.macro_f1(counts)),
                               metrics.bootstrap_ci(counts, seed), lead)
    return Subject(len(gold), found)


def _lead(gold: Answers, own: Answers, other: Answers, classes: int, seed: int) -> dict[str, Lead]:
    def f1(counts: np.ndarray) -> np.ndarray:
        """The lead in macro F1 of counts[..., truth, answer, other answer]."""
        return np.asarray(metrics.macro_f1(counts.sum(-1)) - metrics.macro_f1(counts.sum(-2)))

    right, others = own == gold, other == gold
    cells = np.bincount((gold * classes + own) * classes + other, minlength=classes**3)
    drawn = resampled(len(gold), seed, cells / len(gold)).reshape(-1, classes, classes, classes)
    between = paired_bootstrap(others, right, seed)
    assert between is not None  # there is a row
    low, high = percentiles(f1(drawn))
    if low == high:  # nothing differs in any resample
        low, high = between
    return {"accuracy": Lead(float(right.mean() - others.mean()), between),
            "macro_f1": Lead(float(f1(cells.reshape(classes, classes, classes))), (float(low), float(high)))}
