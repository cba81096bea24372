"""Are word scores faithful? Words are removed in the order of their scores, and weights are shuffled.

`faithfulness` measures one attribution; `benchmark_methods` compares all methods on the same documents.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from scipy.special import softmax
from scipy.stats import kendalltau, spearmanr
from torch import Tensor

from sparsecbm.errors import InputError
from sparsecbm.model.checkpoint import Checkpoint
from sparsecbm.model.network import MaskedWeights, SparseCBM
from sparsecbm.model.prediction import predict
from sparsecbm.types import Attribution, Prediction, Progress, Target
from sparsecbm.words.compute import attribute
from sparsecbm.words.compute_removal import REMOVALS, WordRemoval
from sparsecbm.words.faithfulness import Faithfulness

#: Shares of the words, in tenths, at which the curves are read.
TENTHS = np.arange(1, 11)
#: Random orders that a method is compared with.
ORDERS = 5


def faithfulness(
    document: WordRemoval,
    attribution: Attribution,
    removal: str = "deletion",
    residual: bool = True,
    orders: int = ORDERS,
    progress: Progress = lambda _: None,
) -> Faithfulness:
    """The removal curves of one attribution of this document; see `Faithfulness` for what they contain.

    A share of n words is rounded to the nearest whole number, at least one; words with equal scores are removed from
    left to right. The random orders depend on n alone, so every method is compared with the same ones. A document
    without words has flat curves. InputError when the attribution belongs to another text.
    """
    started = time.perf_counter()
    if attribution.words != document.words:
        raise InputError(f"The scores are for {len(attribution.words)} words of another text; this one has "
                         f"{len(document.words)}. Explain this text first.")
    if orders < 1:
        raise InputError(f"{orders} random orders were given; allowed: 1 or more. The usual number is {ORDERS}.")
    n = len(document.words)
    ranks = np.stack([_ranks(-attribution.scores), *random_ranks(n, orders)])
    gone: Bool[np.ndarray, "order fraction word"] = ranks[:, None] < removed(n)[:, None]
    cuts = gone.reshape((1 + orders) * len(TENTHS), n)
    kept = np.concatenate([np.ones((1, n), dtype=bool), ~np.eye(n, dtype=bool), ~cuts, cuts])
    logits = document.logits(attribution.target, kept, removal, residual, progress)
    index, against = attribution.target.indices(document.schema)
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
    """Each word's place in every random order; the orders depend on the number of words alone."""
    generator = np.random.default_rng(0)
    return np.array([generator.permutation(words) for _ in range(orders)], dtype=np.int64)


def _ranks(costs: Float[np.ndarray, " word"]) -> Int[np.ndarray, " word"]:
    """Each word's place when they are sorted upwards, ties from left to right."""
    return np.argsort(np.argsort(costs, kind="stable"))


def _read(table: Float[np.ndarray, "set name"], index: int, against: int | None) -> Float[np.ndarray, " set"]:
    return table[:, index] if against is None else table[:, index] - table[:, against]


def _tau(scores: Float[np.ndarray, " word"], losses: Float[np.ndarray, " word"]) -> float | None:
    """Kendall's tau-b; None where either is the same for every word."""
    if len(scores) < 2 or np.ptp(scores) == 0 or np.ptp(losses) == 0:
        return None
    return float(kendalltau(scores, losses).statistic)


@torch.no_grad()
def shuffled_weights(model: SparseCBM, weights: MaskedWeights | None, seed: int = 0) -> MaskedWeights:
    """Every masked matrix with its entries in random order, pass by pass; the model itself does not change.

    Zeros are shuffled too, so each pass stays as sparse as it was. Without `weights` all passes share one shuffle.
    Embeddings, biases, norms and heads stay as trained. The randomisation test of Adebayo et al. 2018
    (arXiv 1810.03292).
    """
    generator = torch.Generator().manual_seed(seed)

    def shuffled(matrix: Tensor) -> Tensor:
        places = torch.randperm(matrix.numel(), generator=generator).to(matrix.device)
        return matrix.detach().flatten()[places].view_as(matrix)

    if weights is not None and weights.small:
        return MaskedWeights(small=tuple(one.with_tensors({
            name: tensor if tensor.dim() == 1 else shuffled(tensor) for name, tensor in one.tensors.items()
        }) for one in weights.small))
    if weights is not None:
        return MaskedWeights({name: torch.stack([shuffled(matrix) for matrix in stack])
                              for name, stack in weights.stacks.items()})
    parameters, passes = dict(model.backbone.named_parameters()), len(model.config.passes)
    return MaskedWeights({name: shuffled(parameters[name]).expand(passes, -1, -1) for name in model.sites})


def rank_correlation(one: Attribution, other: Attribution) -> float | None:
    """Spearman's correlation of two attributions of the same words; None where either scores all words alike."""
    if len(one.words) < 2 or np.ptp(one.scores) == 0 or np.ptp(other.scores) == 0:
        return None
    return float(spearmanr(one.scores, other.scores).statistic)


@dataclass(frozen=True)
class MethodBenchmark:
    """The results, document by document.

    `shuffled_correlation` is, by method, the rank correlation of its scores with its own scores under shuffled weights:
    the mean over a document's targets, None where no target has one.
    """

    faithfulness: list[Faithfulness] = field(default_factory=list)
    shuffled_correlation: dict[str, list[float | None]] = field(default_factory=dict)


def benchmark_methods(
    checkpoint: Checkpoint,
    texts: Sequence[str],
    targets: Callable[[Prediction], Sequence[Target]],
    methods: Mapping[str, int | None],
    removals: Sequence[str] = REMOVALS,
    shuffled: int = 0,
    seed: int = 0,
    progress: Callable[[int], None] = lambda _: None,
) -> MethodBenchmark:
    """Test each method, with its steps, on the targets that `targets` picks for each prediction.

    The first `shuffled` texts are also explained with weights shuffled by `seed`. `progress` is called once per text
    and method: `len(texts) * len(methods)` times.
    """
    model, encoder, masks = checkpoint.model, checkpoint.encoder, checkpoint.masks
    weights = None if masks is None else model.masked_weights(masks)
    random_weights = shuffled_weights(model, weights, seed) if shuffled else None
    benchmark = MethodBenchmark(shuffled_correlation={method: [] for method in methods} if shuffled else {})
    for number, text in enumerate(texts):
        chosen = targets(predict(model, encoder, weights, text, checkpoint.hash))
        document = WordRemoval(model, encoder, weights, text)
        for method, steps in methods.items():
            made = attribute(model, encoder, weights, text, chosen, method, steps)
            benchmark.faithfulness.extend(faithfulness(document, one, removal) for one in made for removal in removals)
            if number < shuffled:
                others = attribute(model, encoder, random_weights, text, chosen, method, steps)
                benchmark.shuffled_correlation[method].append(_mean(map(rank_correlation, made, others)))
            progress(1)
    return benchmark


def _mean(values: Iterable[float | None]) -> float | None:
    there = [value for value in values if value is not None]
    return sum(there) / len(there) if there else None
