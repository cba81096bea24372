"""The attribution methods, all captum's, on a function of word embeddings: no hook is set on any layer.

Every method explains the way from a baseline x' to the review x. `Run` hides what a function of embeddings costs: it is
called with as many rows as fit, and steps are spread over as many calls as that takes.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import torch
from captum.attr import FeatureAblation, IntegratedGradients, Saliency, ShapleyValueSampling
from jaxtyping import Float, Int
from torch import Tensor

from sparsecbm.errors import InputError, unknown_name
from sparsecbm.model.logit_terms import Rows

Function = Callable[[Rows], Float[Tensor, " row"]]


@dataclass(frozen=True, eq=False)
class Problem:
    """One row per term to explain: the review's embeddings `x`, the baseline's, and each token's word.

    Tokens that belong to no word are the same in both and share the last feature. `copies` is how many times all rows
    together fit into one call of `function`.
    """

    function: Function
    x: Rows
    baseline: Rows
    features: Int[Tensor, " token"]
    copies: int


@dataclass(frozen=True)
class Method:
    """A way to score words.

    `steps` is the default number of steps and None where a method takes none; `steps_help` says what a step is.
    `gradient` tells whether it needs gradients; `calls` is how many rows it runs for each row it explains, given the
    steps and the number of features.
    """

    name: str
    title: str
    help: str
    run: Callable[[Problem, int], Rows]
    calls: Callable[[int, int], int]
    gradient: bool
    steps: int | None = None
    steps_help: str = ""

    def checked_steps(self, steps: int | None) -> int | None:
        """The steps to use; InputError when there are too few, or when the method takes none."""
        if steps is None:
            return self.steps
        if self.steps is None:
            raise InputError(f"Steps {steps} came, but {self.name} takes none; leave them out, or use one of "
                             f"{', '.join(method.name for method in METHODS.values() if method.steps is not None)}.")
        if steps < 1:
            raise InputError(f"Steps {steps} came; allowed: 1 or more. The default of {self.name} is {self.steps}.")
        return steps

    def with_steps(self, steps: int | None) -> str:
        """Title and steps, e.g. "Integrated gradients, 32 steps"."""
        return self.title if steps is None else f"{self.title}, {steps} steps"


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
    """Castro et al. 2009 (doi 10.1016/j.cor.2008.04.004): what a word adds, averaged over random orders of words.

    The orders come from a generator of their own with a fixed seed, so that a result can be had again.
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
    """A word's score shared evenly by its numbers, so that these sum to it: captum gives each the whole of it."""
    tokens = torch.bincount(features)[features].view(1, -1, 1)
    return made / (tokens * made.shape[-1])


#: By name, the default first.
METHODS: Mapping[str, Method] = {method.name: method for method in (
    Method("integrated-gradients", "Integrated gradients",
           "Follows the prediction from an empty review to this one and adds up what each word did on the way; its "
           "scores sum to the whole.",
           integrated_gradients, lambda steps, _: steps, True, 32, "points on the way from the empty review"),
    Method("gradient-x-input", "Gradient × input",
           "The slope at this review alone: instant, and often far from the whole.",
           gradient_x_input, lambda _, __: 1, True),
    Method("occlusion", "Occlusion by word",
           "Blanks one word at a time and takes what is lost; words that say the same thing hide each other.",
           occlusion, lambda _, features: features + 1, False),
    Method("shapley", "Shapley value sampling",
           "What a word adds, averaged over random orders of blanking them; slow, and its scores sum to the whole.",
           shapley, lambda steps, features: steps * features + 1, False, 25, "random orders of the words"),
)}
DEFAULT_METHOD = next(iter(METHODS))


def method_named(name: str) -> Method:
    """The method of that name; InputError lists them all."""
    if name not in METHODS:
        raise InputError(unknown_name("method", name, tuple(METHODS)))
    return METHODS[name]
