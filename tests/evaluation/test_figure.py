"""What was measured, as dots and sentences: by hand, on both sides of every verdict."""

from typing import Any

import pytest

from sparsecbm.evaluation.causal import CausalReport, ExplainerScore, Mean
from sparsecbm.evaluation.curves import CorrectionCurves, Curve, CurveSettings
from sparsecbm.evaluation.figure import (
    beside_majority,
    causal_dots,
    causal_text,
    correction_dots,
    correction_texts,
    curve_text,
    residual_dots,
    residual_table,
    residual_text,
    word_dots,
    word_table,
)
from sparsecbm.evaluation.figure_curves import training_figure, training_table
from sparsecbm.figures.dots import Dot
from sparsecbm.schema import CEBAB


def scored(value: float) -> dict[str, Any]:
    return {"macro_f1": value, "accuracy": value + 0.1, "majority": {"macro_f1": 0.1, "accuracy": 0.5},
            "ci95": {"macro_f1": [value - 0.2, value + 0.2], "accuracy": [0.0, 1.0]}}


REPORT = {"label": scored(0.6), "concepts": {"food": scored(0.7)}}


def test_scores_stand_beside_the_majority() -> None:
    found = beside_majority(REPORT, "macro_f1", CEBAB)
    assert [(dot.row, dot.series) for dot in found] == [
        (row, series) for row in ("rating", "food") for series in ("this model", "always the most common answer")]
    assert [dot.value for dot in found] == pytest.approx([60, 10, 70, 10])
    assert found[0].interval == pytest.approx((40, 80)) and found[1].interval is None
    assert beside_majority(REPORT | {"concepts": None}, "accuracy", CEBAB)[0].value == pytest.approx(70)


def correction(predicted: float, corrected: float | None, none: float = 0.5, true: float = 0.52) -> dict[str, Any]:
    rows = {"predicted": (predicted, none), "corrected": (corrected, none), "true": (0.8, true)}
    return {"correction": {name: {"all": 0.7, "rows_with_wrong_concept": wrong, "no_residual": alone}
                           for name, (wrong, alone) in rows.items()}}


def test_the_correction_table_says_whether_correcting_helps() -> None:
    helps, _ = correction_texts(correction(0.6, 0.65))
    harms, _ = correction_texts(correction(0.6, 0.55))
    assert "+5.0 points: correcting helps" in helps and "-5.0 points: **correcting does not help" in harms
    assert len(correction_dots(correction(0.6, 0.65))) == 9 and len(correction_dots(correction(0.6, None))) == 8
    assert len(correction_texts(correction(0.6, None))) == 1


def test_the_correction_table_says_what_soft_concepts_leak() -> None:
    assert "no more from a concept than its value" in correction_texts(correction(0.6, 0.65))[-1]
    assert "8.0 points more than the truth gives" in correction_texts(correction(0.6, 0.65, 0.6))[-1]


def share(mean: float, half: float | None, n: int = 9) -> dict[str, Any]:
    return {"n": n, "mean": mean, "ci95": None if half is None else [mean - half, mean + half]}


def residual(wrong: dict[str, Any]) -> dict[str, Any]:
    return {"residual_by": {"label": {"5": share(0.2, 0.1)}, "outcome": {
        "right": share(0.4, 0.02), "label wrong, concepts right": wrong, "both wrong": share(0.5, None, 1)}}}


def test_the_residuals_share_in_parts_of_the_reviews() -> None:
    report = residual(share(0.5, 0.02))
    assert [(dot.row, round(dot.value)) for dot in residual_dots(report, CEBAB)] == [
        ("5 stars", 20), ("all right", 40), ("only the label wrong", 50), ("both wrong", 50)]
    assert residual_dots(report, CEBAB)[-1].interval is None
    assert residual_table(report, CEBAB)["reviews"].tolist() == [9, 9, 9, 1]
    assert "more where the label is wrong" in residual_text(report)
    assert "less where the label is wrong" in residual_text(residual(share(0.3, 0.02)))
    assert "cannot be told apart" in residual_text(residual(share(0.43, 0.02)))
    assert residual_text(residual(share(0.5, None, 1))) == ""


