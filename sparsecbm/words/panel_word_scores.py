"""The review with its words coloured, large: one sentence, the words, what their colours mean, and a receipt."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from sparsecbm.figures.text import as_html, receipt_line, signed, target_name
from sparsecbm.types import Attribution, Explanation
from sparsecbm.ui.session import change
from sparsecbm.ui.shell import is_dark, note
from sparsecbm.ui.text import as_markdown
from sparsecbm.ui.view import View
from sparsecbm.words.figure import far_from_complete, full_colour, gap_text, legend_html, miss_text
from sparsecbm.words.methods import method_named
from sparsecbm.words.panel_tokens import token_pieces, token_view


def plain_review(text: str, height: str = "24rem") -> None:
    """A review whose words are not scored; one that needs more than `height` scrolls."""
    with st.container(border=True):
        st.html(f'<div dir="auto" style="white-space:pre-wrap;overflow-wrap:anywhere;max-height:{height};'
                f'overflow-y:auto">{as_html(text)}</div>')


def scored_review(explanation: Explanation, view: View, density: str) -> None:
    """The words for and against the target, whole or through the view's part; pressing a word hides it."""
    attribution, prediction = explanation.attributions[0], explanation.prediction
    dark, limit = is_dark(), full_colour((attribution,))
    name = target_name(attribution.target, prediction.schema)
    part = view.part if view.part in attribution.parts else None
    shown = attribution if part is None else replace(attribution, scores=attribution.parts[part])
    through = "" if part is None else f" through **{as_markdown(part)}**"
    without = " without the residual" if attribution.target.concept is None and not view.residual else ""
    st.markdown(f"Words for and against **{as_markdown(name)}**{through}{without}: {_sentence(shown)}")
    with st.container(border=True):
        token_view("explain:tokens", f"Words for and against {name}. Arrow keys move, Enter takes a word out.",
                   prediction.text, token_pieces(shown, prediction.text, limit, dark, density, view.hidden,
                                                 prediction.truncated), density, _hide)
    st.html(legend_html(limit, dark, name))


def receipt(explanation: Explanation) -> None:
    """Always on screen: by what the words were scored, and how far the scores account for the whole."""
    attribution = explanation.attributions[0]
    note(as_markdown(receipt_text(explanation)))
    if far_from_complete(attribution):
        st.warning(f"Read these words with care: {miss_text(attribution)}. Integrated gradients, or more steps, miss "
                   "less. The sum further down is exact.", icon=":material/warning:")


def receipt_text(explanation: Explanation) -> str:
    """The same in one line, for the first target."""
    attribution = explanation.attributions[0]
    whole = replace(explanation.receipt, method=how(attribution), milliseconds=attribution.milliseconds)
    return receipt_line(whole, str(attribution.target), gap_text(attribution))


def how(attribution: Attribution) -> str:
    """Method and steps, e.g. "Integrated gradients, 32 steps"."""
    return method_named(attribution.method).with_steps(attribution.steps)


def _sentence(attribution: Attribution) -> str:
    """The strongest words each way, in words."""
    order = [number for number in attribution.scores.argsort()
             if any(letter.isalnum() for letter in attribution.words[number].text)]
    said = [_strongest(attribution, order[::-1][:2], 1, "for it"), _strongest(attribution, order[:2], -1, "against it")]
    return "; ".join(filter(None, said)) + "." if any(said) else "no word moves it."


def _strongest(attribution: Attribution, numbers: Sequence[Any], sign: int, verb: str) -> str:
    names = [f"**{as_markdown(attribution.words[number].text)}** ({signed(float(attribution.scores[number]))})"
             for number in numbers if sign * attribution.scores[number] >= 0.005]
    return f"{' and '.join(names)} {'speaks' if len(names) == 1 else 'speak'} most {verb}" if names else ""


def _hide(hidden: tuple[int, ...]) -> None:
    change(hidden=hidden, edit=None)
