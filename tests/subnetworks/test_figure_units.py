"""Where a concept is alone, on masks made by hand."""

import numpy as np
import pytest

from sparsecbm.figures.style import DARK_PAPER, PAPER, SHARED, sequential
from sparsecbm.subnetworks.figure_units import exclusive_table, head_map, neuron_map, percent_colours, unit_table
from sparsecbm.subnetworks.overlap import ExclusiveUnit
from tests.subnetworks.masks import counts_of

#: Unit 0: food keeps two alone, both share one; unit 1: only room keeps anything; unit 2: nobody.
UNITS = counts_of({"0": ["1110", "0010"], "1": ["0000", "0110"], "2": ["0000", "0000"]}, ("food", "room"), 2)


def test_a_cell_is_the_share_of_a_heads_used_weights_that_is_a_concepts_own() -> None:
    assert head_map(UNITS, "Title").numbers == pytest.approx(np.array([[2 / 3, 0, 0], [0, 1, 0]]))
    assert head_map(UNITS, "Title").hover[0][0] == "head 0, food<br>2 of 3 used weights are its own (66.7 %)"


def test_neurons_come_as_exact_counts_with_a_colour_for_every_percent() -> None:
    drawn = neuron_map(UNITS)
    assert drawn["own"].tolist() == [[2, 0, 0], [0, 2, 0]] and drawn["used"].tolist() == [3, 2, 0]
    assert drawn["concepts"] == ["food", "room"]
    assert [percent_colours(False)[percent] for percent in (0, 50, 100)] == [PAPER, sequential(0.5), SHARED]
    assert percent_colours(True)[0] == DARK_PAPER


def test_a_name_is_no_markup_in_a_hover() -> None:
    hostile = counts_of({"0": ["1110", "0010"]}, ("food", "<b>"), 2)
    assert head_map(hostile, "Title").hover[1][0].startswith("head 0, &lt;b&gt;<br>")


def test_the_tables_have_the_same_counts() -> None:
    assert unit_table(UNITS, "head").to_numpy().tolist() == [
        ["0", 4, 3, 1, 2, 0], ["1", 4, 2, 0, 0, 2], ["2", 4, 0, 0, 0, 0]]
    assert exclusive_table([ExclusiveUnit(3, 7, 2, 3)], "head").to_numpy().tolist() == [[3, 7, 2, 3, 66.7]]
    assert len(exclusive_table([], "head")) == 0
