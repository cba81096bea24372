"""The text with its words coloured by what they contribute, and the controls of these scores.

The panel is one fragment. While there is slow work it draws itself again every half second, and only then: a fragment
keeps its pace for as long as the page does, so the whole page runs once when work starts and once when it ends.
"""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from sparsecbm.familiarity.panel import unlike_note
from sparsecbm.figures.text import target_name
from sparsecbm.types import Explanation, Prediction, Word
from sparsecbm.ui.loaded_model import load_explainer
from sparsecbm.ui.pin import pin
from sparsecbm.ui.safe_text import as_markdown
from sparsecbm.ui.scene_parts import words_parts, words_title
from sparsecbm.ui.session import current_view, run_again, session_job, write_address
from sparsecbm.ui.shell import errors_shown, is_dark, note
from sparsecbm.ui.tasks import polling_fragment, request_work, work_state
from sparsecbm.ui.view import View
from sparsecbm.words.figure import full_colour, legend_html
from sparsecbm.words.panel_controls import chosen_density, method_choice, part_choice, target_choice
from sparsecbm.words.panel_copy import change_line
from sparsecbm.words.panel_faithfulness import method_verdict
from sparsecbm.words.panel_requests import EDIT, is_open, word_requests
from sparsecbm.words.panel_word_scores import gap_warning, receipt_text, strongest_line, unread_note, word_view

HELP = (
    "Every word has a score in logits. Blue words (+) push the model towards the answer, orange words (−) away from "
    "it. Each concept is read by its own subnetwork, so its words can differ from those of the label. The completeness "
    "gap is the part of the difference between an empty text and this one that the scores, added up, do not account "
    "for: the smaller it is, the more the scores can be trusted."
)
#: Scores from a cache appear at once; the page waits this long for others, in seconds.
PATIENCE = 0.15


def heatmap_panel(prediction: Prediction) -> None:
    """The text and the words that speak for and against a chosen target; the text is there before the scores are."""
    job = session_job("explain")
    with errors_shown():
        job.request(word_requests(prediction).works, PATIENCE)
    polling_fragment(job, _panel, prediction, _shared(current_view()))


def _shared(view: View) -> tuple[object, ...]:
    """The part of the view that other panels of the page show, too."""
    change = (view.hidden, view.edit) if is_open(EDIT) else ()
    return view.text, view.target, view.method, view.steps, view.residual, change


def _panel(prediction: Prediction, shown: tuple[object, ...], polling: bool) -> None:
    """`polling` says whether this fragment draws itself again and again."""
    with errors_shown():
        explainer, view, job = load_explainer(), current_view(), session_job("explain")
        if _shared(view) != shown:
            run_again()
        words, requests = explainer.words(view.text), word_requests(prediction)
        write_address(prediction.schema)
        request_work(job, requests.works, polling, run_again)
        explanation = None
        with errors_shown():
            explanation = job.result(requests.scores)
        st.markdown("### Words", help=HELP)
        with st.container(horizontal=True, vertical_alignment="center"):
            with st.popover("Target and method", icon=":material/tune:", type="tertiary", key="explain:settings"):
                target_choice(requests.target, prediction, explainer.checkpoint.kind == "black_box")
                if explanation is not None:
                    part_choice(explanation.attributions[0], view.part)
                method_choice(view, words=len(words))
            if explanation is not None:
                pin("words", words_title(explanation), partial(words_parts, explanation, view.part),
                    receipt_text(explanation))
        work_state(job, "explain", job.cancel, "There are no scores; choose a faster method or press Run again.")
        _words(prediction, words, explanation)


def _words(prediction: Prediction, words: Sequence[Word], explanation: Explanation | None) -> None:
    """The strongest words, the text, what is predicted without the words that are out, and how far to trust it all."""
    view, schema = current_view(), prediction.schema
    attribution = explanation.attributions[0] if explanation else None
    if attribution is not None:
        strongest_line(attribution, schema, view)
    note(":material/touch_app: Click a word to see the prediction without it.")
    word_view(prediction, words, attribution, view, chosen_density(len(words)))
    unread_note(words)
    with errors_shown():
        change_line(prediction, view, words)
    unlike_note(prediction)
    if explanation is None or attribution is None:
        return
    st.html(legend_html(full_colour((attribution,)), is_dark(), target_name(attribution.target, schema)))
    note(as_markdown(receipt_text(explanation)))
    gap_warning(attribution)
    verdict = method_verdict(load_explainer().checkpoint.metrics, attribution)
    if verdict is not None:
        better, sentence = verdict
        note(sentence) if better else st.warning(sentence, icon=":material/warning:")
