"""The smallest fix: the fewest concepts that must be set for a wanted label to become the most probable."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
from jaxtyping import Float
from scipy.special import softmax

from sparsecbm.concepts.compute_override import MOST_STATES, Effects, set_all
from sparsecbm.types import Prediction

#: A lead over every other label that is smaller, in logits, is a tie: an override computes in single precision.
LEAST_MARGIN = 1e-5


@dataclass(frozen=True)
class Fix:
    """Concepts set to values for certain, all others as they are.

    `margin` is the lead over the best other label, in logits, and `probability` the wanted label's, both afterwards.
    """

    values: Mapping[str, str]
    margin: float
    probability: float


@dataclass(frozen=True)
class SmallestFix:
    """All fixes of the smallest size that has any, the widest margin first; none when no setting gives the label.

    A prediction that says the label already has one fix, which sets nothing. `reason` says it in a sentence.
    """

    label: str
    fixes: tuple[Fix, ...]
    reason: str

    @property
    def size(self) -> int | None:
        """How many concepts must be set; None when that does not help."""
        return len(self.fixes[0].values) if self.fixes else None


def smallest_fix(prediction: Prediction, effects: Effects, label: str, at_least: float = 0.0) -> SmallestFix:
    """Search every state in which each concept is left as it is or set to one of its values, the small ones first.

    With `at_least` only values count to which the model itself gives so much probability, 0..1. K concepts of C values
    have C^n settings of every n of them; the search ends before MOST_STATES are passed, and the reason says so.
    InputError for an unknown label.
    """
    schema, y = prediction.schema, prediction.schema.label_index(label)
    title, display = schema.label_title, schema.label_display[y]
    if prediction.label == label:
        margin, probability = _margin(prediction.label_logits, y), float(prediction.label_probabilities[y])
        return SmallestFix(label, (Fix({}, float(margin), probability),), f"The {title} is {display} already.")
    searched, limits = 0, f" to values that the model gives at least {at_least:g}" if at_least else ""
    for size in range(1, len(schema.concepts) + 1):
        searched += comb(len(schema.concepts), size) * len(schema.values) ** size
        if searched >= MOST_STATES:
            return SmallestFix(label, (), f"Setting up to {_counted(size - 1)}{limits} cannot make the {title} "
                                          f"{display}; settings of more are too many to search.")
        fixes = [fix for concepts in combinations(schema.concepts, size)
                 for fix in _fixes(prediction, effects, concepts, y, at_least)]
        if fixes:
            ordered = tuple(sorted(fixes, key=lambda fix: -fix.margin))
            ways = "one way" if len(fixes) == 1 else f"{len(fixes)} ways"
            return SmallestFix(label, ordered, f"Setting {_counted(size)} makes the {title} {display}, in {ways}.")
    return SmallestFix(label, (), f"Setting concepts{limits} cannot make the {title} {display}.")


def _fixes(
    prediction: Prediction, effects: Effects, concepts: tuple[str, ...], y: int, at_least: float
) -> list[Fix]:
    """All that set just these concepts."""
    logits = set_all(prediction, effects, concepts)
    margins, schema = _margin(logits, y), prediction.schema
    shares = prediction.concept_probabilities[[schema.concept_index(concept) for concept in concepts]]
    winning = np.argwhere(margins > LEAST_MARGIN)  # [fix, concept]
    winning = winning[(shares[np.arange(len(concepts)), winning] >= at_least).all(axis=1)]
    for place, concept in enumerate(concepts):
        winning = winning[np.isin(winning[:, place], schema.value_places(concept))]
    places = tuple(winning.T)
    return [Fix({concept: schema.values[v] for concept, v in zip(concepts, state, strict=True)}, margin, probability)
            for state, margin, probability in zip(winning.tolist(), margins[places].tolist(),
                                                  softmax(logits[places], axis=-1)[:, y].tolist(), strict=True)]


def _margin(logits: Float[np.ndarray, "*state label"], y: int) -> Float[np.ndarray, "*state"]:
    """The lead of a label over the best other one."""
    others = logits.copy()
    others[..., y] = -np.inf
    return np.asarray(logits[..., y] - others.max(axis=-1))


def _counted(concepts: int) -> str:
    return "one concept" if concepts == 1 else f"{concepts} concepts"
