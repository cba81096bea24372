"""A rule: whenever some conditions hold of a review, some concepts are set."""

import hashlib
import json
from dataclasses import asdict, dataclass

import numpy as np

from sparsecbm.errors import InputError
from sparsecbm.revision.conditions import Condition, Held, Readings
from sparsecbm.revision.edit import Override, Revision
from sparsecbm.schema import ConceptSchema


@dataclass(frozen=True)
class Rule:
    """Where all `conditions` hold, the `overrides` do; without conditions that is everywhere.

    InputError when nothing is set, or a concept twice, or one is given back to the model.
    """

    conditions: tuple[Condition, ...]
    overrides: tuple[Override, ...]

    def __post_init__(self) -> None:
        named = [one.concept for one in self.overrides]
        if not named or len(set(named)) < len(named) or any(one.distribution is None for one in self.overrides):
            raise InputError(f"A rule came that sets {', '.join(named) or 'nothing'}; allowed: at least one concept, "
                             "each once and to a value or distribution. Say what the rule sets.")

    def matches(self, readings: Readings) -> Held:
        """The rows where every condition holds."""
        held = np.ones(len(readings.texts), dtype=bool)
        for condition in self.conditions:
            held &= condition.holds(readings)
        return held

    def in_words(self, schema: ConceptSchema) -> str:
        """Such as: whenever service is unknown and the text says “waited”, set service to Negative."""
        done = " and ".join(f"{one.concept} to {setting_in_words(one, schema)}" for one in self.overrides)
        if not self.conditions:
            return f"always set {done}"
        return f"whenever {' and '.join(one.in_words(schema) for one in self.conditions)}, set {done}"


Lasting = Revision | Rule
"""Edits that change how every review is read; an override is of one review."""


def edit_key(edit: Lasting) -> str:
    """A hash of the edit's content: the same for equal edits and no others, in any process."""
    values = [edit.concept, edit.value, edit.change.digest] if isinstance(edit, Revision) else asdict(edit)
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


def setting_in_words(override: Override, schema: ConceptSchema) -> str:
    """The value that a concept is set to, or the probability of each: Negative 0.2, unknown 0.3, Positive 0.5."""
    shares = override.distribution or ()
    if 1.0 in shares:
        return schema.values[shares.index(1.0)]
    return ", ".join(f"{value} {share:.2g}" for value, share in zip(schema.values, shares, strict=True))
