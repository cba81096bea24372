"""The confusion matrix as cells: shares of the true label, counts printed, blank where there is no review."""

import numpy as np
import pytest

from sparsecbm.failures.figure_confusion import confusion_map, confusion_table, confusion_text
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
    assert marks.text[1].replace("\u00a0", " ") == (
        "truly Bad, given Fair<br>2 of 8 reviews, 25 % (95 % interval 7 to 59 %)")
    assert marks.text[3] == "no review whose verdict is Fair"


def test_the_chosen_cell_has_a_frame_and_the_axes_say_which_is_the_truth() -> None:
    figure = confusion_map(COUNTS, TOY, "Title", ((0, 1),)).figure(True)
    assert len(figure.layout.shapes) == 1
    assert (figure.layout.yaxis.title.text, figure.layout.xaxis.title.text) == ("true verdict", "verdict given")


def test_the_table_says_how_many_are_right() -> None:
    table = confusion_table(COUNTS, TOY)
    assert table["given Good"].tolist() == [1, 0, 4] and table["reviews"].tolist() == [8, 0, 4]
    assert table["right, percent"].tolist()[::2] == [62.5, 100.0] and np.isnan(table["right, percent"][1])


@pytest.mark.parametrize(("counts", "text"), [
    (COUNTS, "The verdict is wrong in 3 of 12 reviews (25 %), 2 of them by one step. Most often Bad is taken for Fair: "
             "2 of 8."),
    (np.diag([1, 2, 3]), "The verdict is right in all 6 reviews of which it is told."),
    (np.zeros((3, 3), dtype=int), "The true verdict is told of none of these reviews."),
])
def test_in_words(counts: np.ndarray, text: str) -> None:
    assert confusion_text(counts, TOY).replace("\u00a0", " ") == text


def test_names_that_look_like_numbers_stay_names() -> None:
    assert list(confusion_map(np.eye(5, dtype=int), CEBAB, "Title").figure(False).layout.xaxis.ticktext)[0] == "1 star"
