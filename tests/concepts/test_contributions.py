"""The contributions hold every part of the logit and nothing else."""

from dataclasses import replace

import numpy as np
import pytest

from sparsecbm.concepts.contributions import contribution_table, label_contributions, probability_table
from tests.builders import a_prediction, an_intervention


def test_the_parts_add_up_to_the_sum_on_both_sides() -> None:
    before = a_prediction(label="3")
    changed = before.contributions.copy()
    changed[0, 2] = -2.0
    logits = before.label_bias + changed.sum(0) + before.residual
    result = an_intervention(before, replace(before, contributions=changed, label_logits=logits))
    contributions = label_contributions(result, "3")
    assert list(contributions) == ["food", "ambiance", "service", "noise", "residual", "bias", "sum"]
    for side in ("before", "after"):
        parts = [getattr(part, side) for name, part in contributions.items() if name != "sum"]
        assert sum(parts) == pytest.approx(getattr(contributions["sum"], side))
    assert [name for name, part in contributions.items() if part.changed] == ["food", "sum"]
    table = contribution_table(contributions).set_index("part")
    assert table.loc["food", "change"] == pytest.approx(-2.2)


def test_the_probabilities_are_those_of_both_sides() -> None:
    before, after = a_prediction(label="1"), a_prediction(label="5")
    table = probability_table(an_intervention(before, after))
    assert np.allclose(table["before"], 100 * before.label_probabilities, atol=0.01)
    assert np.allclose(table["after"], 100 * after.label_probabilities, atol=0.01)
