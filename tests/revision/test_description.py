"""The automatic description of each kind of edit."""

from dataclasses import replace

import numpy as np
import pytest

from sparsecbm.revision.edit import MaskChange, Override, Revision
from sparsecbm.revision.history import describe
from sparsecbm.schema import CEBAB
from tests.builders import a_prediction
from tests.revision.toys import always, set_to


def a_revision(dropped: int, grown: int, portion: float) -> Revision:
    """So many weights of one matrix."""
    positions = [{"w": np.arange(count, dtype=np.int32)} for count in (dropped, grown)]
    return Revision("service", "Negative", portion, 3, MaskChange("service", *positions))


def test_an_override_says_what_was() -> None:
    before = a_prediction()
    probabilities = before.concept_probabilities.copy()
    probabilities[2] = (0.09, 0.1, 0.81)
    before = replace(before, concept_probabilities=probabilities)
    negative = set_to("service", "Negative", CEBAB)
    assert describe(negative, CEBAB, before) == "service set to Negative (was Positive 81\u00a0%)"
    assert describe(negative, CEBAB) == "service set to Negative"
    mixed = describe(Override("food", (0.2, 0.3, 0.5)), CEBAB)
    assert mixed == "food set to Negative 20\u00a0%, unknown 30\u00a0%, Positive 50\u00a0%"
    assert describe(Override("food", None), CEBAB, before) == "food reset to the prediction"


@pytest.mark.parametrize(("revision", "active", "said"), [
    (a_revision(312, 312, 312 / 80_000), 80_000, "312 weights exchanged (0.4 % of 80,000)"),
    (a_revision(312, 312, 312 / 80_000), None, "312 weights exchanged (0.4 % of its weights)"),
    (a_revision(2000, 2000, 0.1), 20_000, "2,000 weights exchanged (10.0 % of 20,000)"),
    (a_revision(3, 3, 3 / 80_000), 80_000, "3 weights exchanged (less than 0.1 % of 80,000)"),
    (a_revision(4, 2, 0.1), 40, "4 weights dropped, 2 grown (10.0 % of 40)"),
])
def test_a_revision_says_how_many_weights(revision: Revision, active: int | None, said: str) -> None:
    assert describe(revision, CEBAB, active=active) == f"service revised towards Negative: {said}"


def test_a_rule_says_itself() -> None:
    assert describe(always("food", "Positive"), CEBAB) == "always set food to Positive"
