"""The first screen: what this is, how good the loaded model is, where it fails, and where to start."""

import streamlit as st

from sparsecbm.explainer import CheckpointInfo, Explainer
from sparsecbm.figures.names import label_name, percent
from sparsecbm.figures.scores import label_scores
from sparsecbm.schema import ConceptSchema
from sparsecbm.ui.address import View, to_address
from sparsecbm.ui.deck.parts import failure_parts
from sparsecbm.ui.deck.pinning import pin
from sparsecbm.ui.engine import SURVEYED_OF_EACH_KIND, predicted, surveyed
from sparsecbm.ui.markdown import as_markdown
from sparsecbm.ui.numbers import findings, model_scores, score_table
from sparsecbm.ui.review import MOST_CHARACTERS
from sparsecbm.ui.session import current_view, start_review
from sparsecbm.ui.shell import EXPLAIN, note
from sparsecbm.ui.survey import Failure, Survey
from sparsecbm.ui.typed import typed

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
        start_review(typed(text))
        st.switch_page(EXPLAIN, query_params=to_address(current_view(), schema))


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
            predicted(explainer, sample.text), sample.label, sample.concepts))


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
