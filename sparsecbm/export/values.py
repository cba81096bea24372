"""Predictions, explanations and edits as plain JSON values."""

import csv
import io
from collections.abc import Sequence
from typing import Any

import numpy as np

from sparsecbm.familiarity.unlike import is_unlike
from sparsecbm.figures.text import visible
from sparsecbm.revision.edit import Edit, Override
from sparsecbm.revision.patch import Patch
from sparsecbm.schema import ConceptSchema
from sparsecbm.spreadsheet import protected
from sparsecbm.types import Attribution, Explanation, InterventionResult, Prediction, Receipt, Word


def explanation_json(explanation: Explanation, intervention: InterventionResult | None = None) -> dict[str, Any]:
    """An explanation, and the result of an intervention, as in `explain --json`.

    No number is rounded: for every label, `label.logits` is `label_bias` plus the concepts' `contributions` plus
    `residual`, up to float32. `unlike` is the share of held-out texts that are more like the training texts, 0..1, and
    None where that was not measured; `unlike_flag` says whether the text is marked for it.
    """
    prediction = explanation.prediction
    plain: dict[str, Any] = {
        "text": prediction.text,
        "tokens_read": prediction.tokens_read,
        "tokens_total": prediction.tokens_total,
        "truncated": prediction.truncated,
        "unlike": prediction.unlike,
        "unlike_flag": is_unlike(prediction.unlike),
        **prediction_json(prediction),
        "attributions": [attribution_json(attribution) for attribution in explanation.attributions],
        "receipt": receipt_json(explanation.receipt),
    }
    if intervention is not None:
        plain["intervention"] = intervention_json(intervention)
    return plain


def prediction_json(prediction: Prediction) -> dict[str, Any]:
    """Label, concepts and contributions; probabilities are 0..1, everything else is in logits."""
    schema = prediction.schema
    probabilities = _named(schema.labels, prediction.label_probabilities)
    return {
        "label": {
            "name": prediction.label,
            "probabilities": probabilities,
            "logits": _named(schema.labels, prediction.label_logits),
        },
        "concepts": [
            {
                "name": concept,
                "probabilities": _named(schema.values_of(concept), prediction.concept_probabilities[
                    k, schema.value_places(concept)]),
                "contributions": _named(schema.labels, prediction.contributions[k]),
            }
            for k, concept in enumerate(schema.concepts)
        ],
        "label_bias": _named(schema.labels, prediction.label_bias),
        "residual": _named(schema.labels, prediction.residual),
    }


def attribution_json(attribution: Attribution) -> dict[str, Any]:
    """The words of the text in order, each with its score in logits, and the completeness gap.

    `unread` is empty for a word that the model reads, else "unread", "partly unread" or "unseen".
    `parts` has a label's scores by concept and residual, in the order of `words`; a concept's target has no parts.
    """
    words = zip(attribution.words, attribution.scores, strict=True)
    return {
        "target": str(attribution.target),
        "method": attribution.method,
        "steps": attribution.steps,
        "words": [{"word": word.text, "score": float(score), "unread": word.unread} for word, score in words],
        "parts": {name: [float(score) for score in scores] for name, scores in attribution.parts.items()},
        "completeness_gap": float(attribution.completeness_gap),
        "difference": float(attribution.difference),
        "milliseconds": float(attribution.milliseconds),
    }


def unread_json(words: Sequence[Word]) -> list[dict[str, str]]:
    """The words that the model does not read as they stand, and how much of each it reads."""
    return [{"word": word.text, "unread": word.unread} for word in words if word.unread]


def intervention_json(result: InterventionResult) -> dict[str, Any]:
    """The prediction before and after, and the distributions that a person set."""
    schema = result.before.schema
    return {
        "overrides": {
            concept: _named(schema.values, np.asarray(distribution))
            for concept, distribution in result.overrides.items()
        },
        "before": prediction_json(result.before),
        "after": prediction_json(result.after),
    }


def receipt_json(receipt: Receipt) -> dict[str, Any]:
    """How and where a result was computed."""
    return {
        "checkpoint": receipt.checkpoint,
        "method": receipt.method,
        "device": receipt.device,
        "dtype": receipt.dtype,
        "milliseconds": float(receipt.milliseconds),
    }


def _named(names: tuple[str, ...], numbers: np.ndarray) -> dict[str, float]:
    return {name: float(number) for name, number in zip(names, numbers, strict=True)}


def edit_json(edit: Edit, schema: ConceptSchema) -> dict[str, Any]:
    """What was set, or how many weights were exchanged; `portion` is the share of the active weights, 0..1."""
    if isinstance(edit, Override):
        shares = None if edit.distribution is None else dict(zip(schema.values, edit.distribution, strict=True))
        return {"kind": "override", "concept": edit.concept, "distribution": shares}
    return {"kind": "revision", "concept": edit.concept, "value": edit.value, "portion": edit.portion,
            "steps": edit.steps, "dropped": edit.change.dropped_count, "grown": edit.change.grown_count}


def edits_json(edits: Sequence[Edit], schema: ConceptSchema) -> list[dict[str, Any]]:
    """The edits in their order."""
    return [edit_json(edit, schema) for edit in edits]


def patch_json(patch: Patch, schema: ConceptSchema) -> dict[str, Any]:
    """The description of a patch and its revisions, without the weights."""
    return {"name": patch.name, "note": patch.note, "author": patch.author, "created": patch.created,
            "base": patch.base, "revisions": edits_json(patch.revisions, schema)}


def explanation_csv(explanation: Explanation) -> str:
    """Every score in full precision, with what is needed to interpret it.

    `position` counts words and `start`, `end` characters of the text, all from 0; `unread` is empty for a word that the
    model reads. Each part of a label's scores has a column of its own, e.g. `part_food`, empty for a concept's own
    scores; scores, parts, `completeness_gap` and `difference` are in logits. `steps` is empty for methods that take
    none.
    """
    parts = list(dict.fromkeys(name for attribution in explanation.attributions for name in attribution.parts))
    receipt, output = explanation.receipt, io.StringIO()
    writer = csv.writer(output, quoting=csv.QUOTE_MINIMAL, lineterminator="\n")
    writer.writerow(as_cell(name) for name in (
        "checkpoint", "target", "method", "steps", "position", "start", "end", "word", "unread", "score",
        *(f"part_{name}" for name in parts), "completeness_gap", "difference", "device", "dtype"))
    for attribution in explanation.attributions:
        for position, (word, score) in enumerate(zip(attribution.words, attribution.scores, strict=True)):
            writer.writerow(map(as_cell, (
                receipt.checkpoint, str(attribution.target), attribution.method, attribution.steps, position,
                word.start, word.end, word.text, word.unread, float(score),
                *(float(attribution.parts[name][position]) if name in attribution.parts else None for name in parts),
                float(attribution.completeness_gap), float(attribution.difference), receipt.device, receipt.dtype)))
    return output.getvalue()


def as_cell(content: str | int | float | None) -> str | int | float | None:
    """Text with control characters made visible and in a form that no spreadsheet runs; anything else unchanged."""
    return protected(visible(content)) if isinstance(content, str) else content
