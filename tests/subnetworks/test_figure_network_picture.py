"""How the network is coloured and what is said of it."""

from itertools import combinations

import numpy as np
import pytest

from sparsecbm.deck.figure import check_figure, figure_json
from sparsecbm.figures.style import DARK_PAPER, NEUTRAL, PAPER, contrast
from sparsecbm.subnetworks.figure_network_picture import (
    COLOURS,
    colours,
    drawn,
    legend,
    network_figure,
    network_table,
)
from sparsecbm.subnetworks.network_picture import NetworkPicture, picture_of
from sparsecbm.subnetworks.network_picture_text import cell_text, network_text, where_text
from tests.subnetworks.masks import counts_of
from tests.subnetworks.test_network_picture import PASSES, use

#: What people without one kind of cone see of linear RGB (Machado et al. 2009).
SEEN = {
    "all cones": np.eye(3),
    "no red cone": [[.152, 1.053, -.205], [.115, .786, .099], [-.004, -.048, 1.052]],
    "no green cone": [[.367, .861, -.228], [.280, .673, .047], [-.012, .043, .969]],
    "no blue cone": [[1.256, -.077, -.179], [-.078, .931, .148], [.005, .691, .304]],
}
#: Food lives low, noise high; room shares all it has with noise. Its last head is the residual's alone.
NETWORK = picture_of(PASSES, 3, True, [
    (0, use("1001", "1001"), use("1000", "1000", "0000", "1110")),
    (1, use("1000", "0110"), use("0110", "0110", "0000", "1111")),
    (2, use("0010", "0001"), use("0010", "0010", "0000", "1110"))])


def overlap_of(picture: NetworkPicture) -> object:
    rows = ["".join("1" if cell.kept[k] else "0" for cell in picture.cells for _ in cell.units)
            for k in range(len(picture.passes))]
    return counts_of({"total": rows}, picture.passes, picture.concepts)


