"""What stands in the lines of the concept panel of Interventions, and what it advises: words and numbers by hand."""

import numpy as np
import pytest

from sparsecbm.concepts.compute_effects import SingleEffect
from sparsecbm.concepts.compute_policies import Suggestion
from sparsecbm.concepts.compute_smallest_fix import Fix
from sparsecbm.concepts.panel_advice import fix_text, next_html
from sparsecbm.concepts.panel_ledger import change_notes, range_note
from tests.helpers import TOY


def effect(part: str, alone: list[float], without: list[float]) -> SingleEffect:
    return SingleEffect(part, np.ones(3), np.array(alone), np.array(without))


def test_a_single_change_says_what_it_did_alone_and_what_the_others_do_without_it() -> None:
    one, other = effect("soup", [0.1, 0.7, 0.2], [0.9, 0.1, 0.0]), effect("residual", [0.2, 0.3, 0.5], [0.0, 0.4, 0.6])
    assert change_notes([one], TOY) == {"soup": "alone: Fair (70\u00a0%)"}
    assert change_notes([one, other], TOY) == {
        "soup": "alone: Fair (70\u00a0%); without it: Bad (90\u00a0%)",
        "residual": "alone: Good (50\u00a0%); without it: Good (60\u00a0%)"}
    assert change_notes([], TOY) == {}


def test_the_range_is_that_of_the_concept_and_label() -> None:
    effects = np.zeros((2, 3, 3))
    effects[1, :, 2] = [-0.5, 0.25, 2.0]
    assert range_note("room", "good", effects, TOY) == "can be anything from −0.50 to +2.00"
    assert range_note("room", "bad", effects, TOY) == "can be anything from 0.00 to 0.00"


@pytest.mark.parametrize(("sets", "said"), [
    ({}, "soup to Negative and room to unknown; then Bad 41\u00a0%"),
    ({"room": (0.0, 0.0, 1.0)}, "soup to Negative and room to unknown (you set Positive); then Bad 41\u00a0%"),
    ({"soup": (0.5, 0.25, 0.25)},
     "soup to Negative (you set Negative 0.5, unknown 0.25, Positive 0.25) and room to unknown; then Bad 41\u00a0%"),
])
def test_a_fix_says_which_settings_of_a_person_it_changes(sets: dict[str, tuple[float, ...]], said: str) -> None:
    assert fix_text(Fix({"soup": "Negative", "room": "unknown"}, 0.3, 0.41), "bad", TOY, sets) == said


def test_the_next_concept_comes_with_its_reason_and_the_others_in_order() -> None:
    found = [Suggestion("soup", 1.0, "It is <unsure>."), Suggestion("room", 0.5, "Less so.")]
    assert next_html(found) == "<b>Check soup next.</b> It is &lt;unsure&gt;. Then room."
    assert next_html(found[:1]) == "<b>Check soup next.</b> It is &lt;unsure&gt;."
    assert "Every concept is set" in next_html([])
