"""One document of the slice, read closely: its gold and predicted answers, and the smallest fix."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import streamlit as st
from jaxtyping import Int

from sparsecbm.concepts.panel_advice import fix_text
from sparsecbm.corrections.panel import correction_fold
from sparsecbm.failures.error_analysis import ErrorAnalysis
from sparsecbm.failures.outcomes import OUTCOMES, outcome_name
from sparsecbm.failures.panel_pictures import row_parts, row_title
from sparsecbm.failures.panel_state import PAGE_ROWS, change, marks
from sparsecbm.failures.panel_table import forget_cell, tag_rows
from sparsecbm.failures.tags import tag_name
from sparsecbm.figures.text import percent, receipt_line, target_name
from sparsecbm.service import Explainer
from sparsecbm.types import Explanation, Target
from sparsecbm.ui.pin import pin
from sparsecbm.ui.safe_text import as_markdown, table_html
from sparsecbm.ui.session import seed_widget
from sparsecbm.ui.shell import EXPLAIN, INTERVENTIONS, is_dark, link, note
from sparsecbm.ui.view import View, to_address
from sparsecbm.words.figure import full_colour, heatmap_html, legend_html
from sparsecbm.words.panel_word_scores import method_title, plain_review

_KEY = "failures:row"
#: So many fixes of the smallest size are listed.
MOST_FIXES = 3
_TEXT_HEIGHT = "11rem"


def open_review(
    explainer: Explainer, analysis: ErrorAnalysis, numbers: Int[np.ndarray, " shown"], opened: str
) -> None:
    """The open document, with ways to the next and the previous one of the slice."""
    ids = analysis.reviews.ids
    if opened not in ids:
        st.warning(f"{as_markdown(analysis.reviews.name)} has no text with the id {as_markdown(opened[:60])}. Press "
                   "a cell of the table to open another one.", icon=":material/warning:")
        return
    row = ids.index(opened)
    _steps(analysis, numbers, row)
    text = analysis.reviews.texts[row]
    words = _explained(explainer, text) if st.session_state.get(f"{_KEY}:words") else None
    if words is None:
        plain_review(text, _TEXT_HEIGHT, explainer.words(text))
    else:
        _words(words)
    st.toggle("Show the words behind the label", key=f"{_KEY}:words", persist_state="session")
    schema, display = explainer.schema, explainer.schema.label_display
    said, gold = analysis.predicted_labels[row], analysis.reviews.labels[row]
    probability = percent(float(analysis.predictions.label_probabilities[row, said]))
    true = f"True {schema.label_title} **{as_markdown(display[gold])}**, predicted" if gold >= 0 else "Predicted"
    st.markdown(f"{true} **{as_markdown(display[said])}** ({probability}): "
                f"{as_markdown(outcome_name(OUTCOMES[analysis.outcomes[row]], schema))}.")
    if analysis.has_concepts:
        st.html(concepts_html(analysis, row))
        _fix(explainer, analysis, row)
    held = [tag_name(tag, schema) for tag, held in analysis.tags.held.items() if held[row]]
    if held:
        note(f"Tags: {as_markdown(', '.join(held))}")
    _own_tags(opened)
    correction_fold(text, "failures")
    parts = to_address(View(text), schema)
    with st.container(horizontal=True, gap="small"):
        pin(f"{_KEY}:{opened}", partial(row_title, analysis, row), partial(row_parts, explainer, analysis, row, words),
            f"{analysis.reviews.name[:200]}, text {opened[:60]}")
        link(EXPLAIN, "Explain it", ":material/arrow_forward:", parts)
        if analysis.has_concepts:
            link(INTERVENTIONS, "Change it", ":material/arrow_forward:", parts)


def concepts_html(analysis: ErrorAnalysis, row: int) -> str:
    """The gold and predicted values of one row, the misread ones with a cross."""
    reviews, schema = analysis.reviews, analysis.reviews.schema
    raters = reviews.agreement is not None
    lines = []
    for k, concept in enumerate(schema.concepts):
        value, gold = analysis.predicted_values[row, k], reviews.values[row, k]
        share = float("nan") if reviews.agreement is None else float(reviews.agreement[row, k + 1])
        read = f"{schema.values[value]} ({percent(float(analysis.predictions.concept_probabilities[row, k, value]))})"
        cross = " ✗" if analysis.misread[row, k] else ""
        lines.append([concept, "–" if gold < 0 else schema.values[gold], f"{read}{cross}",
                      *(["–" if np.isnan(share) else f"{percent(share)} agree"] if raters else [])])
    return table_html("Concepts", ("Concept", "True", "Predicted", *(("Raters",) if raters else ())), lines)


def step(numbers: Int[np.ndarray, " shown"], row: int, by: int) -> int | None:
    """The place in the table that is `by` after a row's; of a row that is not in it the first; None beyond its end."""
    places = np.flatnonzero(numbers == row)
    place = int(places[0]) + by if len(places) else 0
    return place if 0 <= place < len(numbers) else None


