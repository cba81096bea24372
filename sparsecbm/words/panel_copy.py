"""What if the text said something else? A changed copy compared with the original: label, concepts, word by word."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import pandas as pd
import streamlit as st

from sparsecbm.figures.text import (
    ADDED,
    REMOVED,
    aligned,
    clipped,
    isolated,
    label_name,
    label_with_probability,
    listed,
    percent,
    signed,
    target_name,
)
from sparsecbm.types import Attribution, Explanation, Prediction, Word
from sparsecbm.ui.bars import label_bars_html
from sparsecbm.ui.loaded_model import load_explainer
from sparsecbm.ui.review import MOST_CHARACTERS
from sparsecbm.ui.safe_text import as_markdown, clean_text
from sparsecbm.ui.session import at_hand, change, seed_widget, start_review, text_key
from sparsecbm.ui.shell import is_dark
from sparsecbm.ui.view import View
from sparsecbm.words.figure import LEAST_LIMIT, legend_html, look_of
from sparsecbm.words.panel_word_scores import plain_review
from sparsecbm.words.unread import word_name

#: More hidden words than this are counted, not named.
MOST_NAMED = 4


def changed_text(view: View, words: Sequence[Word]) -> str | None:
    """The changed copy of the view's text, whose words are given; None where nothing is changed."""
    if view.edit is not None:
        return view.edit
    return without_words(view.text, words, view.hidden) if view.hidden else None


def without_words(text: str, words: Sequence[Word], hidden: Collection[int]) -> str:
    """The text without the words of these numbers; where one stood between two spaces, one space is left."""
    kept, position = "", 0
    for number in sorted(hidden):
        kept += text[position : words[number].start]
        position = words[number].end
        if text[position : position + 1].isspace() and (not kept or kept[-1].isspace()):
            position += 1
    return kept + text[position:]


@dataclass(frozen=True)
class ConceptChange:
    """A concept with another predicted value for the changed text; the probability of each value, 0..1."""

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
    """A word of either text with its score in each; None where the text lacks the word."""

    word: Word
    before: float | None
    after: float | None


def word_changes(before: Attribution, after: Attribution) -> tuple[WordChange, ...]:
    """Both texts word by word, in reading order: kept words, removed words, then the words that replace them."""
    changes: list[WordChange] = []
    for same, i, j in aligned(*([word.text for word in side.words] for side in (before, after))):
        removed = zip(before.words[i], before.scores[i].tolist(), strict=True)
        added = zip(after.words[j], after.scores[j].tolist(), strict=True)
        if same:
            changes += [WordChange(word, was, now) for (word, was), (_, now) in zip(removed, added, strict=True)]
        else:
            changes += [WordChange(word, was, None) for word, was in removed]
            changes += [WordChange(word, None, now) for word, now in added]
    return tuple(changes)


_EDIT = "explain:edit"


def both_predictions(
    prediction: Prediction, view: View, words: Sequence[Word]
) -> tuple[Prediction, Prediction | None]:
    """The prediction for the text and for its changed copy; None where nothing is changed, or no word is left."""
    explainer, copy = load_explainer(), changed_text(view, words)
    after = explainer.predict(copy) if copy and copy.strip() else None
    if view.residual:
        return prediction, after
    return explainer.without_residual(prediction), after and explainer.without_residual(after)


def change_line(prediction: Prediction, view: View, words: Sequence[Word]) -> None:
    """Under the text, once words are out or edited: what is predicted then, and the two ways to go on."""
    copy = changed_text(view, words)
    if copy is None:
        return
    before, after = both_predictions(prediction, view, words)
    with st.container(key="explain:change", border=True):
        st.markdown(change_sentence(before, after, view, words))
        with st.container(horizontal=True):
            st.button("Restore the words" if view.edit is None else "Discard the edit", on_click=_drop,
                      key="explain:drop")
            st.button("Use the changed text", on_click=start_review, args=(copy,), key="explain:adopt",
                      disabled=not copy.strip(), help="The changed text replaces the one above")


