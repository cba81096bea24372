"""Rules: where all conditions hold for a document, set some concepts.

A condition tests the text, or what the model predicts for it. Each one checks its own names, tests many documents at
once, and describes itself in words.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict
from dataclasses import dataclass as plain_dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Int
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from sparsecbm.errors import InputError
from sparsecbm.figures.text import setting_text
from sparsecbm.revision.edit import Override, Revision
from sparsecbm.schema import ConceptSchema

_STRICT = ConfigDict(extra="forbid")

#: Per document, whether a condition holds.
Holds = Bool[np.ndarray, " row"]


@plain_dataclass(frozen=True, eq=False)
class PredictedTexts:
    """Texts and what a model predicts for them, a row each: the probability of every value, and the label's index."""

    schema: ConceptSchema
    texts: Sequence[str]
    concept_probabilities: Float[np.ndarray, "row concept value"]
    labels: Int[np.ndarray, " row"]

    @property
    def values(self) -> Int[np.ndarray, "row concept"]:
        """Index of every concept's most probable value."""
        return np.asarray(self.concept_probabilities.argmax(-1))

    @cached_property
    def folded(self) -> tuple[str, ...]:
        """The texts in the form in which words are searched for."""
        return tuple(map(_folded, self.texts))


@dataclass(frozen=True, config=_STRICT)
class ValueIs:
    """The model predicts a value for a concept; with `negated`, any other one."""

    concept: str
    value: str
    negated: bool = False
    kind: Literal["value"] = "value"

    def check(self, schema: ConceptSchema) -> None:
        """InputError when the schema does not have the concept or the value."""
        schema.concept_index(self.concept)
        schema.value_index(self.value, self.concept)

    def holds(self, predicted: PredictedTexts) -> Holds:
        """Row by row."""
        schema = predicted.schema
        found = predicted.values[:, schema.concept_index(self.concept)] == schema.value_index(self.value)
        return np.asarray(found != self.negated)

    def in_words(self, schema: ConceptSchema) -> str:
        """Such as: service is unknown."""
        return f"{self.concept} is {'not ' if self.negated else ''}{self.value}"


@dataclass(frozen=True, config=_STRICT)
class LabelIs:
    """The model predicts a label; with `negated`, any other one."""

    label: str
    negated: bool = False
    kind: Literal["label"] = "label"

    def check(self, schema: ConceptSchema) -> None:
        """InputError when the schema does not have the label."""
        schema.label_index(self.label)

    def holds(self, predicted: PredictedTexts) -> Holds:
        """Row by row."""
        return np.asarray((predicted.labels == predicted.schema.label_index(self.label)) != self.negated)

    def in_words(self, schema: ConceptSchema) -> str:
        """Such as: the rating is 4 stars."""
        name = schema.label_display[schema.label_index(self.label)]
        return f"the {schema.label_title} is {'not ' if self.negated else ''}{name}"


@dataclass(frozen=True, config=_STRICT)
class TextSays:
    """The text contains a word or phrase; case, runs of blanks and kinds of apostrophe make no difference.

    The word is never read as a pattern. `whole` means that no letter or digit precedes or follows it: "wait" is not in
    "waited".
    """

    word: str
    whole: bool = True
    kind: Literal["word"] = "word"

    def check(self, schema: ConceptSchema) -> None:
        """InputError when the word is blank."""
        if not self.word.strip():
            raise InputError(f"The word {self.word!r} is blank; allowed: at least one character that is not a blank. "
                             "Enter the word that the text must contain.")

    def holds(self, predicted: PredictedTexts) -> Holds:
        """Row by row."""
        word = _folded(self.word)
        start = r"(?<!\w)" if self.whole and re.match(r"\w", word[:1]) else ""
        stop = r"(?!\w)" if self.whole and re.match(r"\w", word[-1:]) else ""
        pattern = re.compile(start + re.escape(word) + stop)
        return np.array([word in text and pattern.search(text) is not None for text in predicted.folded], dtype=bool)

    def in_words(self, schema: ConceptSchema) -> str:
        """Such as: the text says “waited”."""
        return f"the text {'says' if self.whole else 'contains the letters'} “{self.word}”"


