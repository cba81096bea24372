"""Whether weights come again, drawn: on masks whose counts one can add up on paper."""

import numpy as np
import pytest

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


def traces(figure: object, axis: str) -> dict[str, list[float]]:
    """Every trace of one part by its name, in percent."""
    return {trace.name: list(trace.x) for trace in figure.data if trace.xaxis == axis}  # type: ignore[attr-defined]


def test_bars_add_up_and_marks_say_what_else_could_be() -> None:
    """The whole subnetworks on the left, each concept's own two weights on the right, where chance has no mark."""
    figure = recurrence_bars(TWO, "Title", False)
    whole, own = traces(figure, "x"), traces(figure, "x2")
    assert whole == {SAME: [50, 50], OTHER: [50, 0], NOWHERE: [0, 50],
                     "another concept there, on average": [75, 25], "by chance": [37.5, 50]}
    assert own == {SAME: [50, 0], OTHER: [50, 0], NOWHERE: [0, 100], "another concept there, on average": [50, 0]}
    assert [note.text for note in figure.layout.annotations] == ["<b>Of all its weights</b>",
                                                                 "<b>Of only its own part</b>"]
    named = [trace.name for trace in figure.data if trace.showlegend]
    assert sorted(named) == sorted(whole), "each once"


def test_a_bar_says_how_many_weights_it_stands_for() -> None:
    bar = recurrence_bars(TWO, "Title", False).data[0]
    assert bar.customdata[1] == f"room, all its weights: {SAME}<br>50.0 % of 4 weights"
    assert list(bar.text) == ["\u00a050 %", "\u00a050 %"] and recurrence_bars(TWO, "Title", False).data[2].text[0] == ""


def test_what_is_pruned_stays_or_goes_and_has_no_marks() -> None:
    figure = recurrence_bars(PRUNED, "Title", True)
    assert traces(figure, "x") == {"stays": [75, 75], "stays for other concepts only": [0, 0], "goes": [25, 25]}
    assert traces(figure, "x2")["stays"] == [50, 50]


def test_a_single_concept_has_no_part_of_its_own_beside_the_whole() -> None:
    alone = comparison_of({"0": ["1100"]}, {"0": ["1010"]}, ("food",), 1)
    assert {trace.xaxis for trace in recurrence_bars(alone, "Title", False).data} == {"x"}
    assert recurrence_table(alone)["most for"].isna().all()


def test_the_table_has_both_parts_and_who_keeps_most() -> None:
    table = recurrence_table(TWO)
    assert table["of"].tolist() == ["all its weights"] * 2 + ["only its own part"] * 2
    assert table["weights"].tolist() == [4, 4, 2, 2] and table[f"{SAME}, percent"].tolist() == [50, 50, 50, 0]
    assert table["most for"].tolist()[:2] == ["room", "food"] and table["percent"].tolist()[:2] == [75, 25]


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


def test_layers_are_beside_chance() -> None:
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
    for figure in (recurrence_bars(hostile, "<i>Title", False), cross_map(hostile, "whole", "Title").figure(False),
                   layer_map(hostile, "Title").figure(False)):
        assert "<b>food" not in figure.to_json() and "<i>Title" not in figure.to_json()
