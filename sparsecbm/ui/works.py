"""What the Explain screen has worked out for it: explanations and their faithfulness, as pieces of work.

Keys hold all that a result depends on; the explainer caches, so asking again costs next to nothing.
"""

from sparsecbm.explain.methods import method_named
from sparsecbm.explainer import Explainer
from sparsecbm.types import Explanation, Faithfulness, Target
from sparsecbm.ui.address import View
from sparsecbm.ui.job import Progress, Work


def explanation_work(
    explainer: Explainer, text: str, targets: tuple[Target, ...], view: View, method: str | None = None
) -> Work:
    """Word scores of some targets by the view's method, or by another one with its own number of steps."""
    name, steps = (view.method, view.steps) if method is None else (method, None)

    def run(progress: Progress) -> Explanation:
        return explainer.explain(text, targets, name, steps, view.residual, progress)

    key = ("words", explainer.checkpoint.hash, text, targets, name, steps, view.residual)
    return Work(key, method_named(name).title, run)


def faithfulness_work(explainer: Explainer, text: str, target: Target, view: View) -> Work:
    """What taking out words does to the answer, in the order of their scores and in random orders."""

    def run(progress: Progress) -> Faithfulness:
        explanation = explainer.explain(text, (target,), view.method, view.steps, view.residual, progress)
        return explainer.faithfulness(explanation.attributions[0], text, view.residual, progress=progress)

    key = ("faithfulness", explainer.checkpoint.hash, text, target, view.method, view.steps, view.residual)
    return Work(key, "Taking out words", run)