def change_sentence(before: Prediction, after: Prediction | None, view: View, words: Sequence[Word]) -> str:
    """What became of the label and of every concept, as Markdown."""
    with_change = "With your edit" if view.edit is not None else f"Without {_named(view.hidden, words)}"
    if after is None:
        return f"{with_change}, no word is left: there is nothing to predict."
    schema, label = before.schema, before.schema.label_index(before.label)
    old, new = (as_markdown(label_name(side.label, schema)) for side in (before, after))
    shares = [percent(float(side.label_probabilities[label])) for side in (before, after)]
    said = [f"the label flips from **{old}** to **{new}** ({percent(float(after.label_probabilities.max()))})"
            if old != new else f"the label stays **{new}** ({shares[0]} → {shares[1]})"]
    said += [f"{as_markdown(change.concept)} reads **{change.after}** ({percent(change.share_after)}) instead of "
             f"**{change.before}** ({percent(change.share_before)})" for change in concept_changes(before, after)]
    return f"{with_change}: {'; '.join(said)}."


def _named(hidden: Sequence[int], words: Sequence[Word]) -> str:
    if len(hidden) > MOST_NAMED:
        return f"these {len(hidden)} words"
    return listed([isolated(f"“{as_markdown(clipped(words[number].text))}”") for number in hidden])


def compared_texts(before: Prediction, after: Prediction) -> None:
    """The changed text, and the label's probabilities for both texts."""
    plain_review(after.text, "10rem", load_explainer().words(after.text))
    for column, side, title in zip(st.columns(2, gap="medium"), (before, after), ("Original", "Changed"), strict=True):
        with column:
            st.markdown(f"{title}: **{as_markdown(label_with_probability(side))}**")
            st.html(label_bars_html(side, title, changed=side is after))


def edit_form(view: View, text: str) -> None:
    """A box with the text, or with the changed copy if there is one."""
    with st.form("explain:edit-form", border=False):
        key = text_key(_EDIT)
        st.text_area("Edit a copy; the text above stays as it is", seed_widget(key, text), key=key, height=110,
                     max_chars=MOST_CHARACTERS)
        st.form_submit_button("Compare", on_click=_edited, args=(view.text, key))


def word_by_word(before: Explanation, after: Explanation) -> None:
    """Every word of both texts: kept ones with both scores, removed ones struck out, added ones underlined."""
    changes = word_changes(before.attributions[0], after.attributions[0])
    name = target_name(before.attributions[0].target, before.prediction.schema)
    scores = [abs(score) for word in changes for score in (word.before, word.after) if score is not None]
    limit, dark = max([LEAST_LIMIT, *scores]), is_dark()
    st.markdown(f"Words for and against **{as_markdown(name)}**. Kept words show their new score, after the "
                "old one where it differs; removed words are struck out, added ones underlined.")
    st.html(changes_html(changes, limit, dark))
    st.html(legend_html(limit, dark, name, [change.word for change in changes]))
    st.dataframe(pd.DataFrame({
        "word": [word_name(change.word) for change in changes],
        "change": [_what(word) for word in changes],
        "original": [word.before for word in changes],
        "changed": [word.after for word in changes],
    }).round(4), hide_index=True, alt="Score of every word in the original and in the changed text, in logits")


def changes_html(changes: Sequence[WordChange], limit: float, dark: bool) -> str:
    """Both texts in one line of words; all text in it is escaped."""
    return ('<div dir="auto" style="line-height:2.1;overflow-wrap:anywhere;max-height:22rem;overflow-y:auto">'
            f'{" ".join(_change_html(word, limit, dark) for word in changes)}</div>')


def _change_html(word: WordChange, limit: float, dark: bool) -> str:
    score = word.before if word.after is None else word.after
    assert score is not None  # a word is in one of the two texts
    look, numbers = look_of(score, limit, dark, word.word.unread), signed(score)
    if word.before is not None and word.after is not None and signed(word.before) != numbers:
        numbers = f"{signed(word.before)}\u00a0→\u00a0{numbers}"
    mark = numbers if look.style else ""
    if word.after is None:
        look = replace(look, style="")
    decoration = REMOVED if word.after is None else ADDED if word.before is None else ""
    return look.html(word.word.text, decoration, mark, f"{_what(word)}, {numbers}")


def _what(word: WordChange) -> str:
    return "removed" if word.after is None else "added" if word.before is None else "kept"


def _drop() -> None:
    change(hidden=(), edit=None)


def _edited(original: str, key: str) -> None:
    text = clean_text(st.session_state[key])
    if at_hand(key):
        change(hidden=(), edit=None if text == original else text)
