"""The maps, the table and the sentence of a change, on numbers written by hand."""

import numpy as np
import pytest

from sparsecbm.figures.style import OPPOSES, SUPPORTS
from sparsecbm.revision.figure import diff_map, diff_table, diff_text
from sparsecbm.revision.result import ChangeCounts, PlaceCounts

MODULES = PlaceCounts(("0", "1"), ("query", "feed_forward_in"), np.array([[1, 0], [3, 1200]]),
                      np.array([[1, 0], [3, 1200]]))
HEADS = PlaceCounts(("0", "1"), ("0", "1"), np.array([[1, 0], [3, 0]]), np.array([[0, 1], [1, 2]]))
COUNTS = ChangeCounts(MODULES, HEADS)


@pytest.mark.parametrize(("show", "expected", "printed"), [
    ("dropped", [[-1, 0], [-3, 0]], ["−1", "0", "−3", "0"]),
    ("grown", [[0, 1], [1, 2]], ["0", "+1", "+1", "+2"]),
    ("net", [[-1, 1], [-2, 2]], ["−1", "+1", "−2", "+2"]),
])
def test_a_map_shows_what_goes_in_one_colour_and_what_comes_in_the_other(
    show: str, expected: list[list[int]], printed: list[str]
) -> None:
    heat, hover, texts = diff_map(HEADS, show, "Title", "head").figure(False).data
    assert np.array(heat.z).tolist() == expected and list(texts.text) == printed
    assert heat.zmax == -heat.zmin == np.abs(expected).max()
    assert (heat.colorscale[0][1], heat.colorscale[2][1]) == (OPPOSES, SUPPORTS)
    assert hover.text[2] == "layer 1, head 0<br>3 dropped, 1 grown, net −2"


def test_large_counts_are_readable() -> None:
    cells = diff_map(MODULES, "grown", "Title")
    assert cells.ends == ("−1,200", "+1,200")
    figure = cells.figure(True)
    assert "+1,200" in figure.data[2].text and figure.data[0].colorbar.tickformat == "+,.0f"
    assert figure.layout.xaxis.ticktext == ("query", "FFN in")


def test_a_change_of_nothing_is_drawn_and_said() -> None:
    nothing = PlaceCounts(("0",), ("query",), np.zeros((1, 1), int), np.zeros((1, 1), int))
    assert diff_map(nothing, "net", "Title").domain == (-1, 1)
    assert diff_text(ChangeCounts(nothing, nothing)) == "No weight was exchanged."


def test_the_table_has_every_place() -> None:
    assert diff_table(HEADS, "head").to_dict("list") == {
        "layer": ["0", "0", "1", "1"], "head": ["0", "1", "0", "1"], "dropped": [1, 0, 3, 0], "grown": [0, 1, 1, 2],
        "net": [-1, 1, -2, 2]}
    assert list(diff_table(PlaceCounts(("0",), (), np.zeros((1, 0), int), np.zeros((1, 0), int)))) == [
        "layer", "module", "dropped", "grown", "net"]


def test_the_sentence_says_how_many_and_where_most() -> None:
    assert diff_text(COUNTS) == (
        "1,204 weights dropped and 1,204 grown. 4 of 4 attention heads exchanged weights; head 0 of layer 1 exchanged "
        "most: 3 dropped and 1 grown. 3 weights moved from one head to another.")
