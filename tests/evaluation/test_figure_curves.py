"""Correction curves as drawn and in words: every number, its interval, and curves that coincide."""

import numpy as np
import pytest

from sparsecbm.evaluation.correction import CorrectionCurves, Curve, CurveSettings, EditCurves
from sparsecbm.evaluation.figure_curves import (
    NAMES,
    coinciding,
    correction_figure,
    correction_table,
    curve_text,
    edit_figure,
    edit_table,
    edit_text,
    order_text,
)

POLICIES = ("ectp", "ucp", "cctp", "eudtp", "random", "lcp")


def a_curve(*error: float, half: float = 0.02, spread: tuple[float, ...] | None = None) -> Curve:
    change = tuple((share - error[0] - half, share - error[0] + half) for share in error)
    return Curve(error, tuple((share - half, share + half) for share in error), change, spread)


def found(edits: bool = True, wrong: float = 0.5, **policies: Curve) -> CorrectionCurves:
    """Policies apart from each other unless given; two steps."""
    apart = {name: a_curve(0.3, 0.05 * place) for place, name in enumerate(POLICIES)}
    measured = EditCurves(4, 5, {name: a_curve(0.3, 0.2) for name in ("override", "revision", "random_edit")}, {})
    return CorrectionCurves(
        CurveSettings("hash", "dev", "data", 10, 5, 0.1, 0), ("food",), (0, 10), policies or apart,
        a_curve(0.3, wrong, spread=(0.0, 0.01)), a_curve(0.3, 0.4), "ectp", measured if edits else None)


@pytest.mark.parametrize("dark", [False, True])
def test_every_curve_is_drawn_with_its_interval_under_its_name_in_words(dark: bool) -> None:
    figure = correction_figure(found(), "Correcting concepts", dark)
    assert [trace.name for trace in figure.data] == [NAMES[name] for name in (*POLICIES, "wrong", "annotator")]
    second = figure.data[1]
    assert list(second.y) == pytest.approx([30, 5]) and np.round(second.x).tolist() == [0, 1]
    assert [*second.error_y.array, *second.error_y.arrayminus] == pytest.approx([2, 2, 2, 2])
    assert np.array(second.customdata) == pytest.approx(np.array([[0, 28, 32], [1, 3, 7]]))
    edits = found().edits
    assert edits is not None and len(edit_figure(edits, "Title", dark).data) == 3
    for drawn in (figure, edit_figure(edits, "Title", dark)):
        looks = [(trace.line.dash, trace.marker.symbol) for trace in drawn.data]
        assert len(set(looks)) == len(looks), "not only by colour"


def test_curves_that_coincide_are_one_line_and_are_said_to() -> None:
    curves = found(ectp=a_curve(0.3, 0.28), ucp=a_curve(0.3, 0.27), random=a_curve(0.3, 0.24),
                   wide=a_curve(0.3, 0.24, half=0.1))
    assert coinciding(curves.policies) == (("ectp", "ucp"), ("random", "wide"))
    names = [trace.name for trace in correction_figure(curves, "Title", False).data]
    assert len(names) == 4 and names[0] not in NAMES.values(), "a line of several has another name"
    said = order_text(curves)
    assert f"{NAMES['ectp']} and {NAMES['ucp']}" in said and "1.0 points" in said
    assert len(correction_table(curves)) == 2 * 6, "the table has them all"
    assert "coincide" not in order_text(found())


def test_the_sentences_have_the_changes_with_their_intervals() -> None:
    curves = found(ectp=a_curve(0.3, 0.28))
    assert "30.0 %" in curve_text(curves) and curve_text(curves).count("−2.0 points (−4.0 to 0.0)") == 2
    assert "depends" in order_text(curves) and "does not depend" in order_text(found(wrong=0.3))
    assert curves.edits is not None and edit_text(curves.edits).count("−10.0 points (−12.0 to −8.0)") == 3


def test_the_tables_hold_the_same_numbers_and_the_short_names() -> None:
    table = correction_table(found())
    assert len(table) == 2 * 8
    assert table.iloc[0].tolist()[:6] == [NAMES["ectp"], "ectp", 0, 30.0, 28.0, 32.0] and np.isnan(table.iloc[0, 6])
    assert table[table["short name"] == "wrong"].iloc[1].tolist()[2:] == [1, 50.0, 48.0, 52.0, 1.0]
    assert edit_table(found())["short name"].unique().tolist() == ["override", "revision", "random_edit"]
    assert len(edit_table(found(edits=False))) == 0
