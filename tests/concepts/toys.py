"""Predictions made by hand, whose label follows from their concepts by a head made by hand."""

from dataclasses import replace

import numpy as np
from scipy.special import softmax

from sparsecbm.concepts.compute_override import Effects
from sparsecbm.schema import ConceptSchema
from sparsecbm.types import Prediction
from tests.builders import a_prediction


def schema_of(concepts: int, values: int, labels: int) -> ConceptSchema:
    """Concepts a, b, ..; values v0, v1, ..; labels 0, 1, .. that people call l0, l1, .."""
    names = tuple("abcdefghijklmnopqrst"[:concepts])
    shown = tuple(f"l{label}" for label in range(labels))
    return ConceptSchema("toy", names, tuple(f"v{value}" for value in range(values)), tuple(map(str, range(labels))),
                         "verdict", shown, ("",) * concepts)


def toy_prediction(probabilities: np.ndarray, effects: Effects, rest: np.ndarray) -> Prediction:
    """A prediction of a bottleneck of probabilities: each concept adds the mean of its effects, `rest` is the bias."""
    contributions = np.einsum("kv,kvy->ky", probabilities, effects)
    logits = rest + contributions.sum(0)
    return replace(a_prediction(), schema=schema_of(*effects.shape), concept_probabilities=probabilities,
                   bottleneck=probabilities, contributions=contributions, label_bias=rest,
                   residual=np.zeros_like(logits), label_logits=logits, label_probabilities=softmax(logits))


def random_toy(seed: int, concepts: int = 3, values: int = 3, labels: int = 4) -> tuple[Prediction, Effects]:
    """A random prediction and the effects it was made with, small or large."""
    random = np.random.default_rng(seed)
    effects = random.normal(size=(concepts, values, labels)) * random.choice([0.3, 1.5, 5])
    probabilities = random.dirichlet(np.ones(values), size=concepts)
    return toy_prediction(probabilities, effects, random.normal(size=labels) * random.choice([0.3, 3])), effects
