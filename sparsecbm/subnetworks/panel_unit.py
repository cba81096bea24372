"""One head or neuron in detail: its words, those of its whole subnetwork, and the effect of taking it out."""

from dataclasses import replace

import streamlit as st

from sparsecbm.figures.text import receipt_line
from sparsecbm.service import Explainer
from sparsecbm.subnetworks.figure_units import (
    attribution_name,
    check_text,
    holds,
    sure_text,
    unit_text,
    without_words_text,
)
from sparsecbm.subnetworks.panel_knockout import knocked_out, predict_without, take_out
from sparsecbm.subnetworks.panel_selection import STATE
from sparsecbm.subnetworks.unit_attribution import Unit, UnitAttribution
from sparsecbm.types import Attribution, Prediction
from sparsecbm.ui.chart import title
from sparsecbm.ui.safe_text import as_markdown
from sparsecbm.ui.session import seed_widget
from sparsecbm.ui.shell import is_dark, note
from sparsecbm.ui.view import View
from sparsecbm.words.figure import far_from_complete, full_colour, gap_text, heatmap_html, legend_html, miss_text
from sparsecbm.words.methods import method_named

READ_HELP = (
    "**Words it uses**: what each word adds to the score of this part, by integrated gradients from an empty text to "
    "this one. **Positions where it acts**: at which words the part puts its result. In the last layers that is often "
    "every position alike, whatever words the result comes from."
)
_WORDS, _TAKE = "subnetworks:unit:words", "subnetworks:unit:take"
_SHOWN = {"read": "Words it uses", "place": "Positions where it acts"}


def unit_look(
    explainer: Explainer, found: UnitAttribution, unit: Unit, view: View, prediction: Prediction, share: float
) -> None:
    """The sentence, the words, the check, and the way to the live knock-out; `share` of its weights is its own."""
    name = attribution_name(found, prediction.schema)
    with st.spinner(f"Following the words into {unit}…"):
        words, loss = _words_and_effect(explainer, explainer.checkpoint.hash, found, view.text, found.target,
                                        found.through, unit)
        whole = _whole(explainer, found, view.text, words)
        result = predict_without(explainer, explainer.checkpoint.hash, view.text, (unit.knock_out(found.through),),
                        view.residual)
    st.markdown(f"**{as_markdown(unit_text(found, unit, words, prediction.schema))}**")
    shown = st.session_state.get(_WORDS) or "read"
    st.segmented_control("Show", list(_SHOWN), key=_WORDS, default=seed_widget(_WORDS, shown), required=True,
                         format_func=_SHOWN.__getitem__, help=READ_HELP)
    own = words if shown == "read" else replace(words, scores=found.word_scores(unit))
    left, right = st.columns(2, gap="medium")
    with left:
        _words(str(unit).capitalize(), READ_HELP, own, name, prediction)
    with right:
        _words(f"All of {found.through}'s subnetwork", "For comparison: the words through all its heads and neurons "
               "together, as on the Explain page.", whole, name, prediction)
    own_weights = f"{100 * share:.1f} % of its used weights only {found.through} uses."
    note(as_markdown(f"{without_words_text(found, unit, words)} {own_weights}" if shown == "read" else own_weights))
    if shown == "read" and far_from_complete(words):
        st.warning(as_markdown(f"These word scores are rough: {miss_text(words)}."), icon=":material/warning:")
    check = f"{check_text(found, unit, loss, name)} {sure_text(found, result)}"
    if holds(found.score(unit), loss):
        st.info(as_markdown(check), icon=":material/straighten:")
    else:
        st.warning(as_markdown(check), icon=":material/warning:")
    _way_out(found, unit)
    note(as_markdown(receipt_line(
        replace(prediction.receipt, method=found.method, milliseconds=found.milliseconds), name, "words: "
        f"{method_named(words.method).with_steps(words.steps)}, {gap_text(words)}, {words.milliseconds:.0f} ms")))


def _words(heading: str, explanation: str, attribution: Attribution, name: str, prediction: Prediction) -> None:
    limit, dark = full_colour((attribution,)), is_dark()
    title(as_markdown(heading), explanation)
    with st.container(border=True):
        st.html(heatmap_html(attribution, prediction.text, limit, dark, prediction.truncated))
    st.html(legend_html(limit, dark, name, attribution.words))


def _way_out(found: UnitAttribution, unit: Unit) -> None:
    one = unit.knock_out(found.through)
    if one in knocked_out():
        st.markdown(f":material/content_cut: Taken out, for {as_markdown(found.through)} only: "
                    "[see below](#knock-out) what becomes of the answer, take out more, or put it back.")
    elif st.button("Take it out", key=_TAKE, icon=":material/content_cut:",
                   help="Puts it on the list below, where you can take out more and compare before and after."):
        take_out(one)
        STATE.run_again()


@st.cache_data(max_entries=128, show_spinner=False)
def _words_and_effect(
    _explainer: Explainer, checkpoint: str, _found: UnitAttribution, text: str, target: object, through: str, unit: Unit
) -> tuple[Attribution, float]:
    """The words that a unit uses, and what the logit loses without it."""
    return _explainer.unit_words(_found, text, unit), _explainer.unit_effect(_found, text, unit)


def _whole(explainer: Explainer, found: UnitAttribution, text: str, words: Attribution) -> Attribution:
    """The words through the whole subnetwork, scored by the same method."""
    attribution = explainer.explain(text, [found.target], words.method, words.steps).attributions[0]
    if found.target.concept is not None:
        return attribution
    return replace(attribution, scores=attribution.parts[found.through], parts={})
