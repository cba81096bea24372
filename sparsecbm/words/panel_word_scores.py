"""The text with its words coloured: the strongest words in a sentence, the words, and a receipt of the scores."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from sparsecbm.figures.text import as_html, clipped, isolated, receipt_line, signed, target_name
from sparsecbm.schema import ConceptSchema
from sparsecbm.types import Attribution, Explanation, Prediction, Word
from sparsecbm.ui.safe_text import as_markdown
from sparsecbm.ui.session import change, text_key
from sparsecbm.ui.shell import is_dark
from sparsecbm.ui.view import View
from sparsecbm.words.figure import (
    LEAST_LIMIT,
    far_from_complete,
    full_colour,
    gap_text,
    miss_text,
    strongest_words,
    unread_html,
)
from sparsecbm.words.methods import method_named
from sparsecbm.words.panel_tokens import token_pieces, token_view
from sparsecbm.words.unread import nothing_read, unread_text

#: Words that the sentence names, for and against the target.
_NAMED = 2


def plain_review(text: str, height: str = "24rem", words: Sequence[Word] = ()) -> None:
    """A text without word scores; one that needs more than `height` scrolls. Below it, which of the words are unread.
    """
    with st.container(border=True):
        st.html(f'<div dir="auto" style="white-space:pre-wrap;overflow-wrap:anywhere;max-height:{height};'
                f'overflow-y:auto">{as_html(text)}</div>')
    unread_note(words)


def unread_note(words: Sequence[Word]) -> None:
    """Which words the model does not read as they stand, if there are any; a warning where it reads none."""
    if nothing_read(words):
        st.warning(as_markdown(unread_text(words)), icon=":material/visibility_off:")
    elif unread_text(words):
        st.html(unread_html(words))


def word_view(
    prediction: Prediction, words: Sequence[Word], attribution: Attribution | None, view: View, density: str
) -> None:
    """The text, its words coloured once there are scores, whole or through the view's part; a click hides a word."""
    dark, limit, scores, name = is_dark(), LEAST_LIMIT, None, ""
    if attribution is not None:
        limit, name = full_colour((attribution,)), target_name(attribution.target, prediction.schema)
        scores = _through(attribution, view.part).scores.tolist()
    label = f"Words for and against {name}." if name else "The text; its words have no scores yet."
    with st.container(border=True):
        token_view(text_key("explain:tokens"), f"{label} Arrow keys move, Enter takes a word out.", prediction.text,
                   token_pieces(words, scores, prediction.text, limit, dark, density, view.hidden,
                                prediction.truncated), density, _hide)


def strongest_line(attribution: Attribution, schema: ConceptSchema, view: View) -> None:
    """The target, the way to it, and the strongest words for and against it."""
    shown = _through(attribution, view.part)
    through = f" through **{as_markdown(view.part)}**" if view.part and view.part in attribution.parts else ""
    without = " without the residual" if attribution.target.concept is None and not view.residual else ""
    st.markdown(f"Words for and against **{as_markdown(target_name(attribution.target, schema))}**{through}{without}: "
                f"{strongest_sentence(shown)}")


def strongest_sentence(attribution: Attribution) -> str:
    """The strongest words each way with their scores, as Markdown: long words cut, right-to-left words isolated."""
    sentences = []
    for named, effect in zip(strongest_words(attribution, _NAMED), ("for it", "against it"), strict=True):
        words = [f"**{isolated(as_markdown(clipped(word.text)))}** "
                 f"({', '.join(filter(None, (signed(score), word.unread)))})" for word, score in named]
        if words:
            sentences.append(f"{' and '.join(words)} {'speaks' if len(words) == 1 else 'speak'} most {effect}")
    return f"{'; '.join(sentences) or 'no word moves it'}."


def _through(attribution: Attribution, part: str | None) -> Attribution:
    """The attribution, or what goes through one of its parts."""
    scores = attribution.parts.get(part or "")
    return attribution if scores is None else replace(attribution, scores=scores)


def gap_warning(attribution: Attribution) -> None:
    """A warning where the scores do not account for the whole difference."""
    if far_from_complete(attribution):
        st.warning(f"Read these words with care: {miss_text(attribution)}. Integrated gradients, or more steps, leave "
                   "a smaller gap. The contributions of the concepts are exact.", icon=":material/warning:")


def receipt_text(explanation: Explanation) -> str:
    """How the words of the first target were scored, and how far the scores account for the whole, in one line."""
    attribution = explanation.attributions[0]
    whole = replace(explanation.receipt, method=method_title(attribution), milliseconds=attribution.milliseconds)
    return receipt_line(whole, str(attribution.target), gap_text(attribution))


def method_title(attribution: Attribution) -> str:
    """Method and steps, e.g. "Integrated gradients, 32 steps"."""
    return method_named(attribution.method).with_steps(attribution.steps)


def _hide(hidden: tuple[int, ...]) -> None:
    change(hidden=hidden, edit=None)
