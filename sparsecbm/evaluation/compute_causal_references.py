"""What an explanation of a causal effect must beat: references that look at other texts, or at nothing.

Abraham et al. 2022, CEBaB (arXiv 2205.14140), section 4, where CONEXP, the S-learner and the approximate counterfactual
are defined. Each returns what it expects to become of the label's probabilities when a concept of a text changes from
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
class Asked:
    """One question per pair: `concept` changes from value `before` to `after`.

    `read` are the concepts' values in the base text as the model reads them: what an explainer may know of the rest.
    """

    concept: Int[np.ndarray, " pair"]
    before: Int[np.ndarray, " pair"]
    after: Int[np.ndarray, " pair"]
    read: Int[np.ndarray, "pair concept"]

    def values(self, of_concept: Int[np.ndarray, " pair"]) -> Int[np.ndarray, "pair concept"]:
        """The base text's values, with the asked concept at the value given."""
        values: np.ndarray = self.read.copy()
        values[np.arange(len(values)), self.concept] = of_concept
        return values


@dataclass(frozen=True, eq=False)
class Known:
    """Other texts: the model's answers to them, and their true values (-1 where not settled)."""

    answers: Float[np.ndarray, "text label"]
    concepts: Int[np.ndarray, "text concept"]


def random_effect(asked: Asked, labels: int, rng: np.random.Generator) -> Effect:
    """The difference of two distributions drawn uniformly from all there are."""
    one, other = rng.dirichlet(np.ones(labels), (2, len(asked.concept)))
    return np.asarray(one - other)


def conexp(asked: Asked, known: Known, schema: ConceptSchema) -> Effect:
    """CONEXP, conditional expectation: the mean answer to texts with the value after, less that with the value before.

    DataError when no text has some value that is asked for.
    """
    means = np.full((len(schema.concepts), len(schema.values), known.answers.shape[1]), np.nan)
    for k, v in np.ndindex(means.shape[:2]):
        rows = known.concepts[:, k] == v
        if rows.any():
            means[k, v] = known.answers[rows].mean(0)
    effect = means[asked.concept, asked.after] - means[asked.concept, asked.before]
    if np.isnan(effect).any():
        pair = int(np.isnan(effect).any(1).argmax())
        k = asked.concept[pair]
        names = " or ".join(schema.values[v] for v in (asked.before[pair], asked.after[pair]))
        raise DataError(f"No training text has {schema.concepts[k]} = {names}, so its mean answer is not known; "
                        "allowed: a training split with every value. Choose a larger one.")
    return np.asarray(effect)


def s_learner(asked: Asked, known: Known, schema: ConceptSchema) -> Effect:
    """S-learner: a logistic regression of the model's answers on the concepts' values, asked twice.

    It is fitted on the texts whose values are all settled, each counted for every label as much as the model gives it.
    DataError when there is none.
    """
    settled = (known.concepts >= 0).all(1)
    if not settled.any():
        raise DataError("No training text has a settled value for every concept, so the S-learner has nothing to learn "
                        "from; allowed: a training split with such texts. Choose another one.")
    values, labels = len(schema.values), known.answers.shape[1]
    inputs = np.repeat(_one_hot(known.concepts[settled], values), labels, axis=0)
    targets = np.tile(np.arange(labels), int(settled.sum()))
    learner = LogisticRegression(max_iter=2000).fit(inputs, targets, sample_weight=known.answers[settled].ravel())
    before, after = (learner.predict_proba(_one_hot(asked.values(value), values))
                     for value in (asked.before, asked.after))
    return np.asarray(after - before)


def approximate(
    asked: Asked, known: Known, base: Float[np.ndarray, "pair label"], rng: np.random.Generator
) -> Effect:
    """The answer to another text with the values that are wanted, less the answer to the base text.

    One is drawn from those that have the asked value and agree in most other concepts; where none has the asked value,
    from those that agree in most.
    """
    nearest = []
    for k, values in zip(asked.concept, asked.values(asked.after), strict=True):
        agree = known.concepts == values  # [text, concept]
        closeness = agree.sum(1) + agree.shape[1] * agree[:, k]
        nearest.append(rng.choice(np.flatnonzero(closeness == closeness.max())))
    return np.asarray(known.answers[nearest] - base)


def _one_hot(concepts: Int[np.ndarray, "row concept"], values: int) -> Float[np.ndarray, "row concept_value"]:
    return np.asarray(np.eye(values)[concepts].reshape(len(concepts), -1))
