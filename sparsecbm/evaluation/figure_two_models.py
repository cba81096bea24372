"""Rewritings of reviews: what one did to the label's probabilities beside what was foretold, and which to look at."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from sparsecbm.evaluation.figure import beside_majority
from sparsecbm.figures.dots import Dot
from sparsecbm.figures.text import signed
from sparsecbm.schema import ConceptSchema
from sparsecbm.subnetworks.figure_specificity import leads

Report = Mapping[str, Any]


def both_scores(reports: Mapping[str, Report], score: str, schema: ConceptSchema) -> tuple[Dot, ...]:
    """A score of the label and of every concept, a series for each model by its name."""
    found = [Dot(dot.row, name, dot.value, dot.interval) for name, report in reports.items()
             for dot in beside_majority(report, score, schema) if dot.series == "this model"]
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


#: In which order pairs are looked through, by the name that the address gives it.
SORTS = {"far": "farthest off first", "near": "nearest first", "file": "as in the file"}
Change = Float[np.ndarray, " label"]


def effect_dots(effects: Mapping[str, Change], schema: ConceptSchema) -> tuple[Dot, ...]:
    """The change of every label's probability in points, a series for each effect."""
    return tuple(Dot(name, series, 100 * float(change[place])) for place, name in enumerate(schema.label_display)
                 for series, change in effects.items())


def distance_text(distances: Mapping[str, float], all_l2: Float[np.ndarray, " pair"]) -> str:
    """How far the foretold effect is from the true one, beside the pairs `all_l2` is of."""
    farther = float((all_l2 > distances["l2"]).mean())
    return (f"Distance of the foretold effect from what the rewriting did: L2 {distances['l2']:.3f} (mean of these "
            f"{len(all_l2):,} pairs {all_l2.mean():.3f}; {100 * farther:.0f} % of them are farther off), cosine "
            f"distance {distances['cosine']:.3f}, difference of the norms {distances['norm_difference']:.3f}.")


def ordered_pairs(
    chosen: Bool[np.ndarray, " pair"], l2: Float[np.ndarray, " pair"], sort: str
) -> Int[np.ndarray, " shown"]:
    """Numbers of the chosen pairs, in an order of SORTS; equal ones as in the file."""
    numbers = np.flatnonzero(chosen)
    if sort == "file":
        return numbers
    return np.asarray(numbers[np.argsort((-1 if sort == "far" else 1) * l2[numbers], kind="stable")])
