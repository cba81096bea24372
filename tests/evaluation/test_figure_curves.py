"""Correction curves as drawn: every number, its interval, and looks that do not rest on colour alone."""

import numpy as np
import pytest

from sparsecbm.evaluation.curves import CorrectionCurves, Curve, CurveSettings, EditCurves
from sparsecbm.evaluation.figure_curves import correction_figure, correction_table, edit_figure, edit_table

POLICIES = ("ectp", "ucp", "cctp", "eudtp", "random", "lcp")
INTERVALS = ((0.2, 0.4), (0.05, 0.2))


def a_curve(spread: tuple[float, ...] | None = None) -> Curve:
    return Curve((0.3, 0.125), INTERVALS, INTERVALS, spread)


def found(edits: bool = True) -> CorrectionCurves:
    measured = EditCurves(4, 5, {name: a_curve() for name in ("override", "revision", "random_edit")}, {})
    return CorrectionCurves(
        CurveSettings("hash", "dev", "data", 10, 5, 0.1, 0), ("food",), (0, 10), {name: a_curve() for name in POLICIES},
        a_curve((0.0, 0.01)), a_curve(), "ectp", measured if edits else None)


@pytest.mark.parametrize("dark", [False, True])
def test_every_curve_is_drawn_with_its_interval(dark: bool) -> None:
    figure = correction_figure(found(), "Correcting concepts", dark)
    assert [trace.name for trace in figure.data] == [
        "ectp", "ucp", "cctp", "eudtp", "random", "lcp (oracle)", "set to wrong values", "annotator who errs"]
    for trace in figure.data:
        assert list(trace.y) == pytest.approx([30, 12.5])
        assert np.round(trace.x).tolist() == [0, 1]
        assert list(trace.error_y.array) == pytest.approx([10, 7.5])
        assert list(trace.error_y.arrayminus) == pytest.approx([10, 7.5])
        assert np.array(trace.customdata) == pytest.approx(np.array([[0, 20, 40], [1, 5, 20]]))
    assert figure.layout.title.text == "Correcting concepts" and list(figure.layout.xaxis.tickvals) == [0, 1]


def test_no_two_curves_are_told_apart_by_colour_alone() -> None:
    edits = found().edits
    assert edits is not None
    for figure in (correction_figure(found(), "Title", False), edit_figure(edits, "Title", False)):
        looks = [(trace.line.dash, trace.marker.symbol) for trace in figure.data]
        assert len(set(looks)) == len(looks)


def test_the_tables_hold_the_same_numbers() -> None:
    table = correction_table(found())
    assert len(table) == 2 * 8
    assert table.iloc[0].tolist()[:5] == ["ectp", 0, 30.0, 20.0, 40.0] and np.isnan(table.iloc[0, 5])
    wrong = table[table["curve"] == "set to wrong values"]
    assert wrong.iloc[1].tolist() == ["set to wrong values", 1, 12.5, 5.0, 20.0, 1.0]
    assert edit_table(found())["curve"].unique().tolist() == ["override", "revision", "random edit of the same size"]


def test_edits_have_a_curve_each_and_no_rows_where_they_were_not_measured() -> None:
    edits = found().edits
    assert edits is not None and len(edit_figure(edits, "Title", False).data) == 3
    assert len(edit_table(found(edits=False))) == 0
