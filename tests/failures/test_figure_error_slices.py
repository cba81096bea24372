"""Slices found, as marks with intervals, as lines of text, and as a table."""

from dataclasses import replace

import pytest

from sparsecbm.failures.error_tree import ErrorSlice, SliceSearch
from sparsecbm.failures.figure_error_slices import search_text, slice_dots, slice_line, slice_table
from sparsecbm.failures.outcomes import Rate
from sparsecbm.failures.slices import Slice
from sparsecbm.schema import CEBAB
from sparsecbm.types import LABEL_TARGET

NOISY = ErrorSlice(Slice(predicted_values=(("noise", "Negative"),), words=(40, None)), Rate(35, 80), Rate(28, 74),
                   Rate(63, 154), 0.01)
WIDE = ErrorSlice(Slice(says=("<b>x</b> " * 12,)), Rate(30, 100), Rate(25, 100), Rate(55, 200), 0.04)
SEARCH = SliceSearch(LABEL_TARGET, Rate(400, 2000), Rate(210, 1000), Rate(190, 1000), 7, (NOISY, WIDE))


def said(text: str) -> str:
    return text.replace("\u00a0", " ")


@pytest.mark.parametrize("dark", [False, True])
def test_marks_are_of_validation_and_of_discovery(dark: bool) -> None:
    figure = slice_dots(SEARCH, CEBAB, "Title", dark)
    validation, discovery = figure.data
    assert list(validation.x) == pytest.approx([37.84, 25.0], abs=0.01)
    assert list(discovery.x) == pytest.approx([43.75, 30])
    assert validation.x[0] - validation.error_x.arrayminus[0] == pytest.approx(27.65, abs=0.01)
    assert validation.x[0] + validation.error_x.array[0] == pytest.approx(49.23, abs=0.01)
    assert all([list(place) for place in marks.customdata] == [[0], [1]] for marks in figure.data)
    assert figure.layout.shapes[0].x0 == 19.0, "the line is the rate of the half that the filled marks are of"
    assert "28 of 74 wrong, 38" in validation.hovertext[0] and "35 of 80" in validation.hovertext[0]


def test_words_are_wrapped_and_never_markup() -> None:
    ticks = slice_dots(SEARCH, CEBAB, "Title", False).layout.yaxis.ticktext
    assert ticks[0] == "noise predicted Negative, at least<br>40 words"
    assert "<b>" not in ticks[1] and "&lt;b&gt;" in ticks[1]


def test_a_line_says_slice_rate_and_number() -> None:
    assert said(slice_line(NOISY, CEBAB)) == "noise predicted Negative, at least 40 words: 38 % wrong (n = 74)"


def test_the_table_has_both_halves_and_all() -> None:
    row = slice_table(SEARCH, CEBAB).iloc[0].tolist()
    assert row == ["noise predicted Negative, at least 40 words", 37.8, 27.6, 49.2, 74, 43.8, 80, 40.9, 154, 0.01]


def test_the_text_says_what_was_done_and_what_came_of_it() -> None:
    text = said(search_text(SEARCH, CEBAB))
    assert all(part in text for part in ("1,000 texts were searched", "the rating", "7 were validated", "2 were"))
    nothing = said(search_text(replace(SEARCH, slices=(), subject="food", candidates=0), CEBAB))
    assert "food" in nothing and "20 % of 2,000" in nothing
    assert search_text(replace(SEARCH, slices=(), reason="Too few."), CEBAB).endswith("Too few.")


def test_nothing_found_is_still_a_figure() -> None:
    assert list(slice_dots(replace(SEARCH, slices=()), CEBAB, "Title", False).data[0].x) == []
