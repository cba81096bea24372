"""Results with hand-made numbers, for whatever draws them."""

import numpy as np

from sparsecbm.schema import CEBAB
from sparsecbm.types import Attribution, InterventionResult, Prediction, Receipt, Target, Word

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


def an_attribution(text: str, scores: dict[str, float], target: str = "label=4") -> Attribution:
    """Scores for some words of the text, in their order; each word is looked for after the one before."""
    words, position = [], 0
    for word in scores:
        start = text.index(word, position)
        position = start + len(word)
        words.append(Word(word, start, position))
    numbers = np.array(list(scores.values()), dtype=float)
    return Attribution(Target.parse(target, CEBAB), "gradient-x-input", tuple(words), numbers,
                       difference=float(numbers.sum()), completeness_gap=0.0)
