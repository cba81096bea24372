"""Two models' reports side by side: each figure from its own report, the difference the right way round."""

from typing import Any

import pytest

from sparsecbm.evaluation.figure import both_rows, both_scores
from sparsecbm.schema import CEBAB
from tests.evaluation.reports import scored


def report(value: float, **others: Any) -> dict[str, Any]:
    return {"label": scored(value) | {"ece": 0.05}, "concepts": {"food": scored(value + 0.1)}} | others


def test_every_row_has_both_models_in_their_order() -> None:
    found = both_scores({"mine": report(0.6), "other": report(0.5)}, "macro_f1", CEBAB)
    assert [(dot.row, dot.series, round(dot.value)) for dot in found] == [
        ("rating", "mine", 60), ("rating", "other", 50), ("food", "mine", 70), ("food", "other", 60)]
    assert found[1].interval == pytest.approx((30, 70))


def test_figures_and_their_difference() -> None:
    """The least lead: of the columns, 90 less 60 and 80 less 70. What one model lacks is a dash."""
    full = {"correction": {"predicted": {"rows_with_wrong_concept": 0.5, "no_residual": 0.4},
                           "corrected": {"rows_with_wrong_concept": 0.55},
                           "gain": {"mean": 0.05, "ci95": [0.01, 0.09], "n": 40}},
            "specificity": [[0.9, 0.7], [0.6, 0.8]], "residual_share": 0.25, "sparsity": {"whole_model": 0.3}}
    rows = {row[0]: row[1:] for row in both_rows({"mine": report(0.6, **full), "other": report(0.55)}, CEBAB)}
    assert rows["rating: macro F1"] == ("60.0", "55.0", "−5.0")
    assert rows["rating: calibration error"] == ("5.0", "5.0", "0.0")
    assert rows["gain of correcting misread concepts, on their texts"] == ("5.0", "–", "–")
    assert rows["least lead of a concept's own subnetwork"] == ("10.0", "–", "–")
    assert rows["residual's share of the label"] == ("25.0", "–", "–")
