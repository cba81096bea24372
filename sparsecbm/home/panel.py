"""The first screen: what this is, how good the loaded model is, where it fails, and where to start."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from sparsecbm.figures.dots import Interval, ModelScore, label_scores
from sparsecbm.figures.text import label_name, percent
from sparsecbm.data.samples import load_samples
from sparsecbm.home.sample_failures import Failure, Survey, few_of_each_kind, survey
from sparsecbm.schema import ConceptSchema
from sparsecbm.service import CheckpointInfo, Explainer
from sparsecbm.ui.pin import pin
from sparsecbm.ui.review import MOST_CHARACTERS
from sparsecbm.ui.scene_parts import failure_parts
from sparsecbm.ui.session import current_view, start_review
from sparsecbm.ui.shell import EXPLAIN, note
from sparsecbm.ui.text import as_markdown, clean_text
from sparsecbm.ui.view import View, to_address

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


SHOWN_FAILURES = 3
NUMBERS_HELP = (
    "Scores on reviews that the model was not trained on; in brackets the bootstrap 95 % interval. Macro F1 is the "
    "plain mean over classes, so rare ones count as much as common ones. Concept figures are means over the concepts. "
    "The same reviews chose the best epoch, so figures on new reviews may be a little lower."
)


def introduction(schema: ConceptSchema) -> None:
    """What a concept and a subnetwork are, in two sentences."""
    concepts = ", ".join(schema.concepts)
    st.markdown(
        f"A **concept** is something a person would look for in a review ({as_markdown(concepts)}): the model first "
        f"decides whether each is {as_markdown(_either(schema.values))}, then adds them up to a "
        f"{as_markdown(schema.label_title)}, so you can see and correct what it understood.  \n"
        "A **subnetwork** is the part of the network's weights that one concept is read with, while all its other "
        "weights are switched off.")


def review_box(schema: ConceptSchema) -> None:
    """A box whose text opens on the Explain page."""
    with st.form("home:form", border=False):
        text = st.text_area("Explain a review of your own", height=90, max_chars=MOST_CHARACTERS, key="home:box",
                            placeholder="For example: Lovely terrace, but we waited an hour and the soup was cold.")
        sent = st.form_submit_button("Explain")
    if sent and not (text or "").strip():
        st.warning("There is nothing to explain yet: type at least one word.", icon=":material/edit:")
    elif sent:
        start_review(clean_text(text))
        st.switch_page(EXPLAIN, query_params=to_address(current_view(), schema))


#: Samples of each kind that are tried: enough to find failures in, and quick on a CPU.
SURVEYED_OF_EACH_KIND = 2


def surveyed(explainer: Explainer) -> Survey:
    """How the model does on some sample reviews of each kind, worked out once."""
    return _survey(explainer, explainer.checkpoint.hash)


@st.cache_data(max_entries=4, show_spinner=False)
def _survey(_explainer: Explainer, checkpoint: str) -> Survey:
    samples = few_of_each_kind(load_samples(_explainer.schema), SURVEYED_OF_EACH_KIND)
    predictions = _explainer.predict_many([sample.text for sample in samples])
    return survey(samples, predictions, _explainer.override, _explainer.checkpoint.kind)


def failure_cards(explainer: Explainer) -> None:
    """Three reviews that the loaded model gets wrong, each one click from its explanation."""
    with st.spinner("Looking for this model's failures on our samples…"):
        found = surveyed(explainer)
    st.markdown("### Where it fails", help="Found by running the loaded model over sample reviews that we wrote, plain "
                                            "ones and hard ones: irony, negation, hearsay, typing errors and more.")
    note(_survey_line(found))
    shown = found.failures[:SHOWN_FAILURES]
    for column, failure in zip(st.columns(SHOWN_FAILURES, gap="medium"), shown, strict=False):
        with column.container(border=True, height="stretch"):
            _card(failure, explainer)


def model_numbers(checkpoint: CheckpointInfo) -> None:
    """The loaded checkpoint beside its baselines, and what is known of its concepts."""
    st.markdown("### How good is it?", help=NUMBERS_HELP)
    scores = model_scores(checkpoint.name, checkpoint.metrics)
    if scores:
        st.table(score_table(scores))
        for sentence in findings(checkpoint.metrics["dev"]):
            st.markdown(f"- {as_markdown(sentence)}")
        with st.expander("As a picture"):
            split = checkpoint.metrics["dev"].get("split", "dev")
            st.plotly_chart(label_scores(scores, f"Label scores on {split}, n = {scores[0].n:,}"), key="home:scores",
                            config={"toImageButtonOptions": {"format": "svg", "filename": "scores"}},
                            alt="; ".join(f"{score.name}: accuracy {100 * score.accuracy:.1f} percent, macro F1 "
                                          f"{100 * score.macro_f1:.1f} percent" for score in scores))
    else:
        st.info("This checkpoint came without measured numbers. Measure them with `python -m sparsecbm evaluate`.")
    density = ", ".join(f"{name} {percent(share)}" for name, share in checkpoint.density.items())
    note(as_markdown(
        f"Checkpoint {checkpoint.name}, {checkpoint.hash[:12]} · {checkpoint.kind.replace('_', ' ')} · "
        f"{checkpoint.parameters / 1e6:.1f} M parameters · {checkpoint.device} {checkpoint.dtype} · "
        f"{checkpoint.memory_bytes / 2**20:.0f} MB held · loaded in {checkpoint.load_ms / 1000:.1f} s"
        + (f" · share of weights kept: {density}" if density else "")))


def _card(failure: Failure, explainer: Explainer) -> None:
    sample, schema = failure.sample, explainer.schema
    said, meant = label_name(failure.label, schema), label_name(sample.label, schema)
    st.badge(sample.kind, color="gray")
    st.markdown(f"“{as_markdown(sample.text)}”")
    lines = [f"We meant **{as_markdown(meant)}**, it says **{as_markdown(said)}** ({percent(failure.probability)})."]
    for concept, read, truth in failure.misread[:2]:
        lines.append(f"It reads {as_markdown(concept)} as **{as_markdown(read)}**, we meant {as_markdown(truth)}.")
    if len(failure.misread) > 2:
        lines.append(f"It misreads {len(failure.misread)} concepts in all.")
    if failure.corrected is not None and failure.label_wrong:
        mended = label_name(failure.corrected, schema)
        lines.append(f"Correcting {'it' if len(failure.misread) == 1 else 'them'} gives {as_markdown(mended)}"
                     + (": mended." if failure.corrected == sample.label else "."))
    st.markdown("  \n".join(lines))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link(EXPLAIN, label="Explain this one", icon=":material/arrow_forward:",
                     query_params=to_address(View(sample.text), schema))
        pin(f"failure:{sample.id}", f"We meant {meant}, it says {said}", lambda: failure_parts(
            explainer.predict(sample.text), sample.label, sample.concepts))


def _survey_line(found: Survey) -> str:
    if not found.tried:
        return "There are no sample reviews for this checkpoint's concepts; type a review of your own above."
    concepts = sum(1 for failure in found.failures if failure.misread)
    line = (f"Of {found.tried} sample reviews, {SURVEYED_OF_EACH_KIND} of each kind and most of them written to be "
            f"hard, it gets the label of {found.labels_wrong} wrong and misreads some concept of {concepts}.")
    if len(found.failures) < SHOWN_FAILURES:
        line += f" It fails on fewer than {SHOWN_FAILURES}, so there are fewer to show."
    return line


def _either(names: tuple[str, ...]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"
