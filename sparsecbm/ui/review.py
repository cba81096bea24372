"""The form for a text: typed, pasted, or one of the samples; and what the screen says when there is none."""

from collections.abc import Callable

import streamlit as st

from sparsecbm.data.samples import load_samples
from sparsecbm.figures.text import with_article
from sparsecbm.schema import ConceptSchema
from sparsecbm.types import Prediction
from sparsecbm.ui.safe_text import as_markdown, clean_text, shortened
from sparsecbm.ui.session import seed_widget, start_review
from sparsecbm.ui.shell import note
from sparsecbm.ui.view import View

#: Far beyond what any model reads, and small enough for one message.
MOST_CHARACTERS = 100_000
_FOLD = "explain:fold"


def review_form(view: View, schema: ConceptSchema, button: str = "Explain") -> None:
    """A box to type a review into with a button under it, and a list of samples beside it; one line once it is read."""

    def take(text: str) -> None:
        st.session_state[_FOLD] = False
        start_review(text)

    read = not view.blank
    line = f"**Edit text** · {as_markdown(shortened(view.text, 110))}"
    with st.expander(line, key=_FOLD) if read else st.container():
        labels = as_markdown(schema.document.capitalize()), "Or open a sample"
        text_form("explain", labels, view.text, schema, button, take)


def text_form(
    keys: str, labels: tuple[str, str], text: str, schema: ConceptSchema, button: str, take: Callable[[str], None]
) -> None:
    """The same for any text: `keys` starts the keys of box, list and form, which have `labels`; `take` gets a text."""
    box, list_ = f"{keys}:box", f"{keys}:samples"
    left, right = st.columns([3, 1.15], gap="medium")
    with left, st.form(f"{keys}:form", border=False):
        st.text_area(labels[0], seed_widget(box, text), key=box, height=110, max_chars=MOST_CHARACTERS,
                     placeholder=f"Type or paste {with_article(schema.document)}, then press {button} (or Ctrl+Enter).")
        st.form_submit_button(button, on_click=_submit, args=(box, take))
    samples = {sample.id: sample for sample in load_samples(schema)}
    if samples:
        chosen = next((sample.id for sample in samples.values() if sample.text == text), None)
        seed_widget(list_, chosen)
        right.selectbox(labels[1], list(samples), None if chosen is None else list(samples).index(chosen),
                        key=list_, placeholder="Choose one",
                        format_func=lambda name: f"{samples[name].kind}: {shortened(samples[name].text, 60)}",
                        on_change=_open_sample, args=(list_, schema, take))
        if chosen:
            with right:
                note(f"A sample that we wrote; its labels: {as_markdown(_meant(chosen, schema))}.")


def text_notices(view: View, prediction: Prediction) -> None:
    """What a reader must know about an unusual text."""
    if prediction.truncated:
        st.warning(f"Long text: the model read the first {prediction.tokens_read:,} of {prediction.tokens_total:,} "
                   "tokens. The rest is struck out below and has no effect.", icon=":material/content_cut:")
    if not view.fits_address:
        st.info("This text is too long for a link: the address keeps your settings, but not the text.",
                icon=":material/link_off:")


def nothing_to_explain(schema: ConceptSchema) -> None:
    """The empty page says what to do."""
    sample = ", or open a sample" if load_samples(schema) else ""
    st.info(f"**Nothing to explain yet.** Type {as_markdown(with_article(schema.document))} above and press *Explain*"
            f"{sample}. You will see which words the model went by, what it predicts for each concept, and how much "
            "each concept moves the label. Then change a concept and watch the label follow.",
            icon=":material/arrow_upward:")


def _submit(box: str, take: Callable[[str], None]) -> None:
    take(clean_text(st.session_state[box]))


def _open_sample(list_: str, schema: ConceptSchema, take: Callable[[str], None]) -> None:
    chosen = st.session_state[list_]
    for sample in load_samples(schema):
        if sample.id == chosen:  # none is when the list was cleared: the review stays
            take(sample.text)


def _meant(name: str, schema: ConceptSchema) -> str:
    sample = next(sample for sample in load_samples(schema) if sample.id == name)
    said = [f"{concept} {value}" for concept, value in sample.concepts.items() if value != "unknown"]
    return ", ".join([schema.label_display[schema.label_index(sample.label)], *said])
