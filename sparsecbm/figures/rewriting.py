"""Rewritings of reviews: what one did to the label's probabilities beside what was foretold, and which to look at."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Bool, Float, Int

from sparsecbm.figures.dots import Dot
from sparsecbm.schema import ConceptSchema

#: In which order pairs are looked through, by the name that the address gives it.
SORTS = {"far": "farthest off first", "near": "nearest first", "file": "as in the file"}
Change = Float[np.ndarray, " label"]


def effect_dots(effects: Mapping[str, Change], schema: ConceptSchema) -> tuple[Dot, ...]:
    """The change of every label's probability in points, a series for each effect."""
    return tuple(Dot(name, series, 100 * float(change[place])) for place, name in enumerate(schema.label_display)
                 for series, change in effects.items())


def distance_text(distances: Mapping[str, float], all_l2: Float[np.ndarray, " pair"]) -> str:
    """How far the foretold effect is from the true one, beside the pairs `all_l2` is of."""
    farther = float((all_l2 > distances["l2"]).mean())
    return (f"Distance of the foretold effect from what the rewriting did: L2 {distances['l2']:.3f} (mean of these "
            f"{len(all_l2):,} pairs {all_l2.mean():.3f}; {100 * farther:.0f} % of them are farther off), cosine "
            f"distance {distances['cosine']:.3f}, difference of the norms {distances['norm_difference']:.3f}.")


def ordered_pairs(
    chosen: Bool[np.ndarray, " pair"], l2: Float[np.ndarray, " pair"], sort: str
) -> Int[np.ndarray, " shown"]:
    """Numbers of the chosen pairs, in an order of SORTS; equal ones as in the file."""
    numbers = np.flatnonzero(chosen)
    if sort == "file":
        return numbers
    return np.asarray(numbers[np.argsort((-1 if sort == "far" else 1) * l2[numbers], kind="stable")])
