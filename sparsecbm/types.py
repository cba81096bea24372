"""The results that travel from the model to the screen: frozen, on the CPU, picklable.

Axes, the same everywhere: `batch`, `token`, `hidden`, `concept` (K), `value` (C), `label` (Y), and
`pass_` (K concept passes, then the residual's). Probabilities lie in 0..1; logits are natural-log odds.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from sparsecbm.errors import InputError
from sparsecbm.schema import ConceptSchema

LABEL_TARGET = "label"


@dataclass(frozen=True)
class Target:
    """What an attribution explains: one value of a concept, or one label (`concept` is None)."""

    concept: str | None
    name: str

    def __str__(self) -> str:
        return f"{self.concept or LABEL_TARGET}={self.name}"

    @classmethod
    def parse(cls, text: str, schema: ConceptSchema) -> "Target":
        """Read `food=Positive` or `label=5`; InputError says what is allowed."""
        subject, separator, name = text.partition("=")
        if not separator:
            raise InputError(f"Target {text!r} is not of the form concept=value or label=name, e.g. "
                             f"{schema.concepts[0]}={schema.values[-1]} or label={schema.labels[-1]}.")
        if subject == LABEL_TARGET:
            schema.label_index(name)
            return cls(None, name)
        schema.concept_index(subject)
        schema.value_index(name)
        return cls(subject, name)


@dataclass(frozen=True)
class Receipt:
    """Where a result came from. `checkpoint` is the content hash; `milliseconds` is wall time."""

    checkpoint: str
    method: str
    device: str
    dtype: str
    milliseconds: float


@dataclass(frozen=True, eq=False)
class Prediction:
    """One review's concepts and label, with the exact ledger between them.

    `label_logits = label_bias + contributions.sum(concept) + residual`. `bottleneck` is what the label
    head reads for each concept: its probabilities, or its logits where the checkpoint says so.
    `residual` is all zero when it is switched off or the checkpoint has none.
    """

    schema: ConceptSchema
    text: str
    concept_probabilities: Float[np.ndarray, "concept value"]
    bottleneck: Float[np.ndarray, "concept value"]
    contributions: Float[np.ndarray, "concept label"]
    label_bias: Float[np.ndarray, " label"]
    residual: Float[np.ndarray, " label"]
    label_logits: Float[np.ndarray, " label"]
    label_probabilities: Float[np.ndarray, " label"]
    tokens_read: int
    tokens_total: int
    receipt: Receipt

    @property
    def label(self) -> str:
        """Name of the most probable label."""
        return self.schema.labels[int(self.label_probabilities.argmax())]

    def value(self, concept: str) -> str:
        """Name of a concept's most probable value."""
        return self.schema.values[int(self.concept_probabilities[self.schema.concept_index(concept)].argmax())]

    @property
    def truncated(self) -> bool:
        """True when the review was longer than the model reads."""
        return self.tokens_read < self.tokens_total


@dataclass(frozen=True)
class Word:
    """A word of the review as written: `text == review[start:end]`."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, eq=False)
class Attribution:
    """How much each word moved the target's logit; positive supports the target.

    `difference` is f(x) - f(baseline) in logits; `completeness_gap` is |sum(scores) - difference|, summed over
    words and special tokens alike. Zero means that the scores account for the whole prediction.
    """

    target: Target
    method: str
    words: tuple[Word, ...]
    scores: Float[np.ndarray, " word"]
    difference: float
    completeness_gap: float


@dataclass(frozen=True, eq=False)
class Explanation:
    """A prediction and the word attributions that go with it."""

    prediction: Prediction
    attributions: tuple[Attribution, ...]
    receipt: Receipt


@dataclass(frozen=True, eq=False)
class InterventionResult:
    """The same review before and after a person set some concepts.

    `overrides` maps a concept to the distribution over `value` it was set to.
    """

    before: Prediction
    after: Prediction
    overrides: Mapping[str, tuple[float, ...]]
    receipt: Receipt

    @property
    def label_changed(self) -> bool:
        """True when the most probable label differs."""
        return self.before.label != self.after.label
