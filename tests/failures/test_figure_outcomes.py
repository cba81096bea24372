"""Outcome bars: counts, percent, intervals, and what a pressed bar says."""

import numpy as np
import pytest

from sparsecbm.failures.figure_outcomes import LOOKS, outcome_bars, outcome_rates, outcome_table, outcome_text
from sparsecbm.failures.outcomes import OUTCOMES, Outcome
from sparsecbm.figures.style import DARK_PAPER, PAPER
from sparsecbm.schema import CEBAB
from tests.failures.toys import the_nine
from tests.helpers import TOY

#: 30 right, 10 with a wrong label, none with a wrong concept, 60 with both.
SOME = np.repeat([OUTCOMES.index(one) for one in (Outcome.RIGHT, Outcome.LABEL_WRONG, Outcome.BOTH_WRONG)],
                 [30, 10, 60])


def test_main_outcomes_are_there_even_without_a_row_and_partial_ones_only_with_one() -> None:
    assert {outcome: rate.hits for outcome, rate in outcome_rates(SOME).items()} == {
        Outcome.RIGHT: 30, Outcome.LABEL_WRONG: 10, Outcome.CONCEPT_WRONG: 0, Outcome.BOTH_WRONG: 60}
    nine = outcome_rates(the_nine().outcomes)
    assert tuple(nine) == OUTCOMES and sum(rate.hits for rate in nine.values()) == 9
    assert {rate.n for rate in nine.values()} == {9}


@pytest.mark.parametrize("dark", [False, True])
def test_bars_are_percents_with_intervals_and_know_their_outcome(dark: bool) -> None:
    bars, text = outcome_bars(outcome_rates(SOME), CEBAB, "Title", dark, (Outcome.BOTH_WRONG,)).data
    assert list(bars.x) == [30, 10, 0, 60] and [*map(list, bars.customdata)] == [
        ["right"], ["label-wrong"], ["concept-wrong"], ["both-wrong"]]
    assert bars.error_x.arrayminus[0] == pytest.approx(30 - 21.89, abs=0.01)  # Wilson's: 21.89 to 39.58
    assert bars.error_x.array[0] == pytest.approx(39.58 - 30, abs=0.01)
    assert list(bars.marker.line.width) == [0, 0, 0, 4]
    assert [one.replace("\u00a0", " ").strip() for one in text.text] == [
        "30 · 30 %", "10 · 10 %", "0 · 0 %", "60 · 60 %"]
    assert bars.error_x.color != (DARK_PAPER if dark else PAPER)
    assert "rating wrong, concepts right: 10 of 100 reviews" in bars.hovertext[1]


def test_no_two_outcomes_look_alike() -> None:
    assert len(set(LOOKS.values())) == len(OUTCOMES) == len(LOOKS)


def test_the_same_in_numbers_and_words() -> None:
    table = outcome_table(outcome_rates(SOME), TOY)
    assert table["texts"].tolist() == [30, 10, 0, 60] and table["95 % from"].tolist()[0] == 21.9
    assert outcome_text(outcome_rates(SOME), TOY) == (
        "right 30 of 100; verdict wrong, concepts right 10 of 100; concept wrong, verdict right 0 of 100; both wrong "
        "60 of 100")
