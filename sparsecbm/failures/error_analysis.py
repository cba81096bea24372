"""A model's answers held against what a source tells: a row each, right, wrong, or not told."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Int

from sparsecbm.data.reviews import Reviews
from sparsecbm.errors import InputError
from sparsecbm.failures.outcomes import Rate, row_outcomes
from sparsecbm.failures.tags import Tags, smart_tags, word_counts
from sparsecbm.revision.conditions import Readings
from sparsecbm.types import LABEL_TARGET, Predictions

Rows = Bool[np.ndarray, " row"]


@dataclass(frozen=True, eq=False)
class ErrorAnalysis:
    """What the model got right and wrong. Where nothing is told, nothing is wrong: `*_known` says how many that leaves.

    `fixable` says of every concept whether setting it alone would put a wrong label right; None where that cannot be
    told. `has_concepts` is False of a model that has no concepts; then no value counts as known.
    """

    reviews: Reviews
    predictions: Predictions
    fixable: Bool[np.ndarray, "row concept"] | None
    has_concepts: bool = True

    @classmethod
    def of(
        cls, reviews: Reviews, predictions: Predictions, fixable: Bool[np.ndarray, "row concept"] | None,
        has_concepts: bool = True,
    ) -> "ErrorAnalysis":
        """InputError when the predictions are not of these reviews: other rows, or another schema."""
        rows = (len(reviews), len(predictions), len(reviews) if fixable is None else len(fixable))
        if len(set(rows)) > 1:
            raise InputError(f"{rows[0]:,} reviews, {rows[1]:,} predictions and {rows[2]:,} rows of what is fixable "
                             "came; allowed: one of each for every review. Predict these very reviews.")
        if reviews.schema != predictions.schema:
            raise InputError(f"Reviews of {reviews.schema.name} came with predictions of {predictions.schema.name}; "
                             "allowed: the same schema. Read the reviews under the model's schema.")
        return cls(reviews, predictions, fixable, has_concepts)

    def __len__(self) -> int:
        return len(self.reviews)

    @cached_property
    def predicted_labels(self) -> Int[np.ndarray, " row"]:
        """The labels that the model gives, as indices."""
        return self.predictions.labels

    @cached_property
    def predicted_values(self) -> Int[np.ndarray, "row concept"]:
        """The values that the model reads, as indices."""
        return self.predictions.values

    @cached_property
    def label_known(self) -> Rows:
        """Where the true label is told."""
        return np.asarray(self.reviews.labels >= 0)

    @cached_property
    def label_wrong(self) -> Rows:
        """Where the true label is told and the model gives another."""
        return np.asarray(self.label_known & (self.predicted_labels != self.reviews.labels))

    @cached_property
    def value_known(self) -> Bool[np.ndarray, "row concept"]:
        """Where a concept's true value is told, and the model reads concepts at all."""
        return np.asarray((self.reviews.values >= 0) & self.has_concepts)

    @cached_property
    def misread(self) -> Bool[np.ndarray, "row concept"]:
        """Where a concept's true value is told and the model reads another."""
        return np.asarray(self.value_known & (self.predicted_values != self.reviews.values))

    @cached_property
    def outcomes(self) -> Int[np.ndarray, " row"]:
        """Every row's outcome, as its place in OUTCOMES."""
        return row_outcomes(self.label_known, self.label_wrong, self.value_known, self.misread)

    @cached_property
    def words(self) -> Int[np.ndarray, " row"]:
        """Words of every review."""
        return word_counts(self.reviews.texts)

    @cached_property
    def tags(self) -> Tags:
        """The smart tags of every row, and which cannot be told."""
        return smart_tags(self.reviews, self.predictions, self.words, self.fixable)

    @cached_property
    def readings(self) -> Readings:
        """What conditions on the text look at."""
        return Readings(self.reviews.schema, self.reviews.texts, self.predictions.concept_probabilities,
                        self.predicted_labels)

    def verdicts(self, subject: str = LABEL_TARGET) -> tuple[Rows, Rows]:
        """Where the truth of the label, or of a concept by its name, is told, and where the model is wrong of it."""
        if subject == LABEL_TARGET:
            return self.label_known, self.label_wrong
        k = self.reviews.schema.concept_index(subject)
        return self.value_known[:, k], self.misread[:, k]

    def error_rate(self, rows: Rows, subject: str = LABEL_TARGET) -> Rate:
        """How often the model is wrong of the label, or of a concept, among the rows of some whose truth is told."""
        known, wrong = self.verdicts(subject)
        return Rate.of(wrong, known & rows)
