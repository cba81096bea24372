"""What was measured of a checkpoint, as numbers to draw and as sentences. Everything in percent or points of it."""

from collections.abc import Mapping
from math import nan
from typing import Any

import pandas as pd

from sparsecbm.evaluation.causal import ERRORS, CausalReport
from sparsecbm.evaluation.curves import CorrectionCurves
from sparsecbm.figures.dots import Dot
from sparsecbm.figures.text import listed
from sparsecbm.schema import ConceptSchema

#: The scores of a report, as people call them.
SCORES = {"macro_f1": "macro F1", "accuracy": "accuracy"}
_CONCEPTS = {"predicted": "as read", "corrected": "set right", "true": "all true"}
_OUTCOMES = {"right": "all right", "label wrong, concepts right": "only the label wrong",
             "concept wrong, label right": "only concepts wrong", "both wrong": "both wrong"}
_ERRORS = {"l2": "L2", "cosine": "cosine distance", "norm_difference": "difference of the norms"}


def beside_majority(report: Mapping[str, Any], score: str, schema: ConceptSchema) -> tuple[Dot, ...]:
    """A score of the label and of every concept, beside always giving the most common answer."""
    parts = {schema.label_title: report["label"], **(report.get("concepts") or {})}
    return tuple(dot for name, part in parts.items() for dot in (
        Dot(name, "this model", 100 * part[score], _percent(part["ci95"][score])),
        Dot(name, "always the most common answer", 100 * part["majority"][score])))


def correction_dots(report: Mapping[str, Any]) -> tuple[Dot, ...]:
    """Label accuracy by what is known of the concepts: with the residual, without it, where a concept is misread."""
    columns = {"all": "all reviews", "rows_with_wrong_concept": "only reviews with a misread concept",
               "no_residual": "all reviews, without the residual"}
    return tuple(Dot(how, column, 100 * report["correction"][kind][key])
                 for kind, how in _CONCEPTS.items() for key, column in columns.items()
                 if report["correction"][kind][key] is not None)


def correction_texts(report: Mapping[str, Any]) -> tuple[str, ...]:
    """What the correction table comes to."""
    table, key = report["correction"], "rows_with_wrong_concept"
    texts = []
    if table["predicted"][key] is not None and table["corrected"][key] is not None:
        gain = 100 * (table["corrected"][key] - table["predicted"][key])
        texts.append(f"Setting misread concepts right changes label accuracy on their reviews by {gain:+.1f} points: "
                     + ("correcting helps." if gain > 0 else "**correcting does not help here.**"))
    ceiling = 100 * (table["predicted"]["no_residual"] - table["true"]["no_residual"])
    texts.append("Without the residual, the label is right in "
                 f"{100 * table['predicted']['no_residual']:.1f} % from the model's own concepts and in "
                 f"{100 * table['true']['no_residual']:.1f} % from the true ones. "
                 + (f"That is {ceiling:.1f} points more than the truth gives: soft concepts tell the label something "
                    "beyond their value." if ceiling > 0 else "It reads no more from a concept than its value."))
    return tuple(texts)


def residual_dots(report: Mapping[str, Any], schema: ConceptSchema) -> tuple[Dot, ...]:
    """The residual's share of what moves the label, by the true label and by what is right."""
    series = {"label": f"by the true {schema.label_title}", "outcome": "by what is right"}
    return tuple(Dot(_slice(name, schema), series[by], 100 * part["mean"],
                     None if part["ci95"] is None else _percent(part["ci95"]))
                 for by, parts in report["residual_by"].items() for name, part in parts.items())


def residual_table(report: Mapping[str, Any], schema: ConceptSchema) -> pd.DataFrame:
    """The same as numbers, with how many reviews each part has."""
    rows = [(_slice(name, schema), part["n"], 100 * part["mean"], *(_percent(part["ci95"] or (nan, nan))))
            for parts in report["residual_by"].values() for name, part in parts.items()]
    columns = ["part", "reviews", "residual's share, percent", "95 % from", "95 % to"]
    return pd.DataFrame(rows, columns=columns).round(1)


def residual_text(report: Mapping[str, Any]) -> str:
    """Whether the residual decides more where the label is wrong; nothing where that cannot be told."""
    parts = report["residual_by"]["outcome"]
    right, wrong = parts.get("right"), parts.get("label wrong, concepts right")
    if not right or not wrong or right["ci95"] is None or wrong["ci95"] is None:
        return ""
    said = (f"Where all is right the residual's share is {100 * right['mean']:.1f} %, where only the label is wrong "
            f"{100 * wrong['mean']:.1f} %")
    if right["ci95"][0] <= wrong["ci95"][1] and wrong["ci95"][0] <= right["ci95"][1]:
        return f"{said}; the intervals meet, so the two cannot be told apart."
    return f"{said}: it decides {'more' if wrong['mean'] > right['mean'] else 'less'} where the label is wrong."


