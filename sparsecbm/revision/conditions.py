"""When a rule applies: conditions on a review's text and on what the model says of it.

Each condition is a value that checks its names, tests many reviews at once, and says itself in words.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass as plain_dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Int
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from sparsecbm.errors import InputError
from sparsecbm.schema import ConceptSchema

_STRICT = ConfigDict(extra="forbid")

Held = Bool[np.ndarray, " row"]


@plain_dataclass(frozen=True, eq=False)
class Readings:
    """Reviews and what a model says of them, a row each: probabilities of every concept's values, and the label."""

    schema: ConceptSchema
    texts: Sequence[str]
    concept_probabilities: Float[np.ndarray, "row concept value"]
    labels: Int[np.ndarray, " row"]

    @property
    def values(self) -> Int[np.ndarray, "row concept"]:
        """Every concept's most probable value."""
        return np.asarray(self.concept_probabilities.argmax(-1))

    @cached_property
    def folded(self) -> tuple[str, ...]:
        """The texts as words are looked for in them."""
        return tuple(map(_folded, self.texts))


@dataclass(frozen=True, config=_STRICT)
class ValueIs:
    """The model reads a concept as a value; with `negated`, as any other one."""

    concept: str
    value: str
    negated: bool = False
    kind: Literal["value"] = "value"

    def check(self, schema: ConceptSchema) -> None:
        """InputError when the schema does not know the concept or the value."""
        schema.concept_index(self.concept)
        schema.value_index(self.value)

    def holds(self, readings: Readings) -> Held:
        """Row by row."""
        schema = readings.schema
        found = readings.values[:, schema.concept_index(self.concept)] == schema.value_index(self.value)
        return np.asarray(found != self.negated)

    def in_words(self, schema: ConceptSchema) -> str:
        """Such as: service is unknown."""
        return f"{self.concept} is {'not ' if self.negated else ''}{self.value}"


@dataclass(frozen=True, config=_STRICT)
class LabelIs:
    """The model gives a label; with `negated`, any other one."""

    label: str
    negated: bool = False
    kind: Literal["label"] = "label"

    def check(self, schema: ConceptSchema) -> None:
        """InputError when the schema does not know the label."""
        schema.label_index(self.label)

    def holds(self, readings: Readings) -> Held:
        """Row by row."""
        return np.asarray((readings.labels == readings.schema.label_index(self.label)) != self.negated)

    def in_words(self, schema: ConceptSchema) -> str:
        """Such as: the rating is 4 stars."""
        name = schema.label_display[schema.label_index(self.label)]
        return f"the {schema.label_title} is {'not ' if self.negated else ''}{name}"


@dataclass(frozen=True, config=_STRICT)
class TextSays:
    """The text holds a word or phrase, whatever its case, blanks and kind of apostrophe; never as a pattern.

    `whole` means that no letter or digit goes on at either end of it: "wait" is not in "waited".
    """

    word: str
    whole: bool = True
    kind: Literal["word"] = "word"

    def check(self, schema: ConceptSchema) -> None:
        """InputError when there is no word."""
        if not self.word.strip():
            raise InputError(f"The word {self.word!r} came; allowed: at least one character that is no blank. Give the "
                             "word that the text must hold.")

    def holds(self, readings: Readings) -> Held:
        """Row by row."""
        word = _folded(self.word)
        start = r"(?<!\w)" if self.whole and re.match(r"\w", word[:1]) else ""
        stop = r"(?!\w)" if self.whole and re.match(r"\w", word[-1:]) else ""
        pattern = re.compile(start + re.escape(word) + stop)
        return np.array([word in text and pattern.search(text) is not None for text in readings.folded], dtype=bool)

    def in_words(self, schema: ConceptSchema) -> str:
        """Such as: the text says “waited”."""
        return f"the text {'says' if self.whole else 'contains the letters'} “{self.word}”"


@dataclass(frozen=True, config=_STRICT)
class WordCount:
    """The text has so many words, counted between blanks; None means no bound."""

    at_least: int | None = None
    at_most: int | None = None
    kind: Literal["length"] = "length"

    def check(self, schema: ConceptSchema) -> None:
        """InputError when the bounds exclude every text, or none."""
        low, high = self.at_least or 0, self.at_most
        if (self.at_least is None and high is None) or low < 0 or (high is not None and high < low):
            raise InputError(f"A number of words from {self.at_least} to {high} came; allowed: at least one bound, 0 "
                             "or more, the lower one no larger than the upper one. Change the bounds.")

    def holds(self, readings: Readings) -> Held:
        """Row by row."""
        counts = np.array([len(text.split()) for text in readings.texts], dtype=np.int64)
        low = 0 if self.at_least is None else self.at_least
        return np.asarray((counts >= low) & (self.at_most is None or counts <= self.at_most))

    def in_words(self, schema: ConceptSchema) -> str:
        """Such as: the text has at most 12 words."""
        bounds = [f"{name} {bound:,}" for name, bound in (("at least", self.at_least), ("at most", self.at_most))
                  if bound is not None]
        return f"the text has {' and '.join(bounds)} words"


@dataclass(frozen=True, config=_STRICT)
class Unsure:
    """The model gives its own reading of a concept a probability below a bound."""

    concept: str
    below: float
    kind: Literal["unsure"] = "unsure"

    def check(self, schema: ConceptSchema) -> None:
        """InputError when the schema does not know the concept, or no probability lies below the bound."""
        schema.concept_index(self.concept)
        if not 0 < self.below <= 1:
            raise InputError(f"A probability below {self.below:g} came for {self.concept}; allowed: a bound above 0, "
                             "at most 1. Give another bound.")

    def holds(self, readings: Readings) -> Held:
        """Row by row."""
        k = readings.schema.concept_index(self.concept)
        return np.asarray(readings.concept_probabilities[:, k].max(-1) < self.below)

    def in_words(self, schema: ConceptSchema) -> str:
        """Such as: the model is less than 60 % sure of service."""
        return f"the model is less than {100 * self.below:g} % sure of {self.concept}"


Condition = ValueIs | LabelIs | TextSays | WordCount | Unsure


def _folded(text: str) -> str:
    """Text for comparing: case, forms of the same character, apostrophes and runs of blanks made equal."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().replace("’", "'").split())
