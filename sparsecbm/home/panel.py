"""The first screen: what this is, a box for a document, how good the model is, and the failures that teach most."""

import streamlit as st

from sparsecbm.data.catalogue import SAMPLES
from sparsecbm.data.samples import load_samples
from sparsecbm.failures.error_analysis import ErrorAnalysis
from sparsecbm.failures.panel_state import analysis_of, predictions
from sparsecbm.figures.text import counted, percent, plural, with_article
from sparsecbm.home.panel_scores import ordinary_accuracy
from sparsecbm.home.sample_failures import Failure, Lesson, teaching_failures
from sparsecbm.schema import ConceptSchema
from sparsecbm.service import Explainer
from sparsecbm.ui.chosen_model import with_model
from sparsecbm.ui.loaded_sources import opened_reviews
from sparsecbm.ui.pin import pin
from sparsecbm.ui.review import MOST_CHARACTERS
from sparsecbm.ui.safe_text import as_markdown, clean_text, shortened
from sparsecbm.ui.scene_parts import failure_parts
from sparsecbm.ui.session import current_view, start_review
from sparsecbm.ui.shell import EXPLAIN, FAILURES, link, note
from sparsecbm.ui.view import View, to_address
from sparsecbm.ui.visitor import access_mode

FAILURES_HELP = (
    "Found by running the loaded model over the samples that ship with the project: plain ones and hard ones with "
    "irony, negation, hearsay, typing errors and more. Of each kind of failure, the one whose label is furthest off."
)


def introduction(schema: ConceptSchema) -> None:
    """What a concept and a subnetwork are, in two sentences."""
    concepts = ", ".join(schema.concepts)
    values = "which value each has" if schema.concept_values else \
        f"whether each is {', '.join(schema.values[:-1])} or {schema.values[-1]}"
    st.markdown(
        f"A **concept** is something a person would look for in {as_markdown(with_article(schema.document))} "
        f"({as_markdown(concepts)}): the model first predicts {as_markdown(values)}, then adds them up "
        f"to {as_markdown(with_article(schema.label_title))}, so you can see and correct what it understood.  \n"
        "A **subnetwork** is the part of the network's weights that predicts one concept, with all other weights "
        "switched off.")


def review_box(schema: ConceptSchema) -> None:
    """A box whose text opens on the Explain page."""
    example = next((f"For example: {shortened(sample.text)}" for sample in load_samples(schema)), "Type or paste it.")
    with st.form("home:form", border=False):
        text = st.text_area(f"Explain {as_markdown(with_article(schema.document))} of your own", height=90,
                            max_chars=MOST_CHARACTERS, key="home:box", placeholder=example)
        sent = st.form_submit_button("Explain")
    if sent and not (text or "").strip():
        st.warning("There is nothing to explain yet: type at least one word.", icon=":material/edit:")
    elif sent:
        start_review(clean_text(text))
        st.switch_page(EXPLAIN, query_params=with_model(to_address(current_view(), schema)))


def failure_cards(explainer: Explainer) -> None:
    """How good the model is, and the failures that teach most, each one click from its explanation."""
    st.markdown("### How good is it, and where does it fail?", help=FAILURES_HELP)
    ordinary = ordinary_accuracy(explainer.checkpoint.metrics, explainer.schema)
    if not load_samples(explainer.schema):
        note(as_markdown(f"{ordinary} No samples ship for this checkpoint's concepts; type one above, or load a "
                         "table on the Failures page.".strip()))
        return
    analysis = _analysed(explainer)
    title, rate = explainer.schema.label_title, analysis.error_rate(analysis.label_known)
    st.markdown(as_markdown(f"{ordinary} Most of the {rate.n:,} samples that ship with the project were written to be "
                            f"hard: of these it gets {rate.n - rate.hits:,} {plural(title)} right.".strip()))
    shown = sample_failures(explainer, analysis)
    for column, failure in zip(st.columns(max(len(shown), 1), gap="medium"), shown, strict=False):
        with column.container(border=True, height="stretch"):
            _card(failure, analysis, explainer)
    link(FAILURES, f"All {counted(rate.hits, 'failure')} on the samples, by outcome and by concept",
         ":material/arrow_forward:")


