"""What if the review said something else? A changed copy beside the original: label, concepts, and word by word."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from sparsecbm.figures.colour import shading
from sparsecbm.figures.escaping import as_html
from sparsecbm.figures.heatmap import LEAST_LIMIT, SHADED_FROM, legend_html
from sparsecbm.figures.names import label_name, label_with_probability, percent, signed, target_name
from sparsecbm.types import Explanation, Prediction
from sparsecbm.ui.address import View
from sparsecbm.ui.bars import label_bars_html
from sparsecbm.ui.changed_text import WordChange, concept_changes, word_changes
from sparsecbm.ui.markdown import as_markdown
from sparsecbm.ui.review import MOST_CHARACTERS
from sparsecbm.ui.session import change, current_view, seed_widget, start_review
from sparsecbm.ui.shell import is_dark
from sparsecbm.ui.typed import typed
from sparsecbm.ui.word_scores import plain_review

_EDIT = "explain:edit"


def both_predictions(before: Prediction, after: Prediction, view: View) -> None:
    """Label and concepts of the original and of its copy, and the two ways to go on from here."""
    hidden = view.edit is None
    st.markdown("#### What if these words were not there?" if hidden else "#### What if the review said this instead?")
    old, new = (label_name(side.label, side.schema) for side in (before, after))
    moved = f"The label flips from **{as_markdown(old)}** to **{as_markdown(new)}**." if old != new else (
        f"The label stays **{as_markdown(new)}**.")
    said = [f"{change.concept} reads **{change.after}** ({percent(change.share_after)}) instead of **{change.before}** "
            f"({percent(change.share_before)})" for change in concept_changes(before, after)]
    st.markdown(f"{moved} {'; '.join(said) if said else 'No concept is read otherwise'}.")
    plain_review(after.text, "10rem")
    for column, side, title in zip(st.columns(2, gap="medium"), (before, after), ("Original", "Changed"), strict=True):
        with column:
            st.markdown(f"{title}: **{as_markdown(label_with_probability(side))}**")
            st.html(label_bars_html(side, title, changed=side is after))


def copy_buttons(copy: str) -> None:
    """The two ways to go on from a changed copy."""
    with st.container(horizontal=True):
        st.button("Bring the words back" if current_view().edit is None else "Drop the edit", on_click=_drop,
                  key="explain:drop")
        st.button("Make this the review", on_click=start_review, args=(copy,), key="explain:adopt",
                  disabled=not copy.strip(), help="The copy takes the place of the review above")


def edit_form(view: View, text: str) -> None:
    """A box with the review, or with the copy that there is already."""
    with st.form("explain:edit-form", border=False):
        st.text_area("Edit a copy; the review above stays as it is", seed_widget(_EDIT, text), key=_EDIT, height=110,
                     max_chars=MOST_CHARACTERS)
        st.form_submit_button("Compare", on_click=_edited, args=(view.text,))


def word_by_word(before: Explanation, after: Explanation) -> None:
    """Every word of both copies: kept ones with both scores, removed ones struck out, added ones underlined."""
    changes = word_changes(before.attributions[0], after.attributions[0])
    name = target_name(before.attributions[0].target, before.prediction.schema)
    scores = [abs(score) for word in changes for score in (word.before, word.after) if score is not None]
    limit, dark = max([LEAST_LIMIT, *scores]), is_dark()
    st.markdown(f"Words for and against **{as_markdown(name)}**. A kept word has its score in the copy, after its old "
                "one where that differs; removed words are struck out, added ones underlined.")
    st.html(changes_html(changes, limit, dark))
    st.html(legend_html(limit, dark, name))
    st.dataframe(pd.DataFrame({
        "word": [word.text for word in changes],
        "what": [_what(word) for word in changes],
        "original": [word.before for word in changes],
        "changed": [word.after for word in changes],
    }).round(4), hide_index=True, alt="Score of every word in the original and in the changed copy, in logits")


def changes_html(changes: Sequence[WordChange], limit: float, dark: bool) -> str:
    """Both copies in one line of words; all text in it is escaped."""
    return ('<div dir="auto" style="line-height:2.1;overflow-wrap:anywhere;max-height:22rem;overflow-y:auto">'
            f'{" ".join(_change_html(word, limit, dark) for word in changes)}</div>')


def _change_html(word: WordChange, limit: float, dark: bool) -> str:
    score = word.before if word.after is None else word.after
    assert score is not None  # a word is in one of the two copies
    styles = ["border-radius:.25rem", "padding:.12em .2em"]
    if abs(score / limit) >= SHADED_FROM and word.after is not None:
        styles.append(shading(score / limit, dark))
    if word.after is None or word.before is None:
        styles.append(f"text-decoration:{'line-through' if word.after is None else 'underline'} 2px")
    numbers = signed(score)
    if word.before is not None and word.after is not None and signed(word.before) != numbers:
        numbers = f"{signed(word.before)}\u00a0→\u00a0{numbers}"
    mark = ""
    if abs(score / limit) >= SHADED_FROM:  # in a box of its own, so that the line through a removed word spares it
        mark = f'<sup style="font-size:.68em;display:inline-block"><bdi>{numbers}</bdi></sup>'
    return (f'<span title="{_what(word)}, {numbers}" style="{";".join(styles)}">{as_html(word.text)}{mark}</span>')


def _what(word: WordChange) -> str:
    return "removed" if word.after is None else "added" if word.before is None else "kept"


def _drop() -> None:
    change(hidden=(), edit=None)


def _edited(original: str) -> None:
    text = typed(st.session_state[_EDIT])
    change(hidden=(), edit=None if text == original else text)
