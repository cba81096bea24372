"""Which words the model went by: the review as words to read and to press, and what can be asked about them below.

The panel is one fragment. While there is slow work it draws itself again every half second, and only then: a fragment
keeps its pace for as long as the page does, so the whole page runs once when work starts and once when it ends.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from sparsecbm.service import Explainer, default_targets
from sparsecbm.types import Explanation, Faithfulness, Prediction, Target
from sparsecbm.ui.engine import load_explainer, predicted
from sparsecbm.ui.pin import pin
from sparsecbm.ui.scene_parts import words_parts, words_title
from sparsecbm.ui.session import current_view, run_again, session_job, write_address
from sparsecbm.ui.shell import errors_shown, note
from sparsecbm.ui.tasks import Job, Progress, Work, look_after, want, work_state
from sparsecbm.ui.view import View
from sparsecbm.words.methods import method_named
from sparsecbm.words.panel_comparison import all_targets, method_to_compare, two_methods
from sparsecbm.words.panel_controls import chosen_density, chosen_target, method_choice, part_choice, target_choice
from sparsecbm.words.panel_copy import both_predictions, changed_text, copy_buttons, edit_form, word_by_word
from sparsecbm.words.panel_downloads import download_buttons
from sparsecbm.words.panel_faithfulness import faithfulness_strip, method_verdict
from sparsecbm.words.panel_word_scores import plain_review, receipt, receipt_text, scored_review


def explanation_work(
    explainer: Explainer, text: str, targets: tuple[Target, ...], view: View, method: str | None = None
) -> Work:
    """Word scores of some targets by the view's method, or by another one with its own number of steps."""
    name, steps = (view.method, view.steps) if method is None else (method, None)

    def run(progress: Progress) -> Explanation:
        return explainer.explain(text, targets, name, steps, view.residual, progress)

    key = ("words", explainer.checkpoint.hash, text, targets, name, steps, view.residual)
    return Work(key, method_named(name).title, run)


def faithfulness_work(explainer: Explainer, text: str, target: Target, view: View) -> Work:
    """What taking out words does to the answer, in the order of their scores and in random orders."""

    def run(progress: Progress) -> Faithfulness:
        explanation = explainer.explain(text, (target,), view.method, view.steps, view.residual, progress)
        return explainer.faithfulness(explanation.attributions[0], text, view.residual, progress=progress)

    key = ("faithfulness", explainer.checkpoint.hash, text, target, view.method, view.steps, view.residual)
    return Work(key, "Taking out words", run)


HELP = (
    "A score per word, in logits. Blue words (+) push the model towards the answer, orange words (−) away from it. "
    "Each concept is read through its own subnetwork, so its words can differ from those of the label. Press a word to "
    "see what the model says without it. The completeness gap is what the scores, added up, miss of the way from an "
    "empty review to this one: a small gap makes them worth reading."
)
_ALL, _TWO, _EDIT, _TRUST = "explain:all", "explain:two", "explain:editing", "explain:trust"


def word_panel(prediction: Prediction) -> None:
    """The words for a chosen target, and all that can be asked about them."""
    look_after(session_job("explain"), _panel, prediction)


