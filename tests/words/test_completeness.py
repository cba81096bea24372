"""One limit for scores that miss too much, and what the warning says."""

from dataclasses import replace

import pytest

from sparsecbm.words.figure import AMBER_FROM, far_from_complete, gap_text, miss_text
from tests.builders import an_attribution

COMPLETE = an_attribution("Good soup", {"Good": -1.5, "soup": -0.5})


@pytest.mark.parametrize(("gap", "difference", "warned"), [
    (0.0, -2.0, False), (0.1, -2.0, False), (0.11, -2.0, True), (0.11, 2.0, True), (0.0, 0.0, False), (0.01, 0.0, True),
])
def test_the_warning_starts_above_five_percent_of_the_difference(gap: float, difference: float, warned: bool) -> None:
    assert AMBER_FROM == 0.05
    assert far_from_complete(replace(COMPLETE, difference=difference, completeness_gap=gap)) is warned


def test_the_warning_says_how_much_is_missing() -> None:
    assert miss_text(replace(COMPLETE, completeness_gap=0.5)) == "the scores miss 25\u00a0% of the difference"
    assert miss_text(replace(COMPLETE, completeness_gap=3.0)) == "the scores miss 150\u00a0% of the difference"


def test_scores_that_move_where_the_review_moves_nothing_have_no_percentage() -> None:
    assert "no difference" in miss_text(replace(COMPLETE, completeness_gap=0.5, difference=0.0))


@pytest.mark.parametrize(("gap", "difference", "text"), [
    (0.0124, -2.0, "completeness gap 0.012 of −2.00 (0.6\u00a0%)"),
    (0.00001, 2.0, "completeness gap <0.001 of +2.00 (<0.1\u00a0%)"),
    (0.0, 2.0, "completeness gap 0.000 of +2.00 (0.0\u00a0%)"),
    (0.3, 0.0, "completeness gap 0.300 of 0.00"),
])
def test_the_gap_stands_beside_its_difference_and_never_rounds_to_nothing(
    gap: float, difference: float, text: str
) -> None:
    assert gap_text(replace(COMPLETE, difference=difference, completeness_gap=gap)) == text
