"""Scores, correction and the residual of a stored report, as numbers to draw and as sentences. All in percent."""

from collections.abc import Mapping, Sequence
from math import nan
from typing import Any

import numpy as np
import pandas as pd

from sparsecbm.evaluation.correction import correction_gain
from sparsecbm.figures.dots import Dot
from sparsecbm.figures.text import signed
from sparsecbm.schema import ConceptSchema
from sparsecbm.subnetworks.specificity import leads

#: The scores of a report, as people call them.
SCORES = {"macro_f1": "macro F1", "accuracy": "accuracy"}
_CONCEPTS = {"predicted": "as predicted", "corrected": "misread ones corrected", "true": "all set to gold"}
_OUTCOMES = {"right": "all right", "label wrong, concepts right": "only the label wrong",
             "concept wrong, label right": "only concepts wrong", "both wrong": "both wrong"}


def majority_dots(report: Mapping[str, Any], score: str, schema: ConceptSchema) -> tuple[Dot, ...]:
    """A score of the label and of every concept, compared with always giving the most common answer."""
    parts = {schema.label_title: report["label"], **(report.get("concepts") or {})}
    return tuple(dot for name, part in parts.items() for dot in (
        Dot(name, "this model", 100 * part[score], percent_interval(part["ci95"][score])),
        Dot(name, "always the most common answer", 100 * part["majority"][score])))


def scores_text(points: Sequence[Dot], score: str) -> str:
    """The label's score with its interval and baseline, and the range of the concepts' scores."""
    label, baseline, *concepts = points
    low, high = label.interval or (nan, nan)
    name = SCORES[score][0].upper() + SCORES[score][1:]
    said = (f"{name} of the {label.row} is {label.value:.1f} % ({low:.1f} to {high:.1f}), "
            f"compared with {baseline.value:.1f} % for always giving the most common answer")
    own = [dot.value for dot in concepts if dot.series == label.series]
    return f"{said}; of the concepts, {min(own):.1f} to {max(own):.1f} %." if own else f"{said}."


def correction_dots(report: Mapping[str, Any]) -> tuple[Dot, ...]:
    """Label accuracy by how the concepts are set: with the residual, without it, and where a concept is misread."""
    columns = {"all": "all texts", "rows_with_wrong_concept": "only texts with a misread concept",
               "no_residual": "all texts, without the residual"}
    return tuple(Dot(how, column, 100 * report["correction"][kind][key])
                 for kind, how in _CONCEPTS.items() for key, column in columns.items()
                 if report["correction"][kind][key] is not None)


def correction_text(report: Mapping[str, Any]) -> str:
    """What correcting misread concepts does to the label, and whether that is more than chance; empty without any."""
    gain = correction_gain(report)
    if gain is None:
        return ""
    said = (f"On the {gain.n:,} texts with a misread concept, correcting it changes label accuracy from "
            f"{100 * gain.before:.1f} % to {100 * gain.after:.1f} %, by {signed(100 * gain.change, 1)} points")
    low, high = (signed(100 * end, 1) for end in gain.interval)
    verdict = ("so chance alone may explain it" if not gain.clear else
               f"so correcting {'helps' if gain.change > 0 else 'hurts'}")
    return f"{said} (95 % interval {low} to {high}), {verdict}."


def leakage_text(report: Mapping[str, Any]) -> str:
    """Whether the label takes more from a concept's probabilities than its value says."""
    table = report["correction"]
    own, gold = (100 * table[kind]["no_residual"] for kind in ("predicted", "true"))
    said = (f"Without the residual, the label is right in {own:.1f} % with predicted and in {gold:.1f} % with gold "
            "concepts.")
    if own <= gold:
        return f"{said} Predicted concepts leak nothing to the label beyond their values."
    return (f"{said} Predicted concepts therefore leak {own - gold:.1f} points to the label beyond their values; no "
            "interval was measured.")


def residual_dots(report: Mapping[str, Any], schema: ConceptSchema) -> tuple[Dot, ...]:
    """The residual's share of what moves the label, by the gold label and by what is right."""
    series = {"label": f"by the gold {schema.label_title}", "outcome": "by what is right"}
    return tuple(Dot(_slice(name, schema), series[by], 100 * part["mean"],
                     None if part["ci95"] is None else percent_interval(part["ci95"]))
                 for by, parts in report["residual_by"].items() for name, part in parts.items())