def _steps(analysis: ErrorAnalysis, numbers: Int[np.ndarray, " shown"], row: int) -> None:
    ids, here = analysis.reviews.ids, step(numbers, row, 0) if row in numbers else None
    where = "not in the slice" if here is None else f"{here + 1:,} of {len(numbers):,}"
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"{_KEY}:steps"):
        for by, label, key in ((-1, "Previous", "Left"), (1, "Next", "Right")):
            to = step(numbers, row, by)
            st.button(label, key=f"{_KEY}:{key}", shortcut=key, disabled=to is None, on_click=_open,
                      args=(None,) if to is None else (ids[numbers[to]], to // PAGE_ROWS + 1))
        st.button("Close", key=f"{_KEY}:close", on_click=_open, args=(None,))
    st.markdown(f"**{as_markdown(ids[row][:60])}**, {where}")


def _fix(explainer: Explainer, analysis: ErrorAnalysis, row: int) -> None:
    """The fewest concepts to set for the true label."""
    schema, gold = explainer.schema, analysis.reviews.labels[row]
    if not analysis.label_wrong[row]:
        return
    label = schema.labels[gold]
    found = explainer.smallest_fix(explainer.predict(analysis.reviews.texts[row]), label)
    lines = [f"- {as_markdown(fix_text(fix, label, schema, {}))}" for fix in found.fixes[:MOST_FIXES] if fix.values]
    st.markdown("\n".join([f"**Smallest fix.** {as_markdown(found.reason)}", "", *lines]))


def _own_tags(opened: str) -> None:
    own, key = marks(), f"{_KEY}:tags"
    borne = sorted(name for name, ids in own.items() if opened in ids)
    st.multiselect("Your tags of this text", sorted(own), seed_widget(key, borne), key=key, accept_new_options=True,
                   placeholder="Choose, or type a new one", on_change=_tagged, args=(key, opened, borne))


def _explained(explainer: Explainer, text: str) -> Explanation:
    with st.spinner("Scoring the words…"):
        explanation: Explanation = explainer.explain(text, (Target(None, explainer.predict(text).label),))
        return explanation


def _words(explanation: Explanation) -> None:
    attribution, limit = explanation.attributions[0], full_colour(explanation.attributions)
    prediction = explanation.prediction
    name = target_name(attribution.target, prediction.schema)
    with st.container(border=True):
        st.html(heatmap_html(attribution, prediction.text, limit, is_dark(), prediction.truncated, _TEXT_HEIGHT))
    st.html(legend_html(limit, is_dark(), name, attribution.words))
    note(as_markdown(f"Words for and against {name}. {receipt_line(explanation.receipt, method_title(attribution))}"))


def _open(opened: str | None, page: int | None = None) -> None:
    change(open=opened, **({} if page is None else {"page": page}))
    forget_cell()


def _tagged(key: str, opened: str, borne: Sequence[str]) -> None:
    picked = st.session_state[key]
    for name in {*picked, *borne}:
        if (name in picked) != (name in borne):
            tag_rows((opened,), name, name in picked)
