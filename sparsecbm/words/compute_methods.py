"""The attribution methods, all captum's, applied to a function of the token embeddings: no hook is set on any layer.

Every method explains the difference between a text x and a baseline x'. The function is called with as many rows as fit
into memory, and steps are spread over as many calls as that takes.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import torch
from captum.attr import FeatureAblation, IntegratedGradients, Saliency, ShapleyValueSampling
from jaxtyping import Float, Int
from torch import Tensor

from sparsecbm.model.logit_terms import Rows

Function = Callable[[Rows], Float[Tensor, " row"]]


@dataclass(frozen=True, eq=False)
class Problem:
    """One row per term to explain: the text's embeddings `x`, the baseline's, and the word of each token.

    Tokens that belong to no word are the same in both and share the last feature. `copies` says how many times all rows
    together fit into one call of `function`.
    """

    function: Function
    x: Rows
    baseline: Rows
    features: Int[Tensor, " token"]
    copies: int


@dataclass(frozen=True)
class Computation:
    """How a method is computed.

    `calls` is how many rows it runs for each row it explains, given the steps and the number of features; `gradient`
    says whether it needs gradients.
    """

    run: Callable[[Problem, int], Rows]
    calls: Callable[[int, int], int]
    gradient: bool


def integrated_gradients(problem: Problem, steps: int) -> Rows:
    """Sundararajan et al. 2017 (arXiv 1703.01365), eq. 1: the gradient averaged over the straight line from the
    baseline, by Gauss-Legendre quadrature, times `x - x'`."""
    rows = problem.copies * len(problem.x)
    made: Tensor = IntegratedGradients(problem.function).attribute(
        problem.x, baselines=problem.baseline, n_steps=steps, method="gausslegendre", internal_batch_size=rows)
    return made


def gradient_x_input(problem: Problem, _: int) -> Rows:
    """Shrikumar et al. 2016 (arXiv 1605.01713), with a baseline: the gradient at x, times `x - x'`."""
    gradient: Tensor = Saliency(problem.function).attribute(problem.x.clone().requires_grad_(), abs=False)
    return (problem.x - problem.baseline) * gradient


def occlusion(problem: Problem, _: int) -> Rows:
    """Zeiler and Fergus 2014 (arXiv 1311.2901), by word: what is lost when a word alone goes to its baseline."""
    made: Tensor = FeatureAblation(problem.function).attribute(
        problem.x, baselines=problem.baseline, feature_mask=problem.features.view(1, -1, 1),
        perturbations_per_eval=problem.copies)
    return _spread(made, problem.features)


def shapley(problem: Problem, orders: int) -> Rows:
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
        perturbations_per_eval=problem.copies)
    return _spread(made, problem.features)


def _spread(made: Rows, features: Int[Tensor, " token"]) -> Rows:
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
