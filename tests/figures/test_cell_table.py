"""Coloured cells: a fixed scale, readable numbers, a place to press on every cell."""

import numpy as np
import pytest

from sparsecbm.figures.cell_table import MOST_PRINTED, Cells
from sparsecbm.figures.style import DARK_PAPER, OPPOSES, PAPER, SHARED, SUPPORTS, contrast, sequential

NUMBERS = np.array([[0.0, 0.5, 1.0], [np.nan, 0.25, 0.75]])
TEXTS = [["a", "b", "c"], ["", "e", "f"]]


def test_shares_have_a_fixed_domain_whatever_they_are() -> None:
    heat, marks, text = Cells(0.01 * NUMBERS, ("r", "s"), ("x", "y", "z"), "Title", TEXTS, TEXTS).figure(False).data
    assert (heat.zmin, heat.zmax) == (0, 1)
    assert [tuple(stop) for stop in heat.colorscale][0::2] == [(0, PAPER), (1, SHARED)]
    assert list(text.text) == ["a", "b", "c", "", "e", "f"]


def test_signed_numbers_have_the_diverging_scale_about_zero() -> None:
    heat = Cells(NUMBERS, ("r", "s"), ("x", "y", "z"), "Title", TEXTS, TEXTS, limit=2.0).figure(True).data[0]
    assert (heat.zmin, heat.zmax) == (-2, 2)
    assert [tuple(stop) for stop in heat.colorscale] == [(0, OPPOSES), (0.5, DARK_PAPER), (1, SUPPORTS)]


@pytest.mark.parametrize("dark", [False, True])
def test_every_printed_number_is_readable(dark: bool) -> None:
    shares = np.linspace(0, 1, 12).reshape(1, 12)
    text = [["x"] * 12]
    inks = Cells(shares, ("r",), tuple(map(str, range(12))), "Title", text, text).figure(dark).data[2].textfont.color
    steps = [sequential(float(share), DARK_PAPER if dark else PAPER) for share in shares[0]]
    assert all(contrast(ink, step) >= 4.5 for ink, step in zip(inks, steps, strict=True))


def test_an_invisible_mark_on_every_cell_knows_its_row_and_column() -> None:
    hover = [["h0", "h1", "h2"], ["h3", "h4", "h5"]]
    marks = Cells(NUMBERS, ("r", "s"), ("x", "y", "z"), "Title", TEXTS, hover).figure(False).data[1]
    assert marks.marker.opacity == 0
    assert [list(place) for place in marks.customdata] == [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]]
    assert list(zip(marks.y, marks.x, strict=True)) == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]
    assert list(marks.text) == ["h0", "h1", "h2", "h3", "h4", "h5"]


def test_chosen_cells_have_a_frame_and_many_columns_no_numbers() -> None:
    framed = Cells(NUMBERS, ("r", "s"), ("x", "y", "z"), "Title", TEXTS, TEXTS, chosen=((1, 2),)).figure(False)
    assert [(shape.x0 < 2 < shape.x1, shape.y0 < 1 < shape.y1) for shape in framed.layout.shapes] == [(True, True)]
    wide = MOST_PRINTED + 1
    many = Cells(np.zeros((1, wide)), ("r",), ("x",) * wide, "Title", [[""] * wide], [[""] * wide]).figure(False)
    assert len(many.data) == 2


def test_names_are_text_in_a_chart() -> None:
    hostile = ("<b>one", "two</b>")
    cells = Cells(NUMBERS[:, :2], hostile, hostile, "<i>Title", TEXTS, TEXTS, axes=("<u>rows", "<s>columns"))
    drawn = cells.figure(False).to_json()
    assert not any(tag in drawn for tag in ("<b>", "</b>", "<i>", "<u>", "<s>")) and "&lt;u&gt;rows" in drawn


def test_the_ends_of_the_scale_are_written_as_people_read_them() -> None:
    assert Cells(NUMBERS, ("r",), ("x",), "Title", TEXTS, TEXTS).ends == ("0.0", "1.0")
    assert Cells(NUMBERS, ("r",), ("x",), "Title", TEXTS, TEXTS, limit=2.0).ends == ("−2.00", "+2.00")
