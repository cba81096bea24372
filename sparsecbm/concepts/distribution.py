"""A concept set by a person is a distribution over its values: checked, and read from and written as text."""

import re
from collections.abc import Sequence

from sparsecbm.errors import InputError
from sparsecbm.schema import ConceptSchema

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
    schema.concept_index(concept)
    parts = [part.strip() for part in setting.split(",")]
    if all(_NUMBER.fullmatch(part) for part in parts):
        return concept, check_distribution(concept, [float(part) for part in parts], schema)
    index = schema.value_index(setting)
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
    total = sum(distribution)
    if not all(0 <= share <= 1 for share in distribution) or not abs(total - 1) <= SUM_TOLERANCE:
        raise InputError(f"{concept}={shown} sums to {total:g}; probabilities must lie in 0..1 and sum to 1.")
    return tuple(share / total for share in distribution) if total != 1 else tuple(distribution)
