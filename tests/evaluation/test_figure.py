"""Stored scores as dots and sentences: by hand, on both sides of every verdict."""

import re
from typing import Any

import pytest

from sparsecbm.evaluation.figure import (
    correction_dots,
    correction_text,
    leakage_text,
    majority_dots,
    residual_dots,
    residual_table,
    residual_text,
    scores_text,
)
from sparsecbm.schema import CEBAB
from tests.evaluation.reports import correction, scored

REPORT = {"label": scored(0.6), "concepts": {"food": scored(0.7)}}


def test_scores_stand_next_to_the_majority() -> None:
    found = majority_dots(REPORT, "macro_f1", CEBAB)
    assert [(dot.row, dot.series) for dot in found] == [
        (row, series) for row in ("rating", "food") for series in ("this model", "always the most common answer")]
    assert [dot.value for dot in found] == pytest.approx([60, 10, 70, 10])
    assert found[0].interval == pytest.approx((40, 80)) and found[1].interval is None
    assert majority_dots(REPORT | {"concepts": None}, "accuracy", CEBAB)[0].value == pytest.approx(70)
    assert re.findall(r"\d+\.\d", scores_text(found, "macro_f1")) == ["60.0", "40.0", "80.0", "10.0", "70.0", "70.0"]
    assert "concepts" not in scores_text(found[:2], "macro_f1")


def test_a_gain_is_said_with_its_interval_and_helps_only_where_that_leaves_out_zero() -> None:
    helps, hurts, unclear = (correction_text(correction(0.6, after)) for after in (0.9, 0.3, 0.65))
    assert "+30.0 points" in helps and "helps" in helps and "−30.0 points" in hurts and "hurts" in hurts
    assert "+5.0 points" in unclear and "95 % interval −" in unclear and not {"helps", "hurts"} & {
        word.strip(".") for word in unclear.split()}
    assert correction_text(correction(0.6, None)) == ""
    assert len(correction_dots(correction(0.6, 0.65))) == 9 and len(correction_dots(correction(0.6, None))) == 8


def test_leakage_is_what_predicted_concepts_give_beyond_gold_ones() -> None:
    assert "8.0 points" in leakage_text(correction(0.6, 0.65, 0.6)) and "no interval" in leakage_text(
        correction(0.6, 0.65, 0.6))
    assert "points" not in leakage_text(correction(0.6, 0.65))


def share(mean: float, half: float | None, n: int = 9) -> dict[str, Any]:
    return {"n": n, "mean": mean, "ci95": None if half is None else [mean - half, mean + half]}


def residual(wrong: dict[str, Any]) -> dict[str, Any]:
    return {"residual_by": {"label": {"5": share(0.2, 0.1)}, "outcome": {
        "right": share(0.4, 0.02), "label wrong, concepts right": wrong, "both wrong": share(0.5, None, 1)}}}


def test_the_residuals_share_in_slices_of_the_reviews() -> None:
    report = residual(share(0.5, 0.02))
    assert [(dot.row, round(dot.value)) for dot in residual_dots(report, CEBAB)] == [
        ("5 stars", 20), ("all right", 40), ("only the label wrong", 50), ("both wrong", 50)]
    assert residual_dots(report, CEBAB)[-1].interval is None
    assert residual_table(report, CEBAB)["texts"].tolist() == [9, 9, 9, 1]
    assert "decides more" in residual_text(report)
    assert "decides less" in residual_text(residual(share(0.3, 0.02)))
    assert "decides" not in residual_text(residual(share(0.43, 0.02))), "the intervals overlap"
    assert residual_text(residual(share(0.5, None, 1))) == ""
