"""Whether weights recur, drawn: on masks whose counts one can add up on paper."""

import numpy as np
import pytest

from sparsecbm.figures.stacked import StackedBars
from sparsecbm.subnetworks.figure_comparison import (
    cross_map,
    cross_table,
    fates,
    layer_map,
    layer_table,
    recurrence_bars,
    recurrence_table,
)
from tests.subnetworks.masks import PRUNED, TWO, comparison_of

SAME, OTHER, NOWHERE = fates(TWO).values()


def shares(bars: StackedBars) -> dict[str, list[float]]:
    """Every part and mark by its name, in percent."""
    parts = zip([look.name for look in bars.looks], bars.shares.T, strict=True)
    return {name: (100 * each).tolist() for name, each in [*parts, *((mark.name, mark.shares) for mark in bars.marks)]}


def test_bars_add_up_and_marks_say_what_else_could_be() -> None:
    """Of the whole subnetworks, and of each concept's own two weights, where chance has no mark."""
    whole, own = (recurrence_bars(TWO, part, "Title", False) for part in ("whole", "own"))
    assert shares(whole) == {SAME: [50, 50], OTHER: [50, 0], NOWHERE: [0, 50],
                             "another concept there, on average": [75, 25], "by chance": [37.5, 50]}
    assert shares(own) == {SAME: [50, 0], OTHER: [50, 0], NOWHERE: [0, 100],
                           "another concept there, on average": [50, 0]}
    assert "4 weights" in whole.hover[1] and f"{SAME}: 50.0 %" in whole.hover[1]


def test_what_is_pruned_stays_or_goes_and_has_no_marks() -> None:
    assert shares(recurrence_bars(PRUNED, "whole", "Title", True)) == {
        "stays": [75, 75], "stays for other concepts only": [0, 0], "goes": [25, 25]}
    assert shares(recurrence_bars(PRUNED, "own", "Title", True))["stays"] == [50, 50]


def test_the_tables_name_who_keeps_most() -> None:
    whole, own = (recurrence_table(TWO, part) for part in ("whole", "own"))
    assert whole["weights"].tolist() == [4, 4] and own["weights"].tolist() == [2, 2]
    assert whole[f"{SAME}, percent"].tolist() == [50, 50] and own[f"{SAME}, percent"].tolist() == [50, 0]
    assert whole["most for"].tolist() == ["room", "food"] and whole["percent"].tolist() == [75, 25]
    alone = comparison_of({"0": ["1100"]}, {"0": ["1010"]}, ("food",), 1)
    assert recurrence_table(alone, "whole")["most for"].isna().all()


def test_the_matrix_frames_the_same_concept() -> None:
    jaccard = cross_map(TWO, "whole", "Title").figure(False)
    assert np.array(jaccard.data[0].z).tolist() == [[2 / 5, 3 / 5], [1 / 6, 2 / 6]]
    assert jaccard.data[1].text[1].startswith("food here, room there<br>Jaccard 0.600, by chance 0.333, z ")
    assert sorted((round(s.x0 + 0.48), round(s.y0 + 0.48)) for s in jaccard.layout.shapes) == [(0, 0), (1, 1)]
    own = cross_map(TWO, "own", "Title").figure(False)
    assert np.array(own.data[0].z).tolist() == [[0.5, 0.5], [0, 0]]
    assert own.data[1].text[0] == "food there keeps 50.0 % of the 2 weights<br>that are food here alone"
    assert cross_table(TWO, "own").to_numpy().tolist() == [["food", 0.5, 0.5], ["room", 0, 0]]


def test_a_concept_without_a_part_of_its_own_stays_blank() -> None:
    nested = comparison_of({"0": ["1100", "1110"]}, {"0": ["1100", "0011"]})
    figure = cross_map(nested, "own", "Title").figure(False)
    assert np.isnan(figure.data[0].z[0]).all() and figure.data[2].text == ("", "", "0.00", "1.00")


def test_layers_have_their_chance_level() -> None:
    """Food is the same in layer 1 and another in layer 0."""
    layers = comparison_of({"0": ["1100", "0011"], "1": ["1100", "0110"]},
                           {"0": ["0011", "0011"], "1": ["1100", "1100"]})
    figure = layer_map(layers, "Title").figure(False)
    assert np.array(figure.data[0].z).tolist() == [[0, 1], [1, 1 / 3]]
    assert figure.data[1].text[0].startswith("layer 0, food<br>Jaccard 0.000, by chance 0.333, z −")
    table = layer_table(layers)
    assert table["food"].tolist() == [0, 1] and table["room by chance"].tolist() == [pytest.approx(1 / 3, abs=1e-4)] * 2


def test_names_are_no_markup() -> None:
    hostile = comparison_of({"0": ["1100", "0110"]}, {"0": ["1010", "0110"]}, ("<b>food", "50 % $x$"))
    for drawn in (recurrence_bars(hostile, "own", "<i>Title", False), cross_map(hostile, "whole", "Title"),
                  layer_map(hostile, "Title")):
        figure = drawn.figure(False)
        assert "<b>food" not in figure.to_json() and "<i>Title" not in figure.to_json()
