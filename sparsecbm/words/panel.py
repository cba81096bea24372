"""The text with its words coloured by what they contribute, and the controls of these scores.

The panel is one fragment. While there is slow work it draws itself again every half second, and only then: a fragment
keeps its pace for as long as the page does, so the whole page runs once when work starts and once when it ends.
"""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from sparsecbm.types import Explanation, Prediction, Word
from sparsecbm.ui.loaded_model import load_explainer
from sparsecbm.ui.pin import pin
from sparsecbm.ui.scene_parts import words_parts, words_title
from sparsecbm.ui.session import current_view, run_again, session_job, write_address
from sparsecbm.ui.shell import errors_shown, note
from sparsecbm.ui.tasks import Job, polling_fragment, request_work, work_state
from sparsecbm.ui.text import as_markdown
from sparsecbm.ui.view import View
from sparsecbm.words.panel_controls import chosen_density, method_choice, part_choice, target_choice
from sparsecbm.words.panel_copy import change_line, changed_text, compared_texts, edit_form, word_by_word
from sparsecbm.words.panel_faithfulness import method_verdict
from sparsecbm.words.panel_questions import drawn, section
from sparsecbm.words.panel_requests import EDIT, WordRequests, word_requests
from sparsecbm.words.panel_word_scores import gap_warning, receipt_text, strongest_line, word_view

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
    polling_fragment(job, _panel, prediction, _scored_as(current_view()))


def _scored_as(view: View) -> tuple[object, ...]:
    """The part of the view that other panels of the page depend on, too."""
    return view.text, view.target, view.method, view.steps, view.residual


def _panel(prediction: Prediction, shown: tuple[object, ...], looking: bool) -> None:
    """`looking` says whether this fragment draws itself again and again."""
    with errors_shown():
        explainer, view, job = load_explainer(), current_view(), session_job("explain")
        if _scored_as(view) != shown:
            run_again()
        words, requests = explainer.words(view.text), word_requests(prediction)
        write_address(prediction.schema)
        request_work(job, requests.works, looking, run_again)
        explanation = None
        with errors_shown():
            explanation = job.result(requests.scores)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown("#### Which words did it go by?", help=HELP, width="content")
            with st.popover("Target and method", icon=":material/tune:", type="tertiary", key="explain:settings"):
                target_choice(requests.target, prediction, explainer.checkpoint.kind == "black_box")
                if explanation is not None:
                    part_choice(explanation.attributions[0], view.part)
                method_choice(view, words=len(words))
        work_state(job, "explain", job.cancel, "There are no scores; choose a faster method or press Run again.")
        _words(prediction, words, explanation)
        if explanation is not None:
            _proof(explanation, view)
        with section("Edit the text and compare", EDIT, view.edit is not None) as fold:
            if fold.open:
                _edit(job, prediction, requests)


def _words(prediction: Prediction, words: Sequence[Word], explanation: Explanation | None) -> None:
    """What the words say, what changes without some of them, and the text itself."""
    view = current_view()
    attribution = explanation.attributions[0] if explanation else None
    if attribution is not None:
        strongest_line(attribution, prediction.schema, view)
    with errors_shown():
        change_line(*_sides(prediction, view, words), view, words)
    word_view(prediction, words, attribution, view, chosen_density(len(words)))


def _sides(prediction: Prediction, view: View, words: Sequence[Word]) -> tuple[Prediction, Prediction | None]:
    """The prediction for the text and for its changed copy; None where nothing is changed, or no word is left."""
    explainer, copy = load_explainer(), changed_text(view, words)
    after = explainer.predict(copy) if copy and copy.strip() else None
    if view.residual:
        return prediction, after
    return explainer.without_residual(prediction), after and explainer.without_residual(after)


def _proof(explanation: Explanation, view: View) -> None:
    """How the words were scored, and how far to trust the scores."""
    attribution = explanation.attributions[0]
    with st.container(horizontal=True, vertical_alignment="center"):
        note(as_markdown(receipt_text(explanation)))
        pin("words", words_title(explanation), partial(words_parts, explanation, view.part), receipt_text(explanation))
    gap_warning(attribution)
    verdict = method_verdict(load_explainer().checkpoint.metrics, attribution)
    if verdict is not None:
        beats, sentence = verdict
        note(sentence) if beats else st.warning(sentence, icon=":material/warning:")


def _edit(job: Job, prediction: Prediction, requests: WordRequests) -> None:
    """A copy of the text to edit, and both texts side by side."""
    view = current_view()
    words = load_explainer().words(view.text)
    copy = changed_text(view, words)
    edit_form(view, copy or view.text)
    before, after = _sides(prediction, view, words)
    if after is not None:
        compared_texts(before, after)
        original = job.result(requests.scores)
        if original is not None:
            drawn(job, requests.copy, lambda result: word_by_word(original, result))
