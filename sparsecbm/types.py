"""The results that travel from the model to the screen: frozen, on the CPU, picklable.

Axes, the same everywhere: `batch`, `token`, `hidden`, `concept` (K), `value` (C), `label` (Y), and
`pass_` (K concept passes, then the residual's). Probabilities lie in 0..1; logits are natural-log odds.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Int

from sparsecbm.errors import InputError
from sparsecbm.schema import ConceptSchema

LABEL_TARGET = "label"

#: Called with the share of the work that is done, 0..1; it may raise Cancelled.
Progress = Callable[[float], None]


@dataclass(frozen=True)
class Target:
    """What an attribution explains: a value of a concept, or a label (`concept` is None).

    With `against`, the difference between the two: why `name` and not `against`?

        >>> Target("food", "Positive")                 # why Positive for food?
        >>> Target.parse("label=4:5", schema)          # why 4 stars rather than 5?
    """

    concept: str | None
    name: str
    against: str | None = None

    def __str__(self) -> str:
        return f"{self.concept or LABEL_TARGET}={self.name}" + ("" if self.against is None else f":{self.against}")

    @classmethod
    def parse(cls, text: str, schema: ConceptSchema) -> "Target":
        """Read `food=Positive`, `label=5`, or `label=2:4` for 2 rather than 4; InputError says what is allowed."""
        subject, separator, name = text.partition("=")
        if not separator:
            raise InputError(f"Target {text!r} is not of the form concept=value or label=name, e.g. "
                             f"{schema.concepts[0]}={schema.values[-1]}, {LABEL_TARGET}={schema.labels[-1]}, or "
                             f"{LABEL_TARGET}={schema.labels[-1]}:{schema.labels[0]} for one rather than the other.")
        concept = None if subject == LABEL_TARGET else subject
        names = schema.labels if concept is None else schema.values_of(concept)
        whole = name in names  # a name may hold a colon itself
        name, rather, against = (name, "", "") if whole else name.partition(":")
        target = cls(concept, name, against if rather else None)
        target.indices(schema)
        return target

    def indices(self, schema: ConceptSchema) -> tuple[int, int | None]:
        """Positions of `name` and `against` among values or labels; InputError when one is unknown or both agree."""
        index = schema.label_index if self.concept is None else partial(schema.value_index, concept=self.concept)
        if self.against is not None and self.against == self.name:
            raise InputError(f"Target {str(self)!r} compares {self.name!r} with itself; allowed: two different ones. "
                             "Change one of them.")
        return index(self.name), None if self.against is None else index(self.against)


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
    """One document's concepts and label, with the exact sum between them.

    `label_logits = label_bias + contributions.sum(concept) + residual`. `bottleneck` is what the label
    head receives for each concept: its probabilities, or its logits where the checkpoint says so.
    `residual` is all zero when it is switched off or the checkpoint has none. `unlike` is the share of held-out texts
    that are more like the training texts than this one, 0..1; None where the checkpoint was not measured for it.

        >>> prediction = explainer.predict("Great food, slow service.")
        >>> prediction.label, prediction.value("service")
        ('4', 'Negative')
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
    unlike: float | None = None

    @property
    def label(self) -> str:
        """Name of the most probable label."""
        return self.schema.labels[int(self.label_probabilities.argmax())]

    def value(self, concept: str) -> str:
        """Name of a concept's most probable value."""
        return self.schema.values[int(self.concept_probabilities[self.schema.concept_index(concept)].argmax())]

    @property
    def truncated(self) -> bool:
        """True when the document was longer than the model reads."""
        return self.tokens_read < self.tokens_total


@dataclass(frozen=True, eq=False)
class Predictions:
    """Concepts and labels of many documents, a row each, in their order. Probabilities lie in 0..1.

    A row is `truncated` when its text was longer than the model reads. `unread` counts the words of each text that the
    model cannot read, or not wholly; None where they were not counted. `unlike` is as that of `Prediction`, for every
    text, or None.
    """

    schema: ConceptSchema
    label_probabilities: Float[np.ndarray, "row label"]
    concept_probabilities: Float[np.ndarray, "row concept value"]
    truncated: Bool[np.ndarray, " row"]
    unread: Int[np.ndarray, " row"] | None = None
    unlike: Float[np.ndarray, " row"] | None = None

    def __len__(self) -> int:
        return len(self.truncated)

    @property
    def labels(self) -> Int[np.ndarray, " row"]:
        """Index of every row's most probable label."""
        return np.asarray(self.label_probabilities.argmax(-1))

    @property
    def values(self) -> Int[np.ndarray, "row concept"]:
        """Index of every concept's most probable value."""
        return np.asarray(self.concept_probabilities.argmax(-1))

    @property
    def margins(self) -> Float[np.ndarray, " row"]:
        """How much more probable the best label is than the second best, 0..1."""
        ordered = np.sort(self.label_probabilities, axis=-1)
        return np.asarray(ordered[:, -1] - ordered[:, -2])


#: How much of a word reaches the model: all of it (""), a placeholder that stands for every unread word, only a part,
#: or nothing, because the tokenizer leaves the word out.
Unread = Literal["", "unread", "partly unread", "unseen"]


@dataclass(frozen=True)
class Word:
    """A word of the document as written: `text == document[start:end]`. One that is `unread`, such as an emoji that the
    tokenizer does not know, can be any other unread word to the model.
    """

    text: str
    start: int
    end: int
    unread: Unread = ""


@dataclass(frozen=True, eq=False)
class Attribution:
    """How much each word moved the target's logit; positive supports the target.

    `parts` splits a label's scores by the way they took, one array per concept and one for the residual, which add up
    to `scores`; a concept's own scores have no parts. `steps` are integration steps or sampled orders, None for methods
    that take none. `difference` is f(x) - f(baseline) in logits; `completeness_gap` is |sum(scores) - difference|:
    zero means that the scores account for the whole prediction. `milliseconds` is the wall time of the computation that
    this attribution was part of.
    """

    target: Target
    method: str
    steps: int | None
    words: tuple[Word, ...]
    scores: Float[np.ndarray, " word"]
    parts: Mapping[str, Float[np.ndarray, " word"]]
    difference: float
    completeness_gap: float
    milliseconds: float

    @property
    def relative_gap(self) -> float:
        """The completeness gap as a share of |difference|; infinite where only the scores move."""
        if self.completeness_gap == 0:
            return 0.0
        return self.completeness_gap / abs(self.difference) if self.difference else math.inf


@dataclass(frozen=True, eq=False)
class Explanation:
    """A prediction and the word attributions that go with it.

        >>> explanation = explainer.explain("Great food, slow service.")
        >>> [word.text for word in explanation.attributions[0].words]
        ['Great', 'food', ',', 'slow', 'service', '.']
    """

    prediction: Prediction
    attributions: tuple[Attribution, ...]
    receipt: Receipt


@dataclass(frozen=True, eq=False)
class InterventionResult:
    """The same document before and after a person set some concepts.

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
