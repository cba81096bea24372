"""Heat maps side by side on one scale: every concept and the label, or two methods and how far they agree."""

import pandas as pd
import streamlit as st

from sparsecbm.figures.text import target_name
from sparsecbm.schema import ConceptSchema
from sparsecbm.types import Attribution, Explanation
from sparsecbm.ui.safe_text import as_markdown
from sparsecbm.ui.session import change, chosen, seed_widget
from sparsecbm.ui.shell import is_dark, note
from sparsecbm.ui.view import View
from sparsecbm.words.compute_faithfulness import rank_correlation
from sparsecbm.words.figure import far_from_complete, full_colour, gap_text, heatmap_html, legend_html
from sparsecbm.words.methods import METHODS
from sparsecbm.words.panel_word_scores import method_title
from sparsecbm.words.unread import word_name

COMPARE_HELP = (
    "Spearman's rank correlation of the two methods' scores: 1 when they rank the words alike, 0 when one ranking says "
    "nothing about the other, −1 when they are opposite."
)
_COMPARE, _NONE = "explain:compare", ""


def all_targets(explanation: Explanation) -> None:
    """Small heatmaps of every target on one scale, and the scores as a table."""
    attributions, prediction = explanation.attributions, explanation.prediction
    limit, dark = full_colour(attributions), is_dark()
    columns = st.columns(2, gap="medium")
    for number, attribution in enumerate(attributions):
        with columns[number % 2]:
            name = as_markdown(target_name(attribution.target, prediction.schema))
            st.markdown(f"**{name}**, {_gap(attribution)}")
            st.html(heatmap_html(attribution, prediction.text, limit, dark, prediction.truncated))
    st.html(legend_html(limit, dark, "the target named above each", attributions[0].words))
    st.dataframe(score_table(attributions, prediction.schema), hide_index=True,
                 alt="Score of every word for every target, in logits")


def method_to_compare(view: View) -> None:
    """The choice of a second method."""
    names = [_NONE, *(name for name in METHODS if name != view.method)]
    key = f"{_COMPARE}:{view.method}"
    st.selectbox("Compare with", names, names.index(seed_widget(key, view.compare or _NONE)), key=key, width=260,
                 format_func=lambda name: METHODS[name].title if name else "no other method", on_change=_compare_chosen,
                 args=(key,), help=COMPARE_HELP)


def two_methods(one: Explanation, other: Explanation) -> None:
    """The same target by two methods, on one scale."""
    both = (one.attributions[0], other.attributions[0])
    limit, dark, prediction = full_colour(both), is_dark(), one.prediction
    agreement = rank_correlation(*both)
    if agreement is None:
        st.markdown("There are too few words, or their scores are too similar, to compare two rankings.")
    else:
        st.markdown(f"Rank correlation of the two methods: **{agreement:+.2f}**. They {_agreement(agreement)}."
                    .replace("-", "−"))
    for column, attribution in zip(st.columns(2, gap="medium"), both, strict=True):
        with column:
            st.markdown(f"**{as_markdown(method_title(attribution))}**")
            st.html(heatmap_html(attribution, prediction.text, limit, dark, prediction.truncated))
            note(f"{_gap(attribution)} · {attribution.milliseconds:.0f} ms")
    st.html(legend_html(limit, dark, target_name(both[0].target, prediction.schema), both[0].words))


def score_table(attributions: tuple[Attribution, ...], schema: ConceptSchema) -> pd.DataFrame:
    """Every word with its score for every target."""
    columns: dict[str, list[str] | list[float]] = {"word": [word_name(word) for word in attributions[0].words]}
    for attribution in attributions:
        columns[target_name(attribution.target, schema)] = attribution.scores.round(4).tolist()
    return pd.DataFrame(columns)


def _gap(attribution: Attribution) -> str:
    """The completeness gap, in amber where it is large."""
    text = as_markdown(gap_text(attribution))
    return f":orange-background[:material/warning: {text}]" if far_from_complete(attribution) else text


def _agreement(correlation: float) -> str:
    if correlation >= 0.7:
        return "largely agree"
    if correlation >= 0.3:
        return "agree in part"
    return "hardly agree" if correlation > -0.3 else "disagree"


def _compare_chosen(key: str) -> None:
    if chosen(key):
        change(compare=st.session_state[key] or None)
