"""Questions about the words: another text, other targets, another method, are the scores faithful; files to save."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from sparsecbm.concepts.contributions import Distribution
from sparsecbm.export import explanation_csv, explanation_html, explanation_json
from sparsecbm.file_names import download_name
from sparsecbm.service import Explainer
from sparsecbm.types import Explanation, InterventionResult, Prediction
from sparsecbm.ui.loaded_model import load_explainer
from sparsecbm.ui.session import current_view, run_again, session_job, write_address
from sparsecbm.ui.shell import errors_shown, note
from sparsecbm.ui.tasks import Job, Work, polling_fragment, request_work
from sparsecbm.ui.view import View
from sparsecbm.words.faithfulness import Faithfulness
from sparsecbm.words.panel_comparison import all_targets, method_to_compare, two_methods
from sparsecbm.words.panel_copy import both_predictions, changed_text, compared_texts, edit_form, word_by_word
from sparsecbm.words.panel_faithfulness import faithfulness_strip
from sparsecbm.words.panel_requests import ALL_TARGETS, EDIT, FAITHFULNESS, TWO_METHODS, WordRequests, word_requests


def word_questions(prediction: Prediction) -> None:
    """Sections to open, each worked out only while it is open, and downloads of what is on screen."""
    view = current_view()
    polling_fragment(session_job("explain"), _panel, prediction, (view.hidden, view.edit))


def _panel(prediction: Prediction, shown: tuple[object, ...], polling: bool) -> None:
    with errors_shown():
        view, job, requests = current_view(), session_job("explain"), word_requests(prediction)
        if (view.hidden, view.edit) != shown:
            run_again()  # the text above shows the change, too
        write_address(prediction.schema)
        request_work(job, requests.works, polling, run_again)
        explanation = None
        with suppress(Exception):  # the heatmap's panel shows what went wrong
            explanation = job.result(requests.scores)
        with section("Edit the text and compare", EDIT, view.edit is not None) as fold:
            _edit(job, prediction, requests, fold.open)
        with section("All concepts side by side, and the scores as a table", ALL_TARGETS) as fold:
            if fold.open:
                drawn(job, requests.all_targets, all_targets)
        with section("Two methods side by side", TWO_METHODS, view.compare is not None):
            method_to_compare(view)
            if explanation is not None and requests.other_method:
                drawn(job, requests.other_method, partial(two_methods, explanation))
        with section("Are these scores faithful to the model?", FAITHFULNESS) as fold:
            if fold.open:
                drawn(job, requests.faithfulness,
                      lambda result: faithfulness_strip(result, prediction.schema, prediction.receipt))
        if explanation is not None:
            _downloads(job, explanation, requests, view)


def _edit(job: Job, prediction: Prediction, requests: WordRequests, opened: bool) -> None:
    """A copy of the text to edit; once it differs, both texts side by side."""
    view = current_view()
    words = load_explainer().words(view.text)
    edit_form(view, changed_text(view, words) or view.text)
    before, after = both_predictions(prediction, view, words) if opened else (prediction, None)
    if after is not None:
        compared_texts(before, after)
        original = job.result(requests.scores)
        if original is not None:
            drawn(job, requests.copy, lambda result: word_by_word(original, result))


def section(label: str, key: str, opened: bool = False) -> Any:
    """A section to open; opening it runs its fragment again."""
    return st.expander(label, opened, key=key, on_change="rerun")


def drawn(job: Job, work: Work | None, draw: Callable[[Any], None]) -> None:
    """Draw the result of a piece of work, or say that it is still to come."""
    with errors_shown():
        result = job.result(work) if work else None
        if result is not None:
            draw(result)
        else:
            note("Stopped." if job.stopped else "Working on it…")


def _downloads(job: Job, explanation: Explanation, requests: WordRequests, view: View) -> None:
    """Whatever has been worked out and is on screen goes into the files, each target once."""
    found = {attribution.target: attribution for attribution in explanation.attributions}
    with errors_shown():
        for attribution in getattr(_result(job, requests.all_targets), "attributions", ()):
            found.setdefault(attribution.target, attribution)
        measured = _result(job, requests.faithfulness)
        download_buttons(load_explainer(), replace(explanation, attributions=tuple(found.values())), view,
                         [measured] if measured else [])


def _result(job: Job, work: Work | None) -> Any | None:
    return job.result(work) if work else None


def download_buttons(
    explainer: Explainer, explanation: Explanation, view: View, faithfulness: Sequence[Faithfulness]
) -> None:
    """One button per kind of file; a file is made when its button is clicked, outside the run of the page."""
    intervention = partial(_intervention, explainer, explanation, dict(view.overrides), view.residual)
    kinds = {
        "html": ("HTML page", "text/html", partial(_html, explanation, intervention, tuple(faithfulness))),
        "csv": ("CSV table", "text/csv", partial(explanation_csv, explanation)),
        "json": ("JSON", "application/json", partial(_json, explanation, intervention)),
    }
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("Save what is on screen:", width="content")
        for ending, (label, mime, made) in kinds.items():
            st.download_button(label, made, download_name("explanation", explanation.prediction.text, ending), mime,
                               key=f"explain:save:{ending}", on_click="ignore", icon=":material/download:")


def _intervention(
    explainer: Explainer, explanation: Explanation, overrides: Mapping[str, Distribution], residual: bool
) -> InterventionResult | None:
    return explainer.override(explanation.prediction, overrides, residual) if overrides else None


def _html(
    explanation: Explanation, intervention: Callable[[], InterventionResult | None],
    faithfulness: tuple[Faithfulness, ...],
) -> str:
    return explanation_html(explanation, intervention(), faithfulness)


def _json(explanation: Explanation, intervention: Callable[[], InterventionResult | None]) -> str:
    return json.dumps(explanation_json(explanation, intervention()), ensure_ascii=False, indent=2)
