"""How good the loaded model is: measured on held-out documents, compared with its baselines."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from sparsecbm.evaluation.field_test import METRICS_KEY, FieldTest
from sparsecbm.evaluation.figure import correction_text
from sparsecbm.evaluation.figure_field_test import gain_text
from sparsecbm.figures.dots import ModelScore, label_scores
from sparsecbm.figures.text import percent, plural
from sparsecbm.intervals import Interval
from sparsecbm.schema import ConceptSchema
from sparsecbm.service import CheckpointInfo
from sparsecbm.ui.loaded_model import load_explainer
from sparsecbm.ui.safe_text import as_markdown
from sparsecbm.ui.shell import note
from sparsecbm.ui.stored_metrics import stored_metrics

NAMES = {
    "dense": "Dense concept model, no masks",
    "black_box": "Black box, no concepts",
    "published": "Published label head",
    "majority": "Always the most common answer",
}
_FIRST = ("dense", "black_box", "published")
NUMBERS_HELP = (
    "Scores on texts that the model was not trained on; in brackets the bootstrap 95 % interval. Macro F1 is the "
    "plain mean over classes, so rare ones count as much as common ones. Concept scores are means over the concepts. "
    "The same texts chose the best epoch, so scores on new ones may be a little lower."
)


def model_numbers(checkpoint: CheckpointInfo) -> None:
    """The scores of the loaded checkpoint and of its baselines, and what is known of its concepts."""
    st.markdown("### Compared with other models", help=NUMBERS_HELP)
    scores = model_scores(checkpoint.name, checkpoint.metrics)
    if scores:
        st.table(score_table(scores))
        for sentence in (*findings(checkpoint.metrics["dev"]), *elsewhere(checkpoint)):
            st.markdown(f"- {as_markdown(sentence)}")
        with st.expander("As a picture"):
            split = checkpoint.metrics["dev"].get("split", "dev")
            st.plotly_chart(label_scores(scores, f"Label scores on {split}, n = {scores[0].n:,}"), key="home:scores",
                            config={"toImageButtonOptions": {"format": "svg", "filename": "scores"}},
                            alt="; ".join(f"{score.name}: accuracy {100 * score.accuracy:.1f} percent, macro F1 "
                                          f"{100 * score.macro_f1:.1f} percent" for score in scores))
    else:
        st.info("This checkpoint came without scores. Measure them with `python -m sparsecbm evaluate --save`.")
    density = ", ".join(f"{name} {percent(share)}" for name, share in checkpoint.density.items())
    note(as_markdown(
        f"Checkpoint {checkpoint.name}, {checkpoint.hash[:12]} · {checkpoint.kind.replace('_', ' ')} · "
        f"{checkpoint.parameters / 1e6:.1f} M parameters · {checkpoint.device} {checkpoint.dtype} · "
        f"{checkpoint.memory_bytes / 2**20:.0f} MB held · loaded in {checkpoint.load_ms / 1000:.1f} s"
        + (f" · share of weights kept: {density}" if density else "")))


def ordinary_accuracy(metrics: Mapping[str, Any], schema: ConceptSchema) -> str:
    """How often the label is right on ordinary documents, in a sentence; "" when that was not measured."""
    report = metrics.get("dev")
    if not report:
        return ""
    label, title = report["label"], schema.label_title
    interval = _interval(label, "accuracy")
    said = f"On {report['n']:,} ordinary {schema.documents} it gets {100 * label['accuracy']:.0f} % of the "
    said += f"{plural(title)} right"
    if interval is not None:
        said += f" (95 % interval {100 * interval[0]:.0f} to {100 * interval[1]:.0f})"
    common = label["majority"]
    name = dict(zip(schema.labels, schema.label_display, strict=True)).get(common["value"], common["value"])
    return f"{said}; always answering {name} would get {100 * common['accuracy']:.0f} %."


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
        "Texts": [f"{score.n:,}" for score in scores],
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
    sentences = list(filter(None, [correction_text(report)]))
    sentences.append(f"From its concepts alone, with the residual switched off, it gets "
                     f"{100 * correction['predicted']['no_residual']:.1f} % of the labels right; the residual makes up "
                     f"{percent(report['residual_share'])} of what moves the label.")
    return tuple(sentences)


def elsewhere(checkpoint: CheckpointInfo) -> tuple[str, ...]:
    """What correcting concepts is worth on sources that the model was not trained on, where that was measured."""
    stored = stored_metrics(checkpoint, METRICS_KEY)
    if stored is None:
        return ()
    found = FieldTest.from_json(stored)
    away = {name: source for name, source in found.sources.items() if not source.in_domain}
    return tuple(filter(None, [gain_text(replace(found, sources=away), load_explainer().schema)]))


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
