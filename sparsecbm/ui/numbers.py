"""A checkpoint's measured numbers as rows beside its baselines, and as sentences."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from sparsecbm.figures.names import percent
from sparsecbm.figures.scores import Interval, ModelScore

NAMES = {
    "dense": "Dense concept model, no masks",
    "black_box": "Black box, no concepts",
    "published": "Published label head",
    "majority": "Always the most common answer",
}
_FIRST = ("dense", "black_box", "published")


def model_scores(name: str, metrics: Mapping[str, Any]) -> tuple[ModelScore, ...]:
    """This checkpoint, then its baselines, then the majority class; empty when nothing was measured."""
    report = metrics.get("dev")
    if not report:
        return ()
    others = {key: other for key, other in (metrics.get("baselines") or {}).items() if key != "majority" and other}
    order = [*(key for key in _FIRST if key in others), *(key for key in others if key not in _FIRST)]
    rows = [_score(f"This model: {name}", report, loaded=True)]
    rows += [_score(NAMES.get(key, key.replace("_", " ").capitalize()), others[key]) for key in order]
    return (*rows, _majority(report))


def score_table(scores: tuple[ModelScore, ...]) -> pd.DataFrame:
    """The rows as text: percent, with the 95 % interval where there is one."""
    return pd.DataFrame({
        "Model": [score.name for score in scores],
        "Reviews": [f"{score.n:,}" for score in scores],
        "Label accuracy": [_cell(score.accuracy, score.accuracy_interval) for score in scores],
        "Label macro F1": [_cell(score.macro_f1, score.macro_f1_interval) for score in scores],
        "Concept accuracy": [_cell(score.concept_accuracy) for score in scores],
        "Concept macro F1": [_cell(score.concept_macro_f1) for score in scores],
    }).set_index("Model")


def findings(report: Mapping[str, Any]) -> tuple[str, ...]:
    """What correcting concepts does to the label and what the residual carries, in plain sentences."""
    correction = report.get("correction")
    if not correction:
        return ()
    sentences = []
    before, after = (correction[kind]["rows_with_wrong_concept"] for kind in ("predicted", "corrected"))
    if before is not None and after is not None:
        verb = "raises" if after > before else "lowers" if after < before else "leaves"
        rows = (report.get("rows") or {}).get("with_wrong_concept")
        where = f"On the {rows:,} reviews" if rows else "On reviews"
        sentences.append(f"{where} where it misreads a concept, setting the misread concepts right {verb} label "
                         f"accuracy from {100 * before:.1f} % to {100 * after:.1f} %.")
    sentences.append(f"From its concepts alone, with the residual switched off, it gets "
                     f"{100 * correction['predicted']['no_residual']:.1f} % of the labels right; the residual makes up "
                     f"{percent(report['residual_share'])} of what moves the label.")
    return tuple(sentences)


def _score(name: str, report: Mapping[str, Any], loaded: bool = False) -> ModelScore:
    label, concepts = report["label"], list((report.get("concepts") or {}).values())
    return ModelScore(
        name=name, n=report["n"], accuracy=label["accuracy"], accuracy_interval=_interval(label, "accuracy"),
        macro_f1=label["macro_f1"], macro_f1_interval=_interval(label, "macro_f1"),
        concept_accuracy=_mean(concepts, "accuracy"), concept_macro_f1=_mean(concepts, "macro_f1"), loaded=loaded)


def _majority(report: Mapping[str, Any]) -> ModelScore:
    label = report["label"]["majority"]
    concepts = [concept["majority"] for concept in (report.get("concepts") or {}).values()]
    return ModelScore(NAMES["majority"], report["n"], label["accuracy"], None, label["macro_f1"], None,
                      _mean(concepts, "accuracy"), _mean(concepts, "macro_f1"))


def _mean(scores: list[Any], metric: str) -> float | None:
    return sum(score[metric] for score in scores) / len(scores) if scores else None


def _interval(scores: Mapping[str, Any], metric: str) -> Interval | None:
    interval = (scores.get("ci95") or {}).get(metric)
    return None if interval is None else (float(interval[0]), float(interval[1]))


def _cell(score: float | None, interval: Interval | None = None) -> str:
    if score is None:
        return "–"
    text = f"{100 * score:.1f} %"
    return text if interval is None else f"{text} ({100 * interval[0]:.1f} to {100 * interval[1]:.1f})"
