"""What each concept, the residual and the bias contribute to the label's logits, before and after a change."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float
from scipy.special import softmax

from sparsecbm.errors import InputError
from sparsecbm.schema import ConceptSchema
from sparsecbm.types import InterventionResult, Prediction

#: Names among the contributions that are no concept's.
RESIDUAL, BIAS, SUM = "residual", "bias", "sum"


@dataclass(frozen=True)
class Contribution:
    """What one concept, the residual or the bias adds to a label's logit."""

    before: float
    after: float

    @property
    def changed(self) -> bool:
        """True when a person's changes reach it."""
        return abs(self.after - self.before) > 1e-9


def logit_terms(prediction: Prediction) -> dict[str, Float[np.ndarray, " label"]]:
    """What adds up to the label logits: every concept in its order, then `residual` and `bias`."""
    concepts = dict(zip(prediction.schema.concepts, prediction.contributions, strict=True))
    return {**concepts, RESIDUAL: prediction.residual, BIAS: prediction.label_bias}


def label_contributions(result: InterventionResult, label: str) -> dict[str, Contribution]:
    """The terms of one label's logit, and their `sum`, which is that logit.

    >>> label_contributions(explainer.override(prediction, {"food": (0, 0, 1)}), "5")["food"].after  # doctest: +SKIP
    1.42
    """
    y = result.before.schema.label_index(label)
    before, after = ({**logit_terms(side), SUM: side.label_logits} for side in (result.before, result.after))
    return {name: Contribution(float(before[name][y]), float(after[name][y])) for name in before}


def contribution_table(contributions: dict[str, Contribution]) -> pd.DataFrame:
    """The contributions in logits, with the change."""
    parts = contributions.values()
    return pd.DataFrame({
        "part": list(contributions),
        "before": [round(part.before, 4) for part in parts],
        "after": [round(part.after, 4) for part in parts],
        "change": [round(part.after - part.before, 4) for part in parts],
    })


def probability_table(result: InterventionResult) -> pd.DataFrame:
    """Every label's probability in percent."""
    schema = result.before.schema
    return pd.DataFrame({
        schema.label_title: schema.label_display,
        "before": (100 * result.before.label_probabilities.astype(float)).round(2),
        "after": (100 * result.after.label_probabilities.astype(float)).round(2),
    })


@dataclass(frozen=True, eq=False)
class SingleEffect:
    """One term of the label logits that changed: a concept, or the residual.

    `change` is what it did to each label logit. That is exact and does not depend on the order, because the logits are
    a sum: all changes add up to the whole difference. Probabilities do not add up, so there are two of each: with this
    change `alone`, and with all the others `without` it.
    """

    part: str
    change: Float[np.ndarray, " label"]
    alone: Float[np.ndarray, " label"]
    without: Float[np.ndarray, " label"]


def single_effects(before: Prediction, after: Prediction) -> tuple[SingleEffect, ...]:
    """One effect for each term that differs between two predictions of one document, concepts in their order.

    It does not matter whether an override or a revised mask made the difference. Terms that are the same are left out.
    """
    old, new = logit_terms(before), logit_terms(after)
    changes = {name: new[name].astype(np.float64) - old[name] for name in old}
    return tuple(SingleEffect(part, change, softmax(before.label_logits + change), softmax(after.label_logits - change))
                 for part, change in changes.items() if change.any())


Distribution = tuple[float, ...]

#: How far a distribution's sum may be from 1; within it the distribution is scaled, beyond it refused.
SUM_TOLERANCE = 1e-3
_NUMBER = re.compile(r"\d*\.?\d+(?:e[+-]?\d+)?", re.IGNORECASE)


def parse_override(text: str, schema: ConceptSchema) -> tuple[str, Distribution]:
    """Read `food=Positive` or `food=0.2,0.3,0.5` (one probability per value, in the schema's order).

    >>> from sparsecbm.schema import CEBAB
    >>> parse_override("food=Positive", CEBAB)
    ('food', (0.0, 0.0, 1.0))
    """
    concept, separator, setting = text.partition("=")
    if not separator:
        raise InputError(f"Override {text!r} is not of the form concept=value or concept=p,p,..; "
                         f"e.g. {schema.concepts[0]}={schema.values[-1]}.")
    parts = [part.strip() for part in setting.split(",")]
    if setting not in schema.values_of(concept) and all(_NUMBER.fullmatch(part) for part in parts):
        return concept, check_distribution(concept, [float(part) for part in parts], schema)
    index = schema.value_index(setting, concept)
    return concept, tuple(float(value == index) for value in range(len(schema.values)))


def format_override(concept: str, distribution: Sequence[float], schema: ConceptSchema) -> str:
    """The shortest text that `parse_override` reads back."""
    return f"{concept}={format_setting(distribution, schema)}"


def format_setting(distribution: Sequence[float], schema: ConceptSchema) -> str:
    """The part after the equals sign: the name of a certain value, or one probability per value."""
    if max(distribution) == 1.0:
        return schema.values[list(distribution).index(1.0)]
    return ",".join(f"{share:.4g}" for share in distribution)


def check_distribution(concept: str, distribution: Sequence[float], schema: ConceptSchema) -> Distribution:
    """The distribution, scaled to sum to 1 exactly; InputError when it is none."""
    schema.concept_index(concept)
    shown = ",".join(f"{share:g}" for share in distribution)
    if len(distribution) != len(schema.values):
        raise InputError(f"{concept}={shown} has {len(distribution)} probabilities; give {len(schema.values)}, for "
                         f"{', '.join(schema.values)}.")
    foreign = [value for value, share in zip(schema.values, distribution, strict=True)
               if share and value not in schema.values_of(concept)]
    if foreign:
        schema.value_index(foreign[0], concept)  # says what is allowed
    total = sum(distribution)
    if not all(0 <= share <= 1 for share in distribution) or not abs(total - 1) <= SUM_TOLERANCE:
        raise InputError(f"{concept}={shown} sums to {total:g}; probabilities must lie in 0..1 and sum to 1.")
    return tuple(share / total for share in distribution) if total != 1 else tuple(distribution)
