"""Effects of human rewriting: how near explainers come to them over all pairs, and pair by pair."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Bool, Float, Int

from sparsecbm.evaluation.causal import ERRORS, CausalReport
from sparsecbm.figures.dots import Dot
from sparsecbm.figures.text import listed
from sparsecbm.schema import ConceptSchema

_ERRORS = {"l2": "L2 distance", "cosine": "cosine distance", "norm_difference": "difference of the norms"}
#: The explainers as people call them; abbreviations stay in the JSON.
EXPLAINERS = {"override": "setting the concept", "zero": "no effect", "random": "random effect",
              "conexp": "mean answers (CONEXP)", "s_learner": "regression (S-learner)",
              "approximate": "similar text", "revision": "revising the subnetwork"}
#: In which order pairs are gone through, by the name that the address has for it.
SORTS = {"far": "largest error first", "near": "smallest error first", "file": "as in the file"}
Change = Float[np.ndarray, " label"]


def causal_dots(report: CausalReport) -> tuple[Dot, ...]:
    """The errors of every explainer; smaller is better."""
    return tuple(Dot(EXPLAINERS.get(name, name), _ERRORS[error], score.errors[error].mean, score.errors[error].ci95)
                 for name, score in report.explainers.items() for error in ERRORS)


def causal_text(report: CausalReport) -> str:
    """Measure by measure, which references setting the concept beats on the same pairs, and which it does not."""
    outcomes: dict[tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for error in ERRORS:
        better, worse, open_ = list[str](), list[str](), list[str]()
        for name, score in report.explainers.items():
            if score.to_override is not None and name != "revision":
                low, high = score.to_override[error].ci95
                (better if low > 0 else worse if high < 0 else open_).append(EXPLAINERS.get(name, name))
        outcomes.setdefault((tuple(better), tuple(worse), tuple(open_)), []).append(_ERRORS[error])
    return " ".join(_verdict(listed(measures), *names) for names, measures in outcomes.items() if any(names))


def _verdict(measures: str, better: tuple[str, ...], worse: tuple[str, ...], undecided: tuple[str, ...]) -> str:
    references = len(better) + len(worse) + len(undecided)
    parts = [f"{verdict} {'every reference' if len(names) == references else listed(names)}" for verdict, names in (
        ("nearer to the true effect than", better), ("farther from the true effect than", worse),
        ("not clearly different from", undecided)) if names]
    return f"By {measures}, setting the concept is {listed(parts)}."


def effect_dots(effects: Mapping[str, Change], schema: ConceptSchema) -> tuple[Dot, ...]:
    """The change of every label's probability in points, a series for each effect."""
    return tuple(Dot(name, series, 100 * float(change[place])) for place, name in enumerate(schema.label_display)
                 for series, change in effects.items())


def distance_text(distances: Mapping[str, float], all_l2: Float[np.ndarray, " pair"]) -> str:
    """How far the predicted effect is from the true one, compared with the pairs that `all_l2` is of."""
    farther = float((all_l2 > distances["l2"]).mean())
    return (f"Error of the predicted effect: L2 distance {distances['l2']:.3f} (mean of these {len(all_l2):,} pairs "
            f"{all_l2.mean():.3f}; {100 * farther:.0f} % of them have a larger one), cosine distance "
            f"{distances['cosine']:.3f}, difference of the norms {distances['norm_difference']:.3f}.")


def ordered_pairs(
    chosen: Bool[np.ndarray, " pair"], l2: Float[np.ndarray, " pair"], sort: str
) -> Int[np.ndarray, " shown"]:
    """Numbers of the chosen pairs, in an order of SORTS; equal ones as in the file."""
    numbers = np.flatnonzero(chosen)
    if sort == "file":
        return numbers
    return np.asarray(numbers[np.argsort((-1 if sort == "far" else 1) * l2[numbers], kind="stable")])
