"""What an explainer of causal effects must beat: references that use other texts, or nothing.

Abraham et al. 2022, CEBaB (arXiv 2205.14140), section 4, where CONEXP, the S-learner and the approximate counterfactual
are defined. Each returns the change of the label's probabilities that it expects when a concept of a text changes from
one value to another: one row per pair, in the order of the labels.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from sklearn.linear_model import LogisticRegression

from sparsecbm.errors import DataError
from sparsecbm.schema import ConceptSchema

Effect = Float[np.ndarray, "pair label"]


@dataclass(frozen=True, eq=False)
class ConceptChanges:
    """For each pair, the `concept` that changes, from value `before` to `after`.

    `predicted` are the model's values of all concepts in the base text: what an explainer may know of the rest.
    """

    concept: Int[np.ndarray, " pair"]
    before: Int[np.ndarray, " pair"]
    after: Int[np.ndarray, " pair"]
    predicted: Int[np.ndarray, "pair concept"]

    def values(self, of_concept: Int[np.ndarray, " pair"]) -> Int[np.ndarray, "pair concept"]:
        """The base text's values, with the changed concept at the value given."""
        values: np.ndarray = self.predicted.copy()
        values[np.arange(len(values)), self.concept] = of_concept
        return values


@dataclass(frozen=True, eq=False)
class AnsweredTexts:
    """Other texts: the model's answers to them, and their gold values (-1 where annotators disagree)."""

    answers: Float[np.ndarray, "text label"]
    concepts: Int[np.ndarray, "text concept"]


def random_effect(changes: ConceptChanges, labels: int, rng: np.random.Generator) -> Effect:
    """The difference of two distributions drawn uniformly from all there are."""
    one, other = rng.dirichlet(np.ones(labels), (2, len(changes.concept)))
    return np.asarray(one - other)


def conexp(changes: ConceptChanges, texts: AnsweredTexts, schema: ConceptSchema) -> Effect:
    """CONEXP, conditional expectation: the mean answer to texts with the value after, less that with the value before.

    DataError when no text has one of the values.
    """
    means = np.full((len(schema.concepts), len(schema.values), texts.answers.shape[1]), np.nan)
    for k, v in np.ndindex(means.shape[:2]):
        rows = texts.concepts[:, k] == v
        if rows.any():
            means[k, v] = texts.answers[rows].mean(0)
    effect = means[changes.concept, changes.after] - means[changes.concept, changes.before]
    if np.isnan(effect).any():
        pair = int(np.isnan(effect).any(1).argmax())
        k = changes.concept[pair]
        names = " or ".join(schema.values[v] for v in (changes.before[pair], changes.after[pair]))
        raise DataError(f"No training text has {schema.concepts[k]} = {names}, so its mean answer is unknown; "
                        "allowed: a training split with every value. Choose a larger one.")
    return np.asarray(effect)


def s_learner(changes: ConceptChanges, texts: AnsweredTexts, schema: ConceptSchema) -> Effect:
    """S-learner: a logistic regression of the model's answers on the concepts' values, evaluated before and after.

    It is fitted on the texts whose values are all settled, each counted for every label as much as the model gives it.
    DataError when there is none.
    """
    settled = (texts.concepts >= 0).all(1)
    if not settled.any():
        raise DataError("No training text has a settled value for every concept, so the S-learner has nothing to learn "
                        "from; allowed: a training split with such texts. Choose another one.")
    values, labels = len(schema.values), texts.answers.shape[1]
    inputs = np.repeat(_one_hot(texts.concepts[settled], values), labels, axis=0)
    targets = np.tile(np.arange(labels), int(settled.sum()))
    learner = LogisticRegression(max_iter=2000).fit(inputs, targets, sample_weight=texts.answers[settled].ravel())
    before, after = (learner.predict_proba(_one_hot(changes.values(value), values))
                     for value in (changes.before, changes.after))
    return np.asarray(after - before)


def approximate(
    changes: ConceptChanges, texts: AnsweredTexts, base: Float[np.ndarray, "pair label"], rng: np.random.Generator
) -> Effect:
    """The answer to another text with the values that are wanted, less the answer to the base text.

    One is drawn from those that have the new value and agree in most other concepts; where none has it, from those
    that agree in most.
    """
    nearest = []
    for k, values in zip(changes.concept, changes.values(changes.after), strict=True):
        agree = texts.concepts == values  # [text, concept]
        closeness = agree.sum(1) + agree.shape[1] * agree[:, k]
        nearest.append(rng.choice(np.flatnonzero(closeness == closeness.max())))
    return np.asarray(texts.answers[nearest] - base)


def _one_hot(concepts: Int[np.ndarray, "row concept"], values: int) -> Float[np.ndarray, "row concept_value"]:
    return np.asarray(np.eye(values)[concepts].reshape(len(concepts), -1))
