"""No cell is run as a formula, and every text comes back."""

import unicodedata

from hypothesis import example, given
from hypothesis import strategies as some

from sparsecbm.spreadsheet import MARK, protected, unprotected
from sparsecbm.validation import is_blank


@given(some.text(some.one_of(some.characters(), some.sampled_from("=+-@'\t\n\r \u2060\u00a0＝")), max_size=6))
@example(MARK)
@example(MARK + "=1")
def test_a_cell_begins_with_nothing_that_runs_and_gives_the_text_back(text: str) -> None:
    cell = protected(text)
    first = next((c for c in cell if not is_blank(c)), "")
    assert unicodedata.normalize("NFKC", first)[:1] not in {*"=+-@"} and cell[:1] not in {*"\t\r\n"}
    assert unprotected(cell) == text
    assert cell == text or cell == MARK + text
