"""How right the model is on all documents of a source, compared with always giving the most common answer."""

import numpy as np

from sparsecbm.evaluation.field_test import MODEL, MOST_COMMON, FieldSource, Subject, compared
from sparsecbm.failures.error_analysis import ErrorAnalysis
from sparsecbm.types import LABEL_TARGET


def how_right(analysis: ErrorAnalysis, seed: int = 0) -> FieldSource:
    """The label and every concept that has a gold answer in some row; `seed` is the bootstrap's."""
    schema, reviews = analysis.reviews.schema, analysis.reviews
    answers = {LABEL_TARGET: (reviews.labels, analysis.predicted_labels, len(schema.labels))}
    if analysis.has_concepts:
        answers |= {concept: (reviews.values[:, k], analysis.predicted_values[:, k], len(schema.values))
                    for k, concept in enumerate(schema.concepts)}
    subjects = dict[str, Subject]()
    for subject, (truth, predicted, classes) in answers.items():
        known = truth >= 0
        if known.any():
            gold = truth[known]
            common = np.full_like(gold, np.bincount(gold).argmax())
            subjects[subject] = compared(gold, {MODEL: predicted[known], MOST_COMMON: common}, classes, seed)
    return FieldSource(False, len(analysis), reviews.digest, subjects, None)
