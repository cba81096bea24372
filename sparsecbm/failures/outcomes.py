"""Outcomes of documents, and rates with their intervals."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from jaxtyping import Bool, Int

from sparsecbm.intervals import wilson
from sparsecbm.schema import ConceptSchema


class Outcome(StrEnum):
    """One for every row. Concepts are right when none that is labelled is misread. The values stand in addresses and
    files."""

    RIGHT = "right"
    LABEL_WRONG = "label-wrong"
    CONCEPT_WRONG = "concept-wrong"
    BOTH_WRONG = "both-wrong"
    ONLY_LABEL_RIGHT = "only-label-right"
    ONLY_LABEL_WRONG = "only-label-wrong"
    UNLABELLED = "not-told"


#: Every outcome, in the order in which they are shown.
OUTCOMES = tuple(Outcome)
#: Those that only partly labelled sources have; the others are shown even where they have no row.
PARTIAL = (Outcome.ONLY_LABEL_RIGHT, Outcome.ONLY_LABEL_WRONG, Outcome.UNLABELLED)

_NAMES = {
    Outcome.RIGHT: "right",
    Outcome.LABEL_WRONG: "{label} wrong, concepts right",
    Outcome.CONCEPT_WRONG: "concept wrong, {label} right",
    Outcome.BOTH_WRONG: "both wrong",
    Outcome.ONLY_LABEL_RIGHT: "{label} right, concepts not labelled",
    Outcome.ONLY_LABEL_WRONG: "{label} wrong, concepts not labelled",
    Outcome.UNLABELLED: "{label} not labelled",
}


def outcome_name(outcome: Outcome, schema: ConceptSchema) -> str:
    """An outcome as people say it, e.g. "rating wrong, concepts right"."""
    return _NAMES[outcome].format(label=schema.label_title)


def row_outcomes(
    label_known: Bool[np.ndarray, " row"],
    label_wrong: Bool[np.ndarray, " row"],
    value_known: Bool[np.ndarray, "row concept"],
    misread: Bool[np.ndarray, "row concept"],
) -> Int[np.ndarray, " row"]:
    """Every row's outcome as its place in OUTCOMES."""
    known, some = value_known.any(1), misread.any(1)
    cases = [~label_known, ~known & ~label_wrong, ~known, ~label_wrong & ~some, label_wrong & ~some, ~label_wrong]
    places = (Outcome.UNLABELLED, Outcome.ONLY_LABEL_RIGHT, Outcome.ONLY_LABEL_WRONG, Outcome.RIGHT,
              Outcome.LABEL_WRONG, Outcome.CONCEPT_WRONG)
    return np.select(cases, [OUTCOMES.index(place) for place in places], OUTCOMES.index(Outcome.BOTH_WRONG))


@dataclass(frozen=True)
class Rate:
    """`hits` of `n` rows."""

    hits: int
    n: int

    @classmethod
    def of(cls, hit: Bool[np.ndarray, " row"], among: Bool[np.ndarray, " row"]) -> "Rate":
        """The rows among some where something holds."""
        return cls(int((hit & among).sum()), int(among.sum()))

    @property
    def share(self) -> float | None:
        """0..1; None without a row."""
        return self.hits / self.n if self.n else None

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the share for rows like these; all of 0..1 without a row."""
        return wilson(self.hits, self.n)
