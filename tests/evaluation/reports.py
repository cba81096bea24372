"""Stored measurements made by hand."""

from typing import Any

from sparsecbm.evaluation.causal import ERRORS, CausalReport, ExplainerScore, Mean


def scored(value: float) -> dict[str, Any]:
    """Scores of the label or of a concept."""
    return {"macro_f1": value, "accuracy": value + 0.1, "majority": {"macro_f1": 0.1, "accuracy": 0.5},
            "ci95": {"macro_f1": [value - 0.2, value + 0.2], "accuracy": [0.0, 1.0]}}


def correction(
    predicted: float, corrected: float | None, none: float = 0.5, true: float = 0.52, n: int = 100
) -> dict[str, Any]:
    """A report in which `n` rows have a misread concept."""
    gain = None
    if corrected is not None:
        mean = corrected - predicted
        gain = {"mean": mean, "ci95": [mean - 0.1, mean + 0.1], "n": n}
    rows = {"predicted": (predicted, none), "corrected": (corrected, none), "true": (0.8, true)}
    return {"rows": {"with_wrong_concept": n},
            "correction": {name: {"all": 0.7, "rows_with_wrong_concept": wrong, "no_residual": alone}
                           for name, (wrong, alone) in rows.items()} | {"gain": gain}}


def causal(cosine: float | None = None, **leads: float) -> CausalReport:
    """References whose errors are so much above the override's, give or take 0.01; `cosine` is another lead by that."""
    def score(lead: float | None) -> ExplainerScore:
        means = {name: Mean(0.5, (0.4, 0.6)) for name in ERRORS}
        if lead is None:
            return ExplainerScore(10, means, {}, None)
        by = dict.fromkeys(ERRORS, lead) | ({} if cosine is None else {"cosine": cosine})
        return ExplainerScore(10, means, {}, {name: Mean(one, (one - 0.01, one + 0.01)) for name, one in by.items()})

    return CausalReport("hash", "dev", "data", "train", "other", 0, 12, 10, {
        "override": score(None), **{name: score(lead) for name, lead in leads.items()}})


TRAINING = {"best_epoch": 1, "seconds": 120.0, "epochs": [
    {"epoch": 0, "loss": 2.0, "sparsity": 0.0, "seconds": 5.0},
    {"epoch": 1, "loss": 1.0, "sparsity": 0.7, "seconds": 6.0, "label_macro_f1": 0.6, "concept_macro_f1": 0.8}]}
