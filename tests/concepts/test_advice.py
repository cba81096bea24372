"""What a single change and a smallest fix are said to do: words and numbers by hand."""

import numpy as np
import pytest

from sparsecbm.concepts.compute_smallest_fix import Fix
from sparsecbm.concepts.contributions import SingleEffect
from sparsecbm.concepts.panel import change_notes
from sparsecbm.concepts.panel_advice import fix_text
from tests.helpers import TOY


def effect(part: str, alone: list[float], without: list[float]) -> SingleEffect:
    return SingleEffect(part, np.ones(3), np.array(alone), np.array(without))


def test_a_single_change_says_what_it_did_alone_and_what_the_others_do_without_it() -> None:
    one, other = effect("soup", [0.1, 0.7, 0.2], [0.9, 0.1, 0.0]), effect("residual", [0.2, 0.3, 0.5], [0.0, 0.4, 0.6])
    assert change_notes((one,), TOY) == {"soup": "alone: Fair (70\u00a0%)"}
    assert change_notes((one, other), TOY) == {
        "soup": "alone: Fair (70\u00a0%); without it: Bad (90\u00a0%)",
        "residual": "alone: Good (50\u00a0%); without it: Good (60\u00a0%)"}
    assert change_notes((), TOY) == {}


@pytest.mark.parametrize(("sets", "said"), [
    ({}, "soup to Negative and room to unknown; then Bad 41\u00a0%"),
    ({"room": (0.0, 0.0, 1.0)}, "soup to Negative and room to unknown (you set Positive); then Bad 41\u00a0%"),
    ({"soup": (0.5, 0.25, 0.25)},
     "soup to Negative (you set Negative 50\u00a0%, unknown 25\u00a0%, Positive 25\u00a0%) and room to unknown; "
     "then Bad 41\u00a0%"),
])
def test_a_fix_says_which_settings_of_a_person_it_changes(sets: dict[str, tuple[float, ...]], said: str) -> None:
    assert fix_text(Fix({"soup": "Negative", "room": "unknown"}, 0.3, 0.41), "bad", TOY, sets) == said
