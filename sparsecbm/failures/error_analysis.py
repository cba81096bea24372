"""Error analysis: a model's predictions compared with the gold labels of a source, row by row."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Int

from sparsecbm.data.reviews import Reviews
from sparsecbm.errors import InputError
from sparsecbm.evaluation.metrics import confusion
from sparsecbm.failures.outcomes import Rate, row_outcomes
from sparsecbm.failures.tags import Tags, smart_tags, word_counts
from sparsecbm.revision.rule import PredictedTexts
from sparsecbm.types import LABEL_TARGET, Predictions

Rows = Bool[np.ndarray, " row"]


@dataclass(frozen=True, eq=False)
class ErrorAnalysis:
    """What the model got right and wrong. A row without a gold answer counts as neither; `*_known` marks the others.

    `fixable` marks the concepts that, set alone, would make a wrong label right; None where that cannot be computed.
    `has_concepts` is False for a black box; then no gold value counts as known.

    >>> analysis = ErrorAnalysis.of(reviews, explainer.predict_texts(reviews.texts), None)
    >>> analysis.error_rate(Slice(true_labels=("2",)).rows(analysis)).share
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
        """InputError when the predictions are of other documents: another number of rows, or another schema."""
        rows = (len(reviews), len(predictions), len(reviews) if fixable is None else len(fixable))
        if len(set(rows)) > 1:
            raise InputError(f"{rows[0]:,} texts, {rows[1]:,} predictions and {rows[2]:,} rows of what is fixable "
                             "came; allowed: one of each for every text. Predict exactly these texts.")
        if reviews.schema != predictions.schema:
            raise InputError(f"Texts of {reviews.schema.name} came with predictions of {predictions.schema.name}; "
                             "allowed: the same schema. Load the texts with the model's schema.")
        return cls(reviews, predictions, fixable, has_concepts)

    def __len__(self) -> int:
        return len(self.reviews)

    @cached_property
    def predicted_labels(self) -> Int[np.ndarray, " row"]:
        """The predicted labels, as indices."""
        return self.predictions.labels

    @cached_property
    def predicted_values(self) -> Int[np.ndarray, "row concept"]:
        """The predicted values, as indices."""
        return self.predictions.values

    @cached_property
    def label_known(self) -> Rows:
        """Rows with a gold label."""
        return np.asarray(self.reviews.labels >= 0)

    @cached_property
    def label_wrong(self) -> Rows:
        """Rows whose gold label is known and differs from the predicted one."""
        return np.asarray(self.label_known & (self.predicted_labels != self.reviews.labels))

    @cached_property
    def value_known(self) -> Bool[np.ndarray, "row concept"]:
        """Where a concept's gold value is known, and the model has concepts."""
        return np.asarray((self.reviews.values >= 0) & self.has_concepts)

    @cached_property
    def misread(self) -> Bool[np.ndarray, "row concept"]:
        """Where a concept's gold value is known and differs from the predicted one."""
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
        """The smart tags of every row, and those that cannot be computed."""
        return smart_tags(self.reviews, self.predictions, self.words, self.fixable)

    @cached_property
    def predicted(self) -> PredictedTexts:
        """Texts and predictions, as conditions on them need them."""
        return PredictedTexts(self.reviews.schema, self.reviews.texts, self.predictions.concept_probabilities,
                        self.predicted_labels)

    def verdicts(self, subject: str = LABEL_TARGET) -> tuple[Rows, Rows]:
        """Rows with a gold answer for the label, or for a concept by its name, and those that the model gets wrong."""
        if subject == LABEL_TARGET:
            return self.label_known, self.label_wrong
        k = self.reviews.schema.concept_index(subject)
        return self.value_known[:, k], self.misread[:, k]

    def error_rate(self, rows: Rows, subject: str = LABEL_TARGET) -> Rate:
        """How often the label, or a concept, is wrong among those of some rows that have a gold answer."""
        known, wrong = self.verdicts(subject)
        return Rate.of(wrong, known & rows)


@dataclass(frozen=True, eq=False)
class ConceptErrors:
    """How the concepts are misread, as counts of rows.

    `labelled` counts the rows by a concept's gold value, and `wrong` those of them in which it is misread. `together`
    counts the rows in which two concepts are both misread, its diagonal those in which one is; `both_labelled` counts
    the rows with a gold value of both.
    """

    labelled: Int[np.ndarray, "concept value"]
    wrong: Int[np.ndarray, "concept value"]
    together: Int[np.ndarray, "concept other"]
    both_labelled: Int[np.ndarray, "concept other"]


def label_confusion(analysis: ErrorAnalysis, rows: Rows) -> Int[np.ndarray, "label label"]:
    """Counts of some rows by gold label and by predicted label; rows without a gold label are in no cell."""
    reviews, counted = analysis.reviews, rows & analysis.label_known
    return confusion(reviews.labels[counted], analysis.predicted_labels[counted], len(reviews.schema.labels))


def concept_errors(analysis: ErrorAnalysis, rows: Rows) -> ConceptErrors:
    """How the concepts of some rows are misread."""
    known, misread = (part[rows] for part in (analysis.value_known, analysis.misread))
    values, count = analysis.reviews.values[rows], len(analysis.reviews.schema.values)
    labelled, wrong = (np.stack([np.bincount(values[chosen[:, k], k], minlength=count) for k in range(values.shape[1])])
                   for chosen in (known, misread))
    together, both_labelled = (chosen.astype(np.int64).T @ chosen.astype(np.int64) for chosen in (misread, known))
    return ConceptErrors(labelled, wrong, together, both_labelled)