def curves(wrong: float) -> CorrectionCurves:
    def curve(*error: float) -> Curve:
        return Curve(error, ((0.2, 0.4),) * 2, ((0.0, 0.0), (-0.03, 0.01)))

    return CorrectionCurves(CurveSettings("hash", "dev", "data", 10, 5, 0.1, 0), ("food",), (0, 10),
                            {"ectp": curve(0.3, 0.28)}, curve(0.3, wrong), curve(0.3, 0.3), "ectp")


def test_the_curves_say_whether_wrong_values_hurt() -> None:
    assert "wrong in 30.0 %" in curve_text(curves(0.5)) and "by -2.0 points (-3.0 to +1.0)" in curve_text(curves(0.5))
    assert "does depend on its concepts" in curve_text(curves(0.5))
    assert "does not depend on its concepts" in curve_text(curves(0.3))


def test_every_method_stands_beside_random_order() -> None:
    def part(value: float) -> dict[str, Any]:
        mean = {"mean": value, "ci95": [value - 0.1, value + 0.1]}
        return {"comprehensiveness": mean, "random_comprehensiveness": {"mean": 0.2, "ci95": [0.1, 0.3]}}

    found = word_dots({"methods": {"occlusion": {"food": part(0.6)}, "other": {"food": part(0.5)}}},
                      {"occlusion": "Occlusion"})
    assert [(dot.series, round(dot.value)) for dot in found] == [
        ("Occlusion", 60), ("other", 50), ("random order", 20)]
    assert found[0].interval == pytest.approx((50, 70))
    table = word_table({"methods": {"occlusion": {"food": part(0.6) | {"loo_tau": {"mean": 0.5}, "sufficiency": {
        "mean": -0.1}, "beats_random": True}, "noise": part(0.3)}}}, {"occlusion": "Occlusion"})
    row = table.set_index("target").loc["food"]
    assert row[["comprehensiveness", "95 % to", "in random order", "sufficiency"]].tolist() == [60, 70, 20, -10]
    assert (row["tau with leaving words out"], row["beats random order"]) == (0.5, True)


def causal(**leads: float) -> CausalReport:
    """References whose errors are so much above the override's, give or take 0.01."""
    def score(lead: float | None) -> ExplainerScore:
        means = {name: Mean(0.5, (0.4, 0.6)) for name in ("l2", "cosine", "norm_difference")}
        nearer = None if lead is None else {name: Mean(lead, (lead - 0.01, lead + 0.01)) for name in means}
        return ExplainerScore(10, means, {}, nearer)

    return CausalReport("hash", "dev", "data", "train", "other", 0, 12, 10, {
        "override": score(None), **{name: score(lead) for name, lead in leads.items()}})


def test_the_causal_verdict_names_winners_and_losers() -> None:
    assert causal_text(causal(zero=0.1, random=0.2)) == (
        "Setting the concept is clearly nearer than zero and random in L2 and cosine.")
    mixed = causal_text(causal(zero=0.1, s_learner=0.005))
    assert "nearer than zero in" in mixed and "**not** clearly nearer than s learner" in mixed
    assert "revision" not in causal_text(causal(zero=0.1, revision=-0.1))  # it is ours, not a reference
    assert causal_dots(causal(zero=0.1))[3] == Dot("zero", "L2", 0.5, (0.4, 0.6))


TRAINING = {"best_epoch": 1, "epochs": [
    {"epoch": 0, "loss": 2.0, "sparsity": 0.0, "seconds": 5.0},
    {"epoch": 1, "loss": 1.0, "sparsity": 0.7, "seconds": 6.0, "label_macro_f1": 0.6, "concept_macro_f1": 0.8}]}


def test_training_as_lines_and_as_a_table() -> None:
    figure = training_figure(TRAINING, "Training", False)
    assert [list(trace.y) for trace in figure.data] == [[None, 60], [None, 80], [0, 70]]
    assert list(figure.data[0].x) == [1, 2] and figure.layout.shapes[0].x0 == 2
    table = training_table(TRAINING)
    assert table["epoch"].tolist() == [1, 2] and table["label macro F1, percent"].tolist()[1] == 60