def curve_text(found: CorrectionCurves) -> str:
    """What the first corrections do, and whether wrong ones hurt, in a sentence or two."""
    first = found.policies[found.annotator_policy]
    low, high = (100 * bound for bound in first.change_ci95[1])
    start, wrong = 100 * first.error[0], 100 * found.wrong.error[-1]
    return (f"The label is wrong in {start:.1f} %. One concept set right, the one that {found.annotator_policy} names, "
            f"changes that by {100 * (first.error[1] - first.error[0]):+.1f} points ({low:+.1f} to {high:+.1f}), all "
            f"of them by {100 * (first.error[-1] - first.error[0]):+.1f}. "
            f"All concepts set to wrong values: {wrong:.1f} % "
            + ("wrong, so the label does depend on its concepts." if wrong > start else "wrong: **the label does not "
               "depend on its concepts.**"))


def word_dots(faithfulness: Mapping[str, Any], titles: Mapping[str, str]) -> tuple[Dot, ...]:
    """How far an answer's probability falls without the words that a method names first, beside random words."""
    found = []
    for method, targets in faithfulness["methods"].items():
        for target, part in targets.items():
            mean = part["comprehensiveness"]
            found.append(Dot(target, titles.get(method, method), 100 * mean["mean"], _percent(mean["ci95"])))
    for target, part in next(iter(faithfulness["methods"].values()), {}).items():
        mean = part["random_comprehensiveness"]
        found.append(Dot(target, "random order", 100 * mean["mean"], _percent(mean["ci95"])))
    return tuple(found)


def word_table(faithfulness: Mapping[str, Any], titles: Mapping[str, str]) -> pd.DataFrame:
    """Every measure of every method in points of probability, random order beside it; tau is a rank correlation."""
    rows = [{"target": target, "words in the order of": titles.get(method, method),
             "comprehensiveness": 100 * part["comprehensiveness"]["mean"],
             **dict(zip(("95 % from", "95 % to"), _percent(part["comprehensiveness"]["ci95"]), strict=True)),
             "in random order": 100 * part["random_comprehensiveness"]["mean"],
             "sufficiency": _points(part, "sufficiency"), "sufficiency at random": _points(part, "random_sufficiency"),
             "tau with leaving words out": _mean(part, "loo_tau"),
             "beats random order": part.get("beats_random")}
            for method, targets in faithfulness["methods"].items() for target, part in targets.items()]
    return pd.DataFrame(rows).round(2)


def causal_dots(report: CausalReport) -> tuple[Dot, ...]:
    """The errors of every explainer, smaller for better."""
    return tuple(Dot(name.replace("_", " "), _ERRORS[error], score.errors[error].mean, score.errors[error].ci95)
                 for name, score in report.explainers.items() for error in ERRORS)


def causal_text(report: CausalReport) -> str:
    """Which references the override beats, on the same pairs, and which it does not."""
    beaten: dict[bool, list[str]] = {True: [], False: []}
    for name, score in report.explainers.items():
        if score.to_override is not None and name != "revision":
            clear = all(score.to_override[error].ci95[0] > 0 for error in ("l2", "cosine"))
            beaten[clear].append(name.replace("_", " "))
    said = []
    if beaten[True]:
        said.append(f"Setting the concept is clearly nearer than {listed(beaten[True])} in L2 and cosine.")
    if beaten[False]:
        said.append(f"It is **not** clearly nearer than {listed(beaten[False])} in both.")
    return " ".join(said)


def _slice(name: str, schema: ConceptSchema) -> str:
    """A part of the reviews as people call it: those of a label, or of an outcome."""
    shown = dict(zip(schema.labels, schema.label_display, strict=True))
    return shown.get(name) or _OUTCOMES[name]


def _mean(part: Mapping[str, Any], name: str) -> float | None:
    return part[name]["mean"] if name in part else None


def _points(part: Mapping[str, Any], name: str) -> float | None:
    mean = _mean(part, name)
    return None if mean is None else 100 * mean


def _percent(interval: Any) -> tuple[float, float]:
    low, high = interval
    return 100 * low, 100 * high
