"""The confusion matrix as cells: shares of the true label, counts printed, blank where there is no review."""

import numpy as np

from sparsecbm.failures.figure_confusion import common_error, confusion_map, confusion_table, confusion_text
from sparsecbm.schema import CEBAB
from tests.helpers import TOY

#: 8 bad, of which 2 are taken for fair and 1 for good; nothing fair; 4 good, all right.
COUNTS = np.array([[5, 2, 1], [0, 0, 0], [0, 0, 4]])


def test_cells_are_shares_of_the_true_label_with_their_counts() -> None:
    heat, marks, text = confusion_map(COUNTS, TOY, "Title", ((0, 1),)).figure(False).data
    assert list(heat.z[0]) == [0.625, 0.25, 0.125] and list(heat.z[2]) == [0, 0, 1]
    assert np.isnan(np.array(heat.z[1])).all(), "no share of nothing"
    assert list(text.text) == ["5", "2", "1", "0", "0", "0", "0", "0", "4"]
    assert list(marks.customdata[1]) == [0, 1]
    hover = marks.text[1].replace("\u00a0", " ")
    assert all(part in hover for part in ("Bad", "Fair", "2 of 8 reviews", "25 %", "7 to 59 %"))
    assert marks.text[3].startswith("no review")


def test_the_chosen_cell_has_a_frame_and_the_axes_say_which_is_the_truth() -> None:
    figure = confusion_map(COUNTS, TOY, "Title", ((0, 1),)).figure(True)
    assert len(figure.layout.shapes) == 1
    assert figure.layout.yaxis.title.text.startswith("true") and "predicted" in figure.layout.xaxis.title.text


def test_the_table_says_how_many_are_right() -> None:
    table = confusion_table(COUNTS, TOY)
    assert table["predicted Good"].tolist() == [1, 0, 4] and table["texts"].tolist() == [8, 0, 4]
    assert table["right, percent"].tolist()[::2] == [62.5, 100.0] and np.isnan(table["right, percent"][1])


def test_in_words() -> None:
    """How many are wrong, by how much, and the worst pair, in numbers."""
    text = confusion_text(COUNTS, TOY)
    assert all(part in text for part in ("3 of 12", "Bad predicted as Fair, 2 of 8", "3 errors, 2 are"))
    right, nothing = np.diag([1, 2, 3]), np.zeros((3, 3), dtype=int)
    assert "all 6" in confusion_text(right, TOY) and common_error(right, TOY) == "" == common_error(nothing, TOY)
    assert "None" in confusion_text(nothing, TOY)


def test_names_that_look_like_numbers_stay_names() -> None:
    assert list(confusion_map(np.eye(5, dtype=int), CEBAB, "Title").figure(False).layout.xaxis.ticktext)[0] == "1 star"
