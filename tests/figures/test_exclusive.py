"""Where a concept is alone, on masks made by hand."""

import numpy as np
import pytest

from sparsecbm.figures.exclusive import exclusive_table, head_map, neuron_map, unit_table
from sparsecbm.subnetworks.overlap import ExclusiveUnit
from tests.figures.masks import counts_of

#: Unit 0: food keeps two alone, both share one; unit 1: only room keeps anything; unit 2: nobody.
UNITS = counts_of({"0": ["1110", "0010"], "1": ["0000", "0110"], "2": ["0000", "0000"]}, ("food", "room"), 2)


def test_the_colour_is_the_share_of_used_weights_that_is_a_concepts_own() -> None:
    for figure in (head_map(UNITS, "Title", False), neuron_map(UNITS, "Title", False)):
        rows = np.concatenate([np.array(trace.z, dtype=float) for trace in figure.data if trace.type == "heatmap"])
        assert rows == pytest.approx(np.array([[2 / 3, 0, 0], [0, 1, 0]]))


def test_the_hover_has_exact_counts() -> None:
    assert head_map(UNITS, "Title", False).data[1].text[0] == (
        "head 0, food<br>2 of 3 used weights are its own (66.7 %)")
    counts = np.array(neuron_map(UNITS, "Title", False).data[0].customdata)
    assert counts.tolist() == [[[2, 3], [0, 2], [0, 0]], [[0, 3], [2, 2], [0, 0]]]


def test_a_name_is_no_template() -> None:
    hostile = counts_of({"0": ["1110", "0010"]}, ("%{z}", "<b>"), 2)
    figure = neuron_map(hostile, "Title", False)
    assert "<b>" not in figure.data[0].hovertemplate and figure.data[0].hovertemplate.count("%{z") == 1
    assert figure.layout.yaxis.ticktext[1] == "&lt;b&gt;"


def test_the_tables_have_the_same_counts() -> None:
    assert unit_table(UNITS, "head").to_numpy().tolist() == [
        ["0", 4, 3, 1, 2, 0], ["1", 4, 2, 0, 0, 2], ["2", 4, 0, 0, 0, 0]]
    assert exclusive_table([ExclusiveUnit(3, 7, 2, 3)], "head").to_numpy().tolist() == [[3, 7, 2, 3, 66.7]]
    assert len(exclusive_table([], "head")) == 0
