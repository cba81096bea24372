"""The address of the Evaluation page: a round trip, and what cannot be used of it."""

import pytest

from sparsecbm.evaluation.panel_address import STATE, Known, Looking
from sparsecbm.schema import CEBAB

WHOLE = Looking("rewriting", "noise", "Negative-to-Positive", "near", 7, "other-run", "folder-dev", "cebab/dev")


@pytest.mark.parametrize("looking", [Looking(), WHOLE])
def test_the_address_restores_what_is_looked_at(looking: Looking) -> None:
    parts = STATE.to_address(looking)
    known = Known(CEBAB, ["other-run"], ["samples", "folder-dev"], ["cebab/dev"])
    assert STATE.from_address(parts, known) == (looking, ())
    assert bool(parts) == (looking != Looking())


def test_what_means_nothing_is_told_and_the_rest_is_kept() -> None:
    parts = {"section": ["records"], "concept": ["soup"], "pair": ["0"], "against": ["gone"]}
    found, problems = STATE.from_address(parts, Known(CEBAB, [], [], []))
    assert found == Looking(section="records")
    for said in ("concept=soup", "pair=0", "against=gone"):
        assert any(said in problem for problem in problems), said