def lab(linear: np.ndarray) -> np.ndarray:
    to_xyz = np.array([[.4124, .3576, .1805], [.2126, .7152, .0722], [.0193, .1192, .9505]])
    x, y, z = np.cbrt(np.clip(to_xyz @ np.clip(linear, 1e-4, 1) / [.9505, 1, 1.089], 1e-3, 1))
    return np.array([116 * y, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("sight", SEEN)
def test_four_concepts_are_told_apart_by_everybody(sight: str) -> None:
    def seen(colour: str) -> np.ndarray:
        return lab(np.array(SEEN[sight]) @ [(int(colour[at:at + 2], 16) / 255) ** 2.2 for at in (1, 3, 5)])

    for one, other in combinations((*COLOURS[:4], NEUTRAL), 2):
        assert np.linalg.norm(seen(one) - seen(other)) > 20, (one, other)
    assert min(contrast(colour, paper) for colour in COLOURS[:4] for paper in (PAPER, DARK_PAPER)) > 2


def test_a_cell_has_the_colour_of_everybody_who_uses_it() -> None:
    found = [colours(NETWORK, cell) for cell in NETWORK.layers[1]]
    assert found == [[COLOURS[0]], list(COLOURS[1:3]), list(COLOURS[1:3]), [NEUTRAL], []]
    look = drawn(NETWORK, "label")["rows"][1]["cells"]
    assert [cell["colours"] for cell in look] == found and [cell["text"] for cell in look] == ["0", "1", "2", "1", "1"]
    assert [cell["width"] for cell in look] == [1, 1, 2, 1, 1] and look[3]["residual"] == 1.0
    assert [row["name"] for row in drawn(NETWORK, "label")["rows"]] == ["layer 2", "layer 1", "layer 0"], "bottom up"


def test_what_is_said_of_a_cell_has_its_numbers() -> None:
    said = [cell_text(NETWORK, cell).replace("\u00a0", " ") for cell in NETWORK.layers[1]]
    assert said[1] == "Head 1 of layer 1: room + noise. 10 weights, 17 % of the layer."
    assert said[2] == "2 neurons of layer 1: room + noise. 20 weights, 33 % of the layer."
    assert said[3] == ("1 neuron of layer 1: all 3 concepts. 10 weights, 17 % of the layer. The residual uses it, too.")
    parts = picture_of(("food", "room"), 2, False, [(0, use("52", each=100), use("33", each=100))])
    assert cell_text(parts, parts.cells[0]).replace("\u00a0", " ") == (
        "Head 0 of layer 0: mostly food. Of its 100 weights keep: food 50 %, room 20 %.")


def test_one_sentence_says_what_is_shared_what_is_whose_and_where() -> None:
    said = " ".join(network_text(NETWORK, overlap_of(NETWORK))).replace("\u00a0", " ")
    assert said.startswith("food has most to itself: 28 % of all weights, mostly in layer 0; then noise 17 % (mostly "
                           "in layer 2), room 0 %.")
    assert "room and noise share most (67 % of what either uses), food and noise least (21 %)" in said
    assert "All 3 use 17 % of the weights; none uses 22 %." in said
    assert said.endswith("What the residual uses is spread over the layers.")


def test_few_concepts_are_said_too() -> None:
    one = picture_of(("food",), 1, True, [(0, use("1"), use("1", "0"))])
    assert network_text(one, overlap_of(one))[0].startswith("food uses 67")
    assert colours(one, one.cells[0]) == [COLOURS[0]], "a single concept has no common core"
    two = picture_of(("food", "room"), 2, True, [(0, use("11"), use("11", "00"))])
    assert network_text(two, overlap_of(two))[0] == "No concept has anything to itself."


@pytest.mark.parametrize(("weights", "said"), [
    ([9, 1, 0, 0], "mostly in layer 0"), ([0, 5, 0, 4], "mostly in layer 1"), ([5], "mostly in layer 0"),
    ([4, 0, 4, 0], "mostly in layers 0 and 2"), ([0, 3, 3, 3, 1, 1], "mostly in layers 1 and 2"),
    ([0, 1, 2, 2, 2, 1, 0], "mostly in layers 2 to 4"), ([3, 3, 3, 3], "spread over the layers"),
    ([1, 1], "spread over the layers"), ([3, 1], "mostly in layer 0")])
def test_where_a_concept_lives(weights: list[int], said: str) -> None:
    rows = [(number, use("1"), use("1")) for number in range(len(weights))]
    assert where_text(picture_of(("food",), 1, True, rows), np.array(weights)) == said


def test_the_legend_counts_what_each_has_alone_and_in_all() -> None:
    found = {entry["name"]: f"{entry['text']} {entry.get('all', '')}".strip() for entry in legend(NETWORK)}
    assert found["food"] == "3 heads, 2 neurons alone uses 3 heads, 5 neurons"
    assert found["room"] == "nothing alone uses 1 head, 5 neurons"
    assert found["common core"] == "3 neurons" and found["no concept"] == "1 head, 3 neurons"
    assert list(found)[-1] == "line below"


def test_the_table_has_every_cell() -> None:
    table = network_table(NETWORK)
    assert table["units"].sum() == 18 and table["weights"].sum() == NETWORK.weights
    assert table.iloc[3].tolist() == [0, "neuron", "all 3 concepts", "", 1, 10, 0]
    shares = network_table(picture_of(("food", "room"), 2, False, [(0, use("52", each=100), use("33"))]))
    assert shares.loc[0, ["food keeps", "room keeps"]].tolist() == [50, 20]


@pytest.mark.parametrize("dark", [False, True])
def test_a_deck_can_have_it_and_names_are_no_markup(dark: bool) -> None:
    hostile = picture_of(("<b>x</b><img src=x>", "=cmd()", "noise", "residual"), 3, True, [
        (0, use("1001", "1101"), use("1110", "0000", "0110"))])
    text = figure_json(network_figure(hostile, dark))
    check_figure(text)
    assert "<b>x" not in text and COLOURS[1] in text
    plain = network_figure(NETWORK, dark)
    filled = [shape.fillcolor for shape in plain.layout.shapes if shape.fillcolor]
    assert filled.count(COLOURS[2]) == 4 and filled.count(NEUTRAL) == 3
