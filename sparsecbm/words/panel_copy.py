"""What if the review said something else? A changed copy beside the original: label, concepts, and word by word."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import pandas as pd
import streamlit as st

from sparsecbm.figures.colour import shading
from sparsecbm.figures.text import as_html, label_name, label_with_probability, percent, signed, target_name
from sparsecbm.types import Attribution, Explanation, Prediction, Word
from sparsecbm.ui.bars import label_bars_html
from sparsecbm.ui.review import MOST_CHARACTERS
from sparsecbm.ui.session import change, current_view, seed_widget, start_review
from sparsecbm.ui.shell import is_dark
from sparsecbm.ui.text import as_markdown, typed
from sparsecbm.ui.view import View
from sparsecbm.words.figure import LEAST_LIMIT, SHADED_FROM, legend_html
from sparsecbm.words.panel_word_scores import plain_review


def changed_text(view: View, words: Sequence[Word]) -> str | None:
    """The changed copy of the view's review, whose words are given; None where nothing is changed."""
    if view.edit is not None:
        return view.edit
    return without_words(view.text, words, view.hidden) if view.hidden else None


def without_words(text: str, words: Sequence[Word], hidden: Collection[int]) -> str:
    """The text without the words of these numbers; where one stood between two blanks, one blank is left."""
    kept, position = "", 0
    for number in sorted(hidden):
        kept += text[position : words[number].start]
        position = words[number].end
        if text[position : position + 1].isspace() and (not kept or kept[-1].isspace()):
            position += 1
    return kept + text[position:]


@dataclass(frozen=True)
class ConceptChange:
    """A concept that is read otherwise in the changed copy; the shares are those of each copy's own value, 0..1."""

    concept: str
    before: str
    after: str
    share_before: float
    share_after: float


def concept_changes(before: Prediction, after: Prediction) -> tuple[ConceptChange, ...]:
    """The concepts whose most probable value differs."""
    return tuple(
        ConceptChange(concept, before.value(concept), after.value(concept),
                      float(before.concept_probabilities[k].max()), float(after.concept_probabilities[k].max()))
        for k, concept in enumerate(before.schema.concepts) if before.value(concept) != after.value(concept))


@dataclass(frozen=True)
class WordChange:
    """A word of either copy with its score in each; None where the word is not in that copy."""

    text: str
    before: float | None
    after: float | None


def word_changes(before: Attribution, after: Attribution) -> tuple[WordChange, ...]:
    """Both copies word by word, in reading order: what was kept, what was removed, then what came in its place."""
    old, new = [word.text for word in before.words], [word.text for word in after.words]
    changes: list[WordChange] = []
    for _, i, i_end, j, j_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if old[i:i_end] == new[j:j_end]:
            changes += [WordChange(word, float(was), float(now)) for word, was, now in
                        zip(old[i:i_end], before.scores[i:i_end], after.scores[j:j_end], strict=True)]
        else:
            changes += [WordChange(word, float(was), None)
                        for word, was in zip(old[i:i_end], before.scores[i:i_end], strict=True)]
            changes += [WordChange(word, None, float(now))
                        for word, now in zip(new[j:j_end], after.scores[j:j_end], strict=True)]
    return tuple(changes)


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
