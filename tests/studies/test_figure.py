"""Pictures of studies show the numbers that they are given, and nothing where there is none."""

import numpy as np
import pytest

from sparsecbm.figures.dots import series_look
from sparsecbm.figures.style import NEUTRAL, OPPOSES, SUPPORTS, contrast
from sparsecbm.studies.figure import (
    Difference,
    Rated,
    calibration,
    calibration_table,
    differences,
    order_map,
    order_table,
)

LEVELS = (Rated("prediction", 5, 4, 0.75), Rated("prediction", 2, 1, 1.0), Rated("<b>overrides</b>", 3, 2, 0.5))


def test_calibration_sets_answers_right_against_the_confidence() -> None:
    line, first, second = calibration(LEVELS, 6, "Sure?", False).data
    assert (list(line.x), list(line.y)) == ([0, 6], [0, 100])
    assert (list(first.x), list(first.y)) == ([2, 5], [100, 75])  # from left to right
    assert [list(cell) for cell in first.customdata] == [[1, "1"], [4, "3"]]
    sizes = list(first.marker.size)
    assert sizes == [7 + 15 * 0.5, 22]  # the area grows with the answers, up to the most of all arms
    assert second.name == "&lt;b&gt;overrides&lt;/b&gt;"
    assert (first.marker.color, first.marker.symbol) == series_look(0, False) != series_look(1, False)
    assert calibration_table(LEVELS, 6).values.tolist() == [
        ["prediction", 5, 4, 75.0, 83.3], ["prediction", 2, 1, 100.0, 33.3], ["<b>overrides</b>", 3, 2, 50.0, 50.0]]
    assert len(calibration((), 6, "Nobody", True).data) == 1


def test_a_difference_has_a_colour_only_when_its_interval_leaves_out_zero() -> None:
    found = (Difference("a", 12.5, (1.0, 24.0)), Difference("b", -3.0, (-5.0, -1.0)), Difference("c", 4.0, (-1.0, 9.0)),
             Difference("d", 40.0, None, "no test: <i>one</i> participant"))
    figure = differences(found, "Gain", "points", False)
    spans, marks = figure.data[::2], figure.data[1::2]
    assert [mark.marker.color for mark in marks] == [SUPPORTS, OPPOSES, NEUTRAL, NEUTRAL]
    assert [mark.marker.symbol for mark in marks] == ["circle", "circle", "circle-open", "circle-open"]
    assert [mark.text[0] for mark in marks] == ["+12.5", "−3.0", "+4.0", "+40.0"]
    assert [list(span.x) for span in spans] == [[1, 24], [-5, -1], [-1, 9], [40, 40]]
    assert marks[0].hovertext[0].startswith("a: +12.5 (95 % interval +1.0 to +24.0)")
    assert "no interval" in marks[3].hovertext[0] and "&lt;i&gt;one" in marks[3].hovertext[0]
    assert figure.layout.shapes[0].x0 == 0 and list(figure.layout.yaxis.ticktext) == ["a", "b", "c", "d"]


@pytest.mark.parametrize("dark", [False, True])
def test_numbers_can_be_read_on_both_papers(dark: bool) -> None:
    figure = differences((Difference("a", 1.0, None),), "t", "points", dark)
    assert contrast(figure.data[1].textfont.color, "#171614" if dark else "#FFFFFF") > 12


def test_orders_are_shares_of_their_place() -> None:
    counts = {"food": [3, 0, 0], "noise": [1, 2, 0]}
    figure = order_map(counts, "Order").figure(False)
    shares = np.array(figure.data[0].z, dtype=float)
    assert shares[:, :2].tolist() == [[0.75, 0.0], [0.25, 1.0]] and np.isnan(shares[:, 2]).all()
    assert list(figure.data[1].text) == [
        "food came 1. in 3 of 4 cases", "food came 2. in 0 of 2 cases", "food came 3. in 0 of 0 cases",
        "noise came 1. in 1 of 4 cases", "noise came 2. in 2 of 2 cases", "noise came 3. in 0 of 0 cases"]
    assert order_table(counts).values.tolist() == [["food", 3, 0, 0], ["noise", 1, 2, 0]]
