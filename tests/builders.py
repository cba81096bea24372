"""Results with hand-made numbers, for whatever draws them."""

import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from sparsecbm.schema import CEBAB
from sparsecbm.types import Attribution, Explanation, InterventionResult, Prediction, Receipt, Target, Unread, Word
from sparsecbm.words.faithfulness import Faithfulness

RECEIPT = Receipt("0123456789abcdef", "prediction", "cpu", "float32", 1.0)


def a_prediction(text: str = "Good soup.", label: str = "4", concepts: dict[str, str] | None = None) -> Prediction:
    """A prediction of one label, sure of every concept; concepts not named are unknown. Its ledger adds up."""
    probabilities = np.zeros((4, 3))
    for k, concept in enumerate(CEBAB.concepts):
        probabilities[k, CEBAB.value_index((concepts or {}).get(concept, "unknown"))] = 1.0
    contributions = np.arange(20.0).reshape(4, 5) / 10
    bias, residual = np.full(5, 0.5), np.zeros(5)
    residual[CEBAB.label_index(label)] = 9.0
    logits = bias + contributions.sum(0) + residual
    shares = np.exp(logits - logits.max())
    return Prediction(CEBAB, text, probabilities, probabilities, contributions, bias, residual, logits,
                      shares / shares.sum(), 5, 5, RECEIPT)


def an_intervention(before: Prediction, after: Prediction) -> InterventionResult:
    """Two predictions as before and after."""
    return InterventionResult(before, after, {}, RECEIPT)


def an_attribution(
    text: str, scores: dict[str, float], target: str = "label=4", parts: dict[str, list[float]] | None = None,
    unread: Mapping[str, Unread] = MappingProxyType({}),
) -> Attribution:
    """Scores for some words of the text, in their order; each word is looked for after the one before.

    `unread` says of some words how much of them the model reads.
    """
    words, position = [], 0
    for word in scores:
        start = text.index(word, position)
        position = start + len(word)
        words.append(Word(word, start, position, unread.get(word, "")))
    numbers = np.array(list(scores.values()), dtype=float)
    return Attribution(Target.parse(target, CEBAB), "integrated-gradients", 32, tuple(words), numbers,
                       {name: np.array(part) for name, part in (parts or {}).items()},
                       difference=float(numbers.sum()), completeness_gap=0.0, milliseconds=1.0)


def some_attributions(text: str) -> tuple[Attribution, ...]:
    """A label's and a concept's scores for every word of the text; the first word speaks for, the last against."""
    words = tuple(Word(found.group(), *found.span()) for found in re.finditer(r"\S+", text))
    scores = np.linspace(2.0, -1.0, len(words))
    parts = {"food": 0.75 * scores, "residual": 0.25 * scores}
    return tuple(
        Attribution(Target.parse(target, CEBAB), "integrated-gradients", 32, words, numbers, split,
                    difference=float(numbers.sum()), completeness_gap=0.0, milliseconds=1.0)
        for target, numbers, split in (("label=4", scores, parts), ("food=Positive", -scores, {})))


def an_explanation(text: str = "Good soup.", *attributions: Attribution, **changes: object) -> Explanation:
    """A prediction of four stars with attributions; `changes` go to the prediction."""
    prediction = replace(a_prediction(text), **changes)  # type: ignore[arg-type]
    return Explanation(prediction, attributions or some_attributions(text), RECEIPT)


def a_faithfulness(loss: float, random_losses: list[float], target: str = "label=4") -> Faithfulness:
    """Losing the best words always costs `loss` of a probability of 0.9, keeping them nothing; likewise at random."""
    random = np.full((len(random_losses), 10), 0.9) - np.array(random_losses)[:, None]
    return Faithfulness(
        Target.parse(target, CEBAB), "integrated-gradients", 32, "deletion", np.arange(1, 11) / 10, 0.9,
        without_top=np.full(10, 0.9 - loss), only_top=np.full(10, 0.9), random_without=random, random_only=random,
        loo_tau=0.5, milliseconds=1.0)
