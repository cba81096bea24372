"""The table of numbers says what the metrics file says, for whichever models it has."""

from typing import Any

from sparsecbm.home.panel_scores import findings, model_scores, ordinary_accuracy, score_table
from sparsecbm.schema import CEBAB


def a_report(accuracy: float, concepts: bool = True) -> dict[str, Any]:
    scores = {"accuracy": accuracy, "macro_f1": accuracy - 0.02,
              "majority": {"value": "4", "accuracy": 0.3, "macro_f1": 0.1}}
    intervals = {"ci95": {"accuracy": [accuracy - 0.05, accuracy + 0.05], "macro_f1": [0.5, 0.7]}}
    return {
        "n": 1673, "label": scores | intervals, "rows": {"with_wrong_concept": 812},
        "concepts": {"food": scores, "noise": scores | {"accuracy": 0.9}} if concepts else None,
        "correction": None if not concepts else {
            "predicted": {"all": 0.6, "rows_with_wrong_concept": 0.6, "no_residual": 0.5},
            "corrected": {"all": 0.6, "rows_with_wrong_concept": 0.7, "no_residual": 0.5},
            "gain": {"mean": 0.1, "ci95": [0.02, 0.18], "n": 812}},
        "residual_share": 0.4 if concepts else None,
    }


METRICS = {"dev": a_report(0.66), "baselines": {"black_box": a_report(0.67, concepts=False), "dense": a_report(0.65),
                                                "magnitude_masks": a_report(0.64), "published": None}}


def test_this_model_comes_first_the_majority_last_and_what_is_missing_stays_out() -> None:
    names = [score.name for score in model_scores("mini", METRICS)]
    assert names == ["This model: mini", "Dense concept model, no masks", "Black box, no concepts", "Magnitude masks",
                     "Always the most common answer"]


def test_figures_are_percent_with_their_interval() -> None:
    table = score_table(model_scores("mini", METRICS))
    own, box, majority = table.iloc[0], table.loc["Black box, no concepts"], table.iloc[-1]
    assert own["Label accuracy"] == "66.0 % (61.0 to 71.0)" and own["Texts"] == "1,673"
    assert own["Concept accuracy"] == "78.0 %", "the mean of 66 and 90"
    assert box["Concept accuracy"] == "–"
    assert majority["Label accuracy"] == "30.0 %" and majority["Concept macro F1"] == "10.0 %"


def test_without_metrics_there_is_no_table() -> None:
    assert model_scores("mini", {}) == ()


def test_what_correcting_does_is_said_whichever_way_it_goes() -> None:
    report = a_report(0.66)
    assert "812 texts" in findings(report)[0] and "from 60.0 % to 70.0 %" in findings(report)[0]
    report["correction"]["corrected"]["rows_with_wrong_concept"] = 0.5
    assert "from 60.0 % to 50.0 %" in findings(report)[0]
    report["correction"]["gain"] = None
    assert len(findings(report)) == 1 and "50.0 % of the labels right" in findings(report)[0]
    assert findings(a_report(0.6, concepts=False)) == ()


def test_ordinary_accuracy_stands_next_to_the_most_common_answer() -> None:
    said = ordinary_accuracy(METRICS, CEBAB)
    assert all(part in said for part in ("1,673", "66 %", "61 to 71", "4 stars", "30 %"))
    assert ordinary_accuracy({}, CEBAB) == ""
