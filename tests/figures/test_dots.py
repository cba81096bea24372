"""Dots with intervals, by hand."""

import pytest

from sparsecbm.figures.dots import Dot, dots, dots_table

POINTS = (Dot("food", "model", 80.0, (70.0, 85.0)), Dot("food", "majority", 40.0), Dot("<b>noise</b>", "model", 60.0))


@pytest.mark.parametrize("dark", [False, True])
def test_every_number_stands_in_its_row_with_its_interval(dark: bool) -> None:
    figure = dots(POINTS, "Title", "percent", dark)
    model, majority = figure.data
    assert (model.name, majority.name) == ("model", "majority")
    assert list(model.x) == [80, 60] and list(majority.x) == [40]
    assert [round(y) for y in model.y] == [0, 1] and [round(y) for y in majority.y] == [0]
    assert model.y[0] != majority.y[0]  # beside each other
    assert list(model.error_x.array) == [5, 0] and list(model.error_x.arrayminus) == [10, 0]
    assert model.marker.symbol != majority.marker.symbol and model.marker.color != majority.marker.color
    assert figure.layout.yaxis.range[0] > figure.layout.yaxis.range[1]  # the first row is at the top
    assert "<b>" not in "".join(figure.layout.yaxis.ticktext) + str(model.customdata)
    assert model.customdata[0][1] == " (70.0 to 85.0)" and model.customdata[1][1] == ""


def test_the_table_holds_the_same() -> None:
    table = dots_table(POINTS, {"row": "of", "series": "by", "value": "percent"})
    assert list(table.columns) == ["of", "by", "percent", "95 % from", "95 % to"]
    assert table.iloc[0].tolist() == ["food", "model", 80, 70, 85]
    assert table.iloc[1, :3].tolist() == ["food", "majority", 40] and table.iloc[1, 3:].isna().all()