@dataclass(frozen=True, config=_STRICT)
class WordCount:
    """The number of words, counted between blanks, lies within bounds; None means no bound."""

    at_least: int | None = None
    at_most: int | None = None
    kind: Literal["length"] = "length"

    def check(self, schema: ConceptSchema) -> None:
        """InputError when there is no bound, or no text could satisfy them."""
        low, high = self.at_least or 0, self.at_most
        if (self.at_least is None and high is None) or low < 0 or (high is not None and high < low):
            raise InputError(f"A number of words from {self.at_least} to {high} is not possible; allowed: at least one "
                             "bound, 0 or more, the lower one no larger than the upper one. Change the bounds.")

    def holds(self, predicted: PredictedTexts) -> Holds:
        """Row by row."""
        counts = np.array([len(text.split()) for text in predicted.texts], dtype=np.int64)
        low = 0 if self.at_least is None else self.at_least
        return np.asarray((counts >= low) & (self.at_most is None or counts <= self.at_most))

    def in_words(self, schema: ConceptSchema) -> str:
        """Such as: the text has at most 12 words."""
        bounds = [f"{name} {bound:,}" for name, bound in (("at least", self.at_least), ("at most", self.at_most))
                  if bound is not None]
        return f"the text has {' and '.join(bounds)} words"


@dataclass(frozen=True, config=_STRICT)
class Unsure:
    """The probability of the value that the model predicts for a concept is below a bound."""

    concept: str
    below: float
    kind: Literal["unsure"] = "unsure"

    def check(self, schema: ConceptSchema) -> None:
        """InputError when the schema does not have the concept, or no probability lies below the bound."""
        schema.concept_index(self.concept)
        if not 0 < self.below <= 1:
            raise InputError(f"{self.below:g} is no bound for the probability of {self.concept}; allowed: above 0, at "
                             "most 1. Choose another bound.")

    def holds(self, predicted: PredictedTexts) -> Holds:
        """Row by row."""
        k = predicted.schema.concept_index(self.concept)
        return np.asarray(predicted.concept_probabilities[:, k].max(-1) < self.below)

    def in_words(self, schema: ConceptSchema) -> str:
        """Such as: the model is less than 60 % sure of service."""
        return f"the model is less than {100 * self.below:g} % sure of {self.concept}"


Condition = ValueIs | LabelIs | TextSays | WordCount | Unsure


@plain_dataclass(frozen=True)
class Rule:
    """Where all `conditions` hold, the `overrides` apply; a rule without conditions applies to every document.

    InputError when it sets no concept, sets one twice, or gives one back to the model.

        >>> rule = Rule((TextSays("waited"),), (Override("service", (1.0, 0.0, 0.0)),))
        >>> rule.in_words(CEBAB)
        'whenever the text says “waited”, set service to Negative'
    """

    conditions: tuple[Condition, ...]
    overrides: tuple[Override, ...]

    def __post_init__(self) -> None:
        named = [one.concept for one in self.overrides]
        if not named or len(set(named)) < len(named) or any(one.distribution is None for one in self.overrides):
            raise InputError(f"The rule sets {', '.join(named) or 'nothing'}; allowed: at least one concept, each once "
                             "and to a value or distribution. Choose what the rule sets.")

    def matches(self, predicted: PredictedTexts) -> Holds:
        """The rows where every condition holds."""
        held = np.ones(len(predicted.texts), dtype=bool)
        for condition in self.conditions:
            held &= condition.holds(predicted)
        return held

    def in_words(self, schema: ConceptSchema) -> str:
        """Such as: whenever service is unknown and the text says “waited”, set service to Negative."""
        done = " and ".join(f"{one.concept} to {setting_in_words(one, schema)}" for one in self.overrides)
        if not self.conditions:
            return f"always set {done}"
        return f"whenever {' and '.join(one.in_words(schema) for one in self.conditions)}, set {done}"


LastingEdit = Revision | Rule
"""Edits that change the predictions for every document; an override belongs to one document."""


def edit_key(edit: LastingEdit) -> str:
    """A hash of the edit's content, the same in every process; different edits have different keys."""
    values = [edit.concept, edit.value, edit.change.digest] if isinstance(edit, Revision) else asdict(edit)
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


def setting_in_words(override: Override, schema: ConceptSchema) -> str:
    """The value that a concept is set to, or the probability of each: Negative 20 %, unknown 30 %, Positive 50 %."""
    return setting_text(override.distribution or (), schema.values)


def _folded(text: str) -> str:
    """The text with case, forms of the same character, apostrophes and runs of blanks made equal."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().replace("’", "'").split())
