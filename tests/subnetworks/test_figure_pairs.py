"""Pairs of subnetworks, on masks made by hand."""

import numpy as np
import pytest

from sparsecbm.subnetworks.figure_pairs import (
    density_map,
    density_table,
    layers_alike,
    pair_bars,
    pair_matrix,
    pair_table,
    pair_text,
    pairs_alike,
    units_alike,
)
from tests.subnetworks.masks import LAYERS, THREE, counts_of


def test_the_matrix_shows_jaccard_and_leaves_the_diagonal_blank() -> None:
    heat = pair_matrix(THREE, 3, "observed", "Title").figure(False).data[0]
    table = np.array(heat.z, dtype=float)
    assert np.isnan(np.diagonal(table)).all()
    assert table[0, 1] == table[1, 0] == pytest.approx(3 / 6)
    assert table[0, 2] == pytest.approx(2 / 5) and table[1, 2] == pytest.approx(2 / 4)
    assert (heat.zmin, heat.zmax) == (0, 1)


def test_chance_and_the_difference_from_it() -> None:
    chance = 0.5 * 0.4 / (0.5 + 0.4 - 0.5 * 0.4)
    expected = np.array(pair_matrix(THREE, 3, "expected", "Title").figure(False).data[0].z, dtype=float)
    difference = pair_matrix(THREE, 3, "difference", "Title").figure(False)
    assert expected[0, 1] == pytest.approx(chance)
    table = np.array(difference.data[0].z, dtype=float)
    assert table[0, 1] == pytest.approx(0.5 - chance)
    assert difference.data[0].zmax == -difference.data[0].zmin == pytest.approx(np.nanmax(np.abs(table)))
    assert "+0.21" in difference.data[2].text


def test_the_hover_has_exact_counts_chance_and_z() -> None:
    hover = pair_matrix(THREE, 4, "observed", "Title").figure(False).data[1].text
    assert hover[1].startswith("food and room<br>both keep 3 weights; one or both 6<br>Jaccard 0.500, by chance 0.286")
    mean, variance = 2.0, 2.0 * 0.5 * 6 / 9
    assert f"z +{(3 - mean) / variance ** 0.5:.2f}" in hover[1]
    assert hover[0] == "food keeps 5 of 10 weights"
    assert hover[3].startswith("food and residual")


def test_what_is_chosen_is_framed() -> None:
    assert pair_matrix(THREE, 3, "observed", "Title", (0, 2)).chosen == ((0, 2), (2, 0))
    assert density_map(LAYERS, 2, "Title", "1").chosen == ((1, 0), (1, 1))


def test_a_single_concept_has_a_matrix_without_pairs() -> None:
    alone = counts_of({"total": ["110000"]}, ("food",), 1)
    assert pair_matrix(alone, 1, "difference", "Title").figure(False).data


def test_names_are_no_markup() -> None:
    hostile = counts_of({"total": ["1100", "0110"]}, ("<b>food", "50 % $x$"), 2)
    figure = pair_matrix(hostile, 2, "observed", "Title").figure(False)
    assert "<b>food" not in figure.to_json() and "&lt;b&gt;food" in figure.layout.xaxis.ticktext[0]


def test_density_by_layer() -> None:
    figure = density_map(LAYERS, 2, "Title").figure(False)
    assert figure.data[0].z == ([0.3, 0.2], [0.4, 0.4])
    assert figure.data[1].text[1] == "layer 0, room<br>keeps 2 of 10 weights (20.00 %)"
    assert density_table(LAYERS).to_numpy().tolist() == [["0", 10, 0.3, 0.2], ["1", 10, 0.4, 0.4]]


def test_the_bars_of_a_pair_are_percent_of_each_part() -> None:
    bars = pair_bars(LAYERS, 0, 1, ("layer 0", "layer 1"), "Title")
    assert bars.shares == pytest.approx(np.array([[0, 0.3, 0.2], [0.4, 0, 0]])) and bars.end == pytest.approx(0.525)
    assert [look.name for look in bars.looks] == ["both", "only food", "only room"]
    assert bars.hover[1].startswith("layer 1<br>food: 4, room: 4, both: 4 of 10 weights<br>Jaccard 1.000")


def test_names_are_no_markup_in_a_hover_of_bars() -> None:
    hostile = counts_of({"total": ["1100", "0110"]}, ("<b>food", "room"), 2)
    assert "<b>" not in pair_bars(hostile, 0, 1, ("<i>",), "Title").hover[0].replace("&lt;b&gt;", "")


def test_the_table_of_a_pair_has_containment_each_way() -> None:
    row = pair_table(THREE, [(0, 2)], "unit").iloc[0]
    assert (row["both keep"], row["Jaccard"], row["first in second"], row["second in first"]) == (2, 0.4, 0.4, 1.0)


def test_the_sentence_of_a_pair_has_both_shares_the_overlap_and_chance() -> None:
    said = pair_text(THREE, 0, 2)
    for part in ("food and noise", "2 weights", "40 % of food", "100 % of noise", "0.40", "0.17"):
        assert part in said
    assert "more than" in said and "less than" in pair_text(LAYERS.summed(["a", "b"]), 0, 1)


def test_what_is_the_same_everywhere_is_a_sentence_with_its_numbers() -> None:
    alike = counts_of({"0": ["1100", "0110"], "1": ["1100", "0110"]}, ("food", "room"), 2)
    assert units_alike(alike, 2) and not units_alike(LAYERS, 2)
    assert "50 %" in layers_alike(alike, 2) and not layers_alike(LAYERS, 2)
    assert not layers_alike(THREE, 3) and not pairs_alike(THREE, 3)
    assert "0.33" in pairs_alike(alike.summed(["all", "all"]), 2) and not pairs_alike(THREE, 1), "one has no pair"
