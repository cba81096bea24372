"""The attribution methods, applied to a function of the token embeddings: no hook is set on any layer.

Every method explains the difference between a text x and a baseline x', for several terms at once: what the passes
compute is shared by all terms. Functions are called with as many rows as fit into memory, and steps are spread over as
many calls as that takes. What needs no gradient is captum's.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from captum.attr import FeatureAblation, ShapleyValueSampling
from jaxtyping import Float, Int
from torch import Tensor

from sparsecbm.model.logit_terms import Rows

#: All terms of some rows.
Function = Callable[[Rows], Float[Tensor, "row term"]]
#: The gradient of each term by each row.
Gradients = Callable[[Rows], Float[Tensor, "term row token embedding"]]
#: By term, a score for every entry of the embeddings.
Scores = Float[Tensor, "term token embedding"]


@dataclass(frozen=True, eq=False)
class Problem:
    """What to explain: the text's embeddings `x`, a single row, the baseline's, and the word of each token.

    Tokens that belong to no word are the same in both and share the last feature. `rows` says how many fit into one
    call of `function` or `gradients`.
    """

    function: Function
    gradients: Gradients
    x: Rows
    baseline: Rows
    features: Int[Tensor, " token"]
    rows: int


@dataclass(frozen=True)
class Computation:
    """How a method is computed.

    `calls` is how many rows it runs, given the steps and the number of features; `gradient` says whether it needs
    gradients.
    """

    run: Callable[[Problem, int], Scores]
    calls: Callable[[int, int], int]
    gradient: bool


def integrated_gradients(problem: Problem, steps: int) -> Scores:
    """Sundararajan et al. 2017 (arXiv 1703.01365), eq. 1: the gradient averaged over the straight line from the
    baseline, by Gauss-Legendre quadrature, times `x - x'`."""
    way = problem.x - problem.baseline
    nodes, shares = (torch.from_numpy(some).to(way) for some in np.polynomial.legendre.leggauss(steps))  # on [-1, 1]
    mean = torch.zeros_like(way)
    for node, share in zip(nodes.split(problem.rows), shares.split(problem.rows), strict=True):
        points = problem.baseline + (1 + node).view(-1, 1, 1) / 2 * way
        mean = mean + torch.einsum("r,krte->kte", share / 2, problem.gradients(points))
    return way * mean


def gradient_x_input(problem: Problem, _: int) -> Scores:
    """Shrikumar et al. 2016 (arXiv 1605.01713), with a baseline: the gradient at x, times `x - x'`."""
    return (problem.x - problem.baseline) * problem.gradients(problem.x)[:, 0]


def occlusion(problem: Problem, _: int) -> Scores:
    """Zeiler and Fergus 2014 (arXiv 1311.2901), by word: what is lost when a word alone goes to its baseline."""
    made: Tensor = FeatureAblation(problem.function).attribute(
        problem.x, baselines=problem.baseline, feature_mask=problem.features.view(1, -1, 1),
        perturbations_per_eval=problem.rows)
    return _spread(made, problem.features)


def shapley(problem: Problem, orders: int) -> Scores:
    """Castro et al. 2009 (doi 10.1016/j.cor.2008.04.004): what a word adds, averaged over random orders of the
    words.

    The orders come from a generator with a fixed seed, so that results are reproducible.
    """
    generator = torch.Generator().manual_seed(0)
    method = ShapleyValueSampling(problem.function)

    def random_orders(features: int, samples: int) -> Iterable[list[int]]:
        return (torch.randperm(features, generator=generator).tolist() for _ in range(samples))

    method.permutation_generator = random_orders
    made: Tensor = method.attribute(
        problem.x, baselines=problem.baseline, feature_mask=problem.features.view(1, -1, 1), n_samples=orders,
        perturbations_per_eval=problem.rows)
    return _spread(made.flatten(0, 1), problem.features)  # captum's has an axis for the one row


def _spread(made: Scores, features: Int[Tensor, " token"]) -> Scores:
    """Share a word's score evenly among its embedding entries, so that they sum to it: captum gives each the whole."""
    tokens = torch.bincount(features)[features].view(1, -1, 1)
    return made / (tokens * made.shape[-1])


#: By the name of the method.
COMPUTATIONS: Mapping[str, Computation] = {
    "integrated-gradients": Computation(integrated_gradients, lambda steps, _: steps, True),
    "gradient-x-input": Computation(gradient_x_input, lambda _, __: 1, True),
    "occlusion": Computation(occlusion, lambda _, features: features + 1, False),
    "shapley": Computation(shapley, lambda steps, features: steps * features + 1, False),
}
