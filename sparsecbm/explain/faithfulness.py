"""How far to believe word scores: take the words away in their order, and see whether the prediction goes with them."""

import time

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.special import softmax
from scipy.stats import kendalltau

from sparsecbm.errors import InputError
from sparsecbm.explain.attribution import Progress
from sparsecbm.explain.removal import WordRemoval
from sparsecbm.types import Attribution, Faithfulness

#: Shares of the words, in tenths, at which the curves are read.
TENTHS = np.arange(1, 11)
#: Random orders that a method is compared with.
ORDERS = 5


def faithfulness(
    review: WordRemoval,
    attribution: Attribution,
    removal: str = "deletion",
    residual: bool = True,
    orders: int = ORDERS,
    progress: Progress = lambda _: None,
) -> Faithfulness:
    """The curves of one attribution of this review; see `Faithfulness` for what they are.

    Of n words, the nearest whole number to a share of n goes, at least one; words of equal score go from left to right.
    The random orders depend on n alone, so all methods meet the same ones. A review without words has nothing to lose:
    its curves are flat. InputError when the attribution is of another text.
    """
    started = time.perf_counter()
    if attribution.words != review.words:
        raise InputError(f"The scores are of {len(attribution.words)} other words than the text's {len(review.words)}; "
                         "allowed: scores of this very text. Explain the text first.")
    if orders < 1:
        raise InputError(f"{orders} random orders came; allowed: 1 or more. The usual number is {ORDERS}.")
    n = len(review.words)
    ranks = np.stack([_ranks(-attribution.scores), *random_ranks(n, orders)])
    gone: Bool[np.ndarray, "order fraction word"] = ranks[:, None] < removed(n)[:, None]
    cuts = gone.reshape((1 + orders) * len(TENTHS), n)
    kept = np.concatenate([np.ones((1, n), dtype=bool), ~np.eye(n, dtype=bool), ~cuts, cuts])
    logits = review.logits(attribution.target, kept, removal, residual, progress)
    index, against = attribution.target.indices(review.schema)
    moved = _read(logits, index, against)
    probabilities = _read(softmax(logits, axis=-1), index, against)
    fractions = TENTHS / 10
    for array in (fractions, probabilities):
        array.setflags(write=False)  # results are shared
    without, only = probabilities[1 + n :].reshape(2, 1 + orders, len(TENTHS))
    return Faithfulness(
        attribution.target, attribution.method, attribution.steps, removal, fractions, float(probabilities[0]),
        without[0], only[0], without[1:], only[1:], _tau(attribution.scores, moved[0] - moved[1 : 1 + n]),
        1000 * (time.perf_counter() - started))


def removed(words: int) -> Int[np.ndarray, " fraction"]:
    """How many words each share is: the nearest whole number, halves up, at least one."""
    return np.maximum((TENTHS * words + 5) // 10, 1)


def random_ranks(words: int, orders: int) -> Int[np.ndarray, "order word"]:
    """Each word's place in every random order, always the same for so many words."""
    generator = np.random.default_rng(0)
    return np.array([generator.permutation(words) for _ in range(orders)], dtype=np.int64)


def _ranks(costs: Float[np.ndarray, " word"]) -> Int[np.ndarray, " word"]:
    """Each word's place when they are sorted upwards, ties from left to right."""
    return np.argsort(np.argsort(costs, kind="stable"))


def _read(table: Float[np.ndarray, "set name"], index: int, against: int | None) -> Float[np.ndarray, " set"]:
    return table[:, index] if against is None else table[:, index] - table[:, against]


def _tau(scores: Float[np.ndarray, " word"], losses: Float[np.ndarray, " word"]) -> float | None:
    """Kendall's tau-b; None where either says the same of every word."""
    if len(scores) < 2 or np.ptp(scores) == 0 or np.ptp(losses) == 0:
        return None
    return float(kendalltau(scores, losses).statistic)