def residual_table(report: Mapping[str, Any], schema: ConceptSchema) -> pd.DataFrame:
    """The same as numbers, with how many texts each slice has."""
    rows = [(_slice(name, schema), part["n"], 100 * part["mean"], *(percent_interval(part["ci95"] or (nan, nan))))
            for parts in report["residual_by"].values() for name, part in parts.items()]
    columns = ["part", "texts", "residual's share, percent", "95 % from", "95 % to"]
    return pd.DataFrame(rows, columns=columns).round(1)


def residual_text(report: Mapping[str, Any]) -> str:
    """Whether the residual decides more where the label is wrong; empty where there are too few to compare."""
    parts = report["residual_by"]["outcome"]
    right, wrong = parts.get("right"), parts.get("label wrong, concepts right")
    if not right or not wrong or right["ci95"] is None or wrong["ci95"] is None:
        return ""
    said = (f"Where all is right the residual's share is {100 * right['mean']:.1f} %, where only the label is wrong "
            f"{100 * wrong['mean']:.1f} %")
    if right["ci95"][0] <= wrong["ci95"][1] and wrong["ci95"][0] <= right["ci95"][1]:
        return f"{said}; the intervals overlap, so there may be no difference."
    return f"{said}: it decides {'more' if wrong['mean'] > right['mean'] else 'less'} where the label is wrong."


def percent_interval(interval: Sequence[float]) -> tuple[float, float]:
    """An interval of a share, 0..1, in percent."""
    low, high = interval
    return 100 * low, 100 * high


def _slice(name: str, schema: ConceptSchema) -> str:
    """A slice of the texts as people call it: those of a label, or of an outcome."""
    shown = dict(zip(schema.labels, schema.label_display, strict=True))
    return shown.get(name) or _OUTCOMES[name]


Report = Mapping[str, Any]


def both_scores(reports: Mapping[str, Report], score: str, schema: ConceptSchema) -> tuple[Dot, ...]:
    """A score of the label and of every concept, a series for each model by its name."""
    found = [Dot(dot.row, name, dot.value, dot.interval) for name, report in reports.items()
             for dot in majority_dots(report, score, schema) if dot.series == "this model"]
    rows = list(dict.fromkeys(dot.row for dot in found))
    return tuple(sorted(found, key=lambda dot: rows.index(dot.row)))


def both_rows(reports: Mapping[str, Report], schema: ConceptSchema) -> list[tuple[str, str, str, str]]:
    """Every figure of two models in percent, and the second less the first in points; a dash where one lacks it."""
    one, other = (dict(_figures(report, schema)) for report in reports.values())
    return [(name, _percent(one.get(name)), _percent(other.get(name)), _points(_less(other.get(name), one.get(name))))
            for name in dict.fromkeys([*one, *other])]


def _figures(report: Report, schema: ConceptSchema) -> list[tuple[str, float | None]]:
    title, label = schema.label_title, report["label"]
    found = [(f"{title}: accuracy", label["accuracy"]), (f"{title}: macro F1", label["macro_f1"]),
             (f"{title}: calibration error", label.get("ece"))]
    for name, part in (report.get("concepts") or {}).items():
        found += [(f"{name}: accuracy", part["accuracy"]), (f"{name}: macro F1", part["macro_f1"])]
    if report.get("correction"):
        gain = correction_gain(report)
        found += [("gain of correcting misread concepts, on their texts", None if gain is None else gain.change),
                  (f"{title}: accuracy without the residual", report["correction"]["predicted"]["no_residual"])]
    if report.get("specificity"):
        square = np.array(report["specificity"], dtype=float)
        ahead = leads(square, tuple(map(str, range(len(square)))))
        found.append(("least lead of a concept's own subnetwork", min((one.lead for one in ahead), default=None)))
    found += [("residual's share of the label", report.get("residual_share")),
              ("weights pruned, of the whole model", (report.get("sparsity") or {}).get("whole_model"))]
    return [(name, None if share is None else 100 * share) for name, share in found]


def _less(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other


def _percent(number: float | None) -> str:
    return "–" if number is None else f"{number:.1f}"


def _points(number: float | None) -> str:
    return "–" if number is None else signed(number, 1)