def _analysed(explainer: Explainer) -> ErrorAnalysis:
    """The error analysis of the samples, with a bar while they are predicted for the first time."""
    reviews = opened_reviews(SAMPLES, explainer.schema)
    assert reviews is not None  # the samples of this schema were found
    place, said = st.empty(), f"Predicting {len(reviews):,} samples, once for this checkpoint"

    def report(share: float) -> None:
        if share < 1:
            place.progress(share, f"{said}: {percent(share)}")

    predictions(explainer, reviews, report)
    place.empty()
    return analysis_of(explainer, reviews)


def sample_failures(explainer: Explainer, analysis: ErrorAnalysis) -> tuple[Failure, ...]:
    """The failures that teach most about this model, found once."""
    return _found(explainer, analysis, explainer.checkpoint.hash)


@st.cache_data(max_entries=4, show_spinner=False)
def _found(_explainer: Explainer, _analysis: ErrorAnalysis, checkpoint: str) -> tuple[Failure, ...]:
    reviews, schema = _analysis.reviews, _analysis.reviews.schema

    def corrected(row: int) -> int:
        gold = {concept: tuple(float(v == reviews.values[row, k]) for v in range(len(schema.values)))
                for k, concept in enumerate(schema.concepts) if _analysis.misread[row, k]}
        return schema.label_index(_explainer.override(_explainer.predict(reviews.texts[row]), gold).after.label)

    def without_residual(row: int) -> int:
        return schema.label_index(_explainer.without_residual(_explainer.predict(reviews.texts[row])).label)

    return teaching_failures(_analysis, corrected, without_residual)


def _card(failure: Failure, analysis: ErrorAnalysis, explainer: Explainer) -> None:
    reviews, schema, row = analysis.reviews, explainer.schema, failure.row
    gold, predicted = (schema.label_display[int(labels[row])] for labels in (reviews.labels, analysis.predicted_labels))
    share = percent(float(analysis.predictions.label_probabilities[row].max()))
    st.markdown(f"**{failure.lesson.value[:1].upper()}{failure.lesson.value[1:]}**")
    st.markdown(f"“{as_markdown(reviews.texts[row])}”")
    st.markdown(f"Predicted **{as_markdown(predicted)}** ({share}), true {as_markdown(schema.label_title)} "
                f"**{as_markdown(gold)}**. {as_markdown(_lesson(failure, analysis, gold))}")
    concepts = {concept: schema.values[int(reviews.values[row, k])] for k, concept in enumerate(schema.concepts)
                if analysis.value_known[row, k]}
    with st.container(horizontal=True, vertical_alignment="center"):
        link(EXPLAIN, "Explain this one", ":material/arrow_forward:", to_address(View(reviews.texts[row]), schema))
        pin(f"failure:{reviews.ids[row]}", f"{failure.lesson.value.capitalize()}: true {gold}, predicted {predicted}",
            lambda: failure_parts(explainer.predict(reviews.texts[row]), schema.labels[int(reviews.labels[row])],
                                  concepts))


def _lesson(failure: Failure, analysis: ErrorAnalysis, gold: str) -> str:
    """What the failure shows, in a sentence or two."""
    schema = analysis.reviews.schema
    if failure.concept is not None:
        k = schema.concept_index(failure.concept)
        value, truth = (schema.values[int(values[failure.row, k])]
                        for values in (analysis.predicted_values, analysis.reviews.values))
        return (f"It predicts {failure.concept} {value}, but the {schema.document} says {truth}. With that one "
                f"concept corrected, it predicts {gold}.")
    if failure.lesson is Lesson.RESIDUAL:
        return ("All its concepts are right. Without the residual, which carries what the concepts leave out, it "
                f"predicts {gold}.")
    if analysis.has_concepts:
        return ("All its concepts are right, and the residual is not the cause: these concepts alone do not determine "
                "the label.")
    return "This model has no concepts that could be looked at."


def access_note() -> None:
    """How people are let in where nobody signs in."""
    if access_mode() == "open":
        note("Nobody signs in here: whoever reaches this address sees and changes everything.")
    elif access_mode() == "demo":
        note("This is a demonstration: everything can be tried out, and nothing is saved for others.")
