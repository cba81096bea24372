"""Slices found, as marks with intervals, as lines of text, and as a table."""

from dataclasses import replace

import pytest

from sparsecbm.failures.error_tree import ErrorSlice, SliceSearch
from sparsecbm.failures.figure_error_slices import search_text, slice_dots, slice_line, slice_table
from sparsecbm.failures.outcomes import Rate
from sparsecbm.failures.slices import Slice
from sparsecbm.schema import CEBAB
from sparsecbm.types import LABEL_TARGET

NOISY = ErrorSlice(Slice(predicted_values=(("noise", "Negative"),), words=(40, None)), Rate(35, 80), Rate(28, 74), Rate(63, 154),
                   0.01)
WIDE = ErrorSlice(Slice(says=("<b>x</b> " * 12,)), Rate(30, 100), Rate(25, 100), Rate(55, 200), 0.04)
SEARCH = SliceSearch(LABEL_TARGET, Rate(400, 2000), Rate(210, 1000), Rate(190, 1000), 7, (NOISY, WIDE))


def said(text: str) -> str:
    return text.replace("\u00a0", " ")


@pytest.mark.parametrize("dark", [False, True])
def test_marks_are_of_the_checked_half_and_of_the_searched_one(dark: bool) -> None:
    figure = slice_dots(SEARCH, CEBAB, "Title", dark)
    checked, found = figure.data
    assert list(checked.x) == pytest.approx([37.84, 25.0], abs=0.01) and list(found.x) == pytest.approx([43.75, 30])
    assert checked.x[0] - checked.error_x.arrayminus[0] == pytest.approx(27.65, abs=0.01)
    assert checked.x[0] + checked.error_x.array[0] == pytest.approx(49.23, abs=0.01)
    assert [list(place) for place in checked.customdata] == [[0], [1]] == [list(place) for place in found.customdata]
    assert figure.layout.shapes[0].x0 == 19.0, "the line is the rate of the half that the filled marks are of"
    assert "28 of 74 wrong, 38" in checked.hovertext[0] and "35 of 80" in checked.hovertext[0]


def test_words_are_wrapped_and_never_markup() -> None:
    ticks = slice_dots(SEARCH, CEBAB, "Title", False).layout.yaxis.ticktext
    assert ticks[0] == "noise read as Negative, at least<br>40 words"
    assert "<b>" not in ticks[1] and "&lt;b&gt;" in ticks[1]


def test_a_line_says_slice_rate_and_number() -> None:
    assert said(slice_line(NOISY, CEBAB)) == "noise read as Negative, at least 40 words: 38 % wrong (n = 74)"


def test_the_table_has_both_halves_and_all() -> None:
    row = slice_table(SEARCH, CEBAB).iloc[0].tolist()
    assert row == ["noise read as Negative, at least 40 words", 37.8, 27.6, 49.2, 74, 43.8, 80, 40.9, 154, 0.01]


def test_the_text_says_what_was_done_and_what_came_of_it() -> None:
    text = said(search_text(SEARCH, CEBAB))
    assert text.startswith("The 1,000 reviews of one half were searched for slices in which the rating is wrong more "
                           "often than in the rest, and 7 were checked on the 1,000 others. 2 held there.")
    nothing = said(search_text(replace(SEARCH, slices=(), subject="food", candidates=0), CEBAB))
    assert "none had to be checked" in nothing
    assert nothing.endswith("nothing says that errors of food (wrong in 20 % of 2,000) gather anywhere in particular.")
    assert search_text(replace(SEARCH, slices=(), reason="Too few."), CEBAB) == "No slices were looked for. Too few."


def test_nothing_found_is_still_a_figure() -> None:
    assert list(slice_dots(replace(SEARCH, slices=()), CEBAB, "Title", False).data[0].x) == []
