"""Misread concepts as cells: by true value, and two together."""

import numpy as np
import pytest

from sparsecbm.failures.error_analysis import ConceptErrors
from sparsecbm.failures.figure_confusion import (
    errors_by_value,
    errors_text,
    errors_together,
    expected_together,
    together_table,
    value_table,
)
from sparsecbm.schema import SENTIMENT, ConceptSchema
from tests.helpers import TOY

#: Soup is labelled in 20 rows and misread in 8, room in 10 and 5; both are labelled in 10 and misread in 3.
ERRORS = ConceptErrors(labelled=np.array([[10, 4, 6], [5, 5, 0]]), wrong=np.array([[5, 1, 2], [5, 0, 0]]),
                       together=np.array([[8, 3], [3, 5]]), both_labelled=np.array([[20, 10], [10, 10]]))


def test_by_value_the_share_of_the_labelled_is_misread() -> None:
    heat, marks, text = errors_by_value(ERRORS, TOY, "Title", ((0, 2),)).figure(False).data
    assert list(heat.z[0]) == pytest.approx([0.5, 0.25, 1 / 3])
    assert list(heat.z[1][:2]) == [1, 0] and np.isnan(heat.z[1][2])
    assert [one.replace("\u00a0", " ") for one in text.text] == ["50 % of 10", "25 % of 4", "33 % of 6", "100 % of 5",
                                                               "0 % of 5", ""]
    assert [list(place) for place in marks.customdata][2] == [0, 2]
    assert marks.text[5].startswith("no text")
    assert marks.text[0].replace("\u00a0", " ") == (
        "soup truly Negative is misread in 5 of 10 texts<br>50 % (95 % interval 24 to 76 %)")


def test_together_is_a_share_of_the_rows_concept_and_says_what_independent_errors_would_do() -> None:
    """Independent errors: 8 of 20 times 5 of 10, in 10 rows where both are labelled, is 2."""
    heat, marks, text = errors_together(ERRORS, TOY, "Title").figure(True).data
    assert [list(row) for row in heat.z] == [[1, 0.375], [0.6, 1]] and list(text.text) == ["8", "3", "3", "5"]
    assert expected_together(ERRORS)[0, 1] == pytest.approx(2.0)
    assert all(part in marks.text[1] for part in ("soup and room", "3 of the 10", "2.0"))
    assert marks.text[3].startswith("room is misread in 5 of 10 texts")


def test_without_a_misread_concept_cells_stay_blank() -> None:
    nothing = ConceptErrors(*(np.zeros((2, 3), dtype=int),) * 2, *(np.zeros((2, 2), dtype=int),) * 2)
    assert np.isnan(errors_together(nothing, TOY, "Title").numbers).all()
    assert np.isnan(errors_by_value(nothing, TOY, "Title").numbers).all()


def test_the_same_in_numbers_and_words() -> None:
    values = value_table(ERRORS, TOY).set_index(["concept", "true value"])
    assert values.loc[("soup", "unknown"), ["misread", "texts", "percent"]].tolist() == [1, 4, 25.0]
    assert np.isnan(values.loc[("room", "Positive"), "percent"])
    assert together_table(ERRORS, TOY).to_numpy().tolist() == [["soup", "room", 3, 2.0, 10]]
    assert errors_text(ERRORS, TOY) == "soup 8 of 20; room 5 of 10"


def test_one_concept_has_no_pair() -> None:
    one = ConceptSchema("one", ("food",), SENTIMENT, ("0", "1"), "label", ("0", "1"), ("",))
    errors = ConceptErrors(ERRORS.labelled[:1], ERRORS.wrong[:1], ERRORS.together[:1, :1], ERRORS.both_labelled[:1, :1])
    assert together_table(errors, one).empty and errors_together(errors, one, "Title").numbers.shape == (1, 1)


def test_names_are_text_and_never_markup() -> None:
    hostile = ConceptSchema("h", ("<b>soup</b>", "room"), SENTIMENT, ("0", "1"), "label", ("0", "1"), ("", ""))
    for cells in (errors_by_value(ERRORS, hostile, "Title"), errors_together(ERRORS, hostile, "Title")):
        figure = cells.figure(False)
        assert "<b>" not in "".join(figure.data[1].text) + "".join(figure.layout.yaxis.ticktext)