def _panel(prediction: Prediction, looking: bool) -> None:
    """`looking` tells whether this fragment draws itself again and again."""
    with errors_shown():
        explainer, view, job = load_explainer(), current_view(), session_job("explain")
        if view.text != prediction.text:
            run_again()  # a copy became the review
        words = explainer.words(view.text)
        label_only = explainer.checkpoint.kind == "black_box"
        target = chosen_target(view, prediction, label_only)
        copy = changed_text(view, words)
        write_address(prediction.schema)
        st.markdown("### Which words did it go by?", help=HELP)
        target_choice(target, prediction, label_only)

        main = explanation_work(explainer, view.text, (target,), view)
        targets = default_targets(prediction)[-1:] if label_only else default_targets(prediction)
        every = explanation_work(explainer, view.text, targets, view) if st.session_state.get(_ALL) else None
        other = explanation_work(explainer, view.text, (target,), view, view.compare) if view.compare else None
        trust = faithfulness_work(explainer, view.text, target, view) if st.session_state.get(_TRUST) else None
        copied = None
        if copy and copy.strip() and st.session_state.get(_both(view), view.edit is not None):
            copied = explanation_work(explainer, copy, (target,), view)
        want(job, [work for work in (main, copied, other, every, trust) if work], looking, run_again)

        work_state(job, "explain", job.cancel, "Nothing was kept; choose a faster method or press Run again.")
        explanation = _large(job, main, view.text, len(words))
        if copy is not None:
            _copy(job, prediction, copy, main, copied)
        with _folded("All concepts side by side, and the scores as a table", _ALL) as fold:
            if fold.open:
                _drawn(job, every, all_targets)
        with _folded("Two methods side by side", _TWO, view.compare is not None):
            method_to_compare(view)
            if explanation and other:
                _drawn(job, other, lambda result: two_methods(explanation, result))
        with _folded("Can these words be trusted?", _TRUST) as fold:
            if fold.open:
                _drawn(job, trust, lambda result: faithfulness_strip(result, prediction.schema, prediction.receipt))
        with _folded("Edit the text and compare", _EDIT):
            edit_form(view, copy or view.text)
        if explanation is not None:
            _save(explainer, job, explanation, every, trust)


def _large(job: Job, work: Work, text: str, words: int) -> Explanation | None:
    """The review with coloured words and the controls under it, which stay when it cannot be explained."""
    view, explanation = current_view(), None
    with errors_shown():
        explanation = job.result(work)
    if explanation is None:
        plain_review(text)
    else:
        scored_review(explanation, view, chosen_density(words))
        attribution = explanation.attributions[0]
        if len(attribution.parts) > 1:
            part_choice(attribution, view.part)
    method_choice(view, words)
    if explanation is not None:
        receipt(explanation)
        pin("words", words_title(explanation), partial(words_parts, explanation, view.part), receipt_text(explanation))
        verdict = method_verdict(load_explainer().checkpoint.metrics, explanation.attributions[0])
        if verdict is not None:
            beats, said = verdict
            note(said) if beats else st.warning(said, icon=":material/warning:")
    return explanation


def _copy(job: Job, prediction: Prediction, copy: str, main: Work, copied: Work | None) -> None:
    """The changed copy beside the original."""
    view, explainer = current_view(), load_explainer()
    with st.container(border=True, key="explain:copy"), errors_shown():
        if not copy.strip():
            st.info("No word is left, so there is nothing to predict.", icon=":material/info:")
            copy_buttons(copy)
            return
        before, after = prediction, predicted(explainer, copy)
        if not view.residual:
            before, after = (explainer.without_residual(side) for side in (before, after))
        both_predictions(before, after, view)
        copy_buttons(copy)
        with _folded("Word by word", _both(view), view.edit is not None) as fold:
            original = job.result(main)
            if fold.open and original is not None:
                _drawn(job, copied, lambda result: word_by_word(original, result))


def _save(explainer: Explainer, job: Job, explanation: Explanation, every: Work | None, trust: Work | None) -> None:
    """Whatever is worked out and on screen goes into the file, each target once."""
    found = {attribution.target: attribution for attribution in explanation.attributions}
    with errors_shown():
        for attribution in getattr(job.result(every) if every else None, "attributions", ()):
            found.setdefault(attribution.target, attribution)
        measured = job.result(trust) if trust else None
        download_buttons(explainer, replace(explanation, attributions=tuple(found.values())), current_view(),
                         [measured] if measured else [])


def _both(view: View) -> str:
    """Key of the comparison word by word: open at first for an edit, which is made to be compared."""
    return f"explain:both:{'hidden' if view.edit is None else 'edit'}"


def _folded(label: str, key: str, opened: bool = False) -> Any:
    """A section to open; what is in it is worked out only while it is open."""
    return st.expander(label, opened, key=key, on_change="rerun")


def _drawn(job: Job, work: Work | None, draw: Callable[[Any], None]) -> None:
    """Draw what came of a piece of work, or say that it is still to come."""
    with errors_shown():
        result = job.result(work) if work else None
        if result is not None:
            draw(result)
        else:
            note("Stopped." if job.stopped else "Being worked out…")
