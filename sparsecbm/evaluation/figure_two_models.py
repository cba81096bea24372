"""Two models side by side: their scores with intervals, and the difference of every figure."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from sparsecbm.evaluation.figure import majority_dots
from sparsecbm.figures.dots import Dot
from sparsecbm.figures.text import signed
from sparsecbm.schema import ConceptSchema
from sparsecbm.subnetworks.specificity import leads

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
        rows = {kind: row["rows_with_wrong_concept"] for kind, row in report["correction"].items()}
        found += [("gain of correcting misread concepts, on their reviews",
                   _less(rows["corrected"], rows["predicted"])),
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
