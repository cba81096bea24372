"""A changed copy of a review: what it says, and how it differs from the original."""

import re

import pytest

from sparsecbm.types import Word
from sparsecbm.ui.view import View
from sparsecbm.words.panel_copy import (
    ConceptChange,
    change_sentence,
    changed_text,
    concept_changes,
    without_words,
    word_changes,
)
from tests.builders import a_prediction, an_attribution


def words_of(text: str) -> list[Word]:
    return [Word(match[0], match.start(), match.end()) for match in re.finditer(r"\w+|[^\w\s]", text)]


@pytest.mark.parametrize(("hidden", "left"), [
    ((), "The cold soup,  bad."), ((1,), "The soup,  bad."), ((0,), "cold soup,  bad."), ((0, 1), "soup,  bad."),
    ((2,), "The cold ,  bad."), ((3,), "The cold soup  bad."), ((4,), "The cold soup,  ."),
    ((5,), "The cold soup,  bad"),
    ((0, 1, 2, 3, 4, 5), ""), ((1, 2), "The ,  bad."),
])
def test_the_words_go_and_one_blank_with_each(hidden: tuple[int, ...], left: str) -> None:
    text = "The cold soup,  bad."
    assert without_words(text, words_of(text), hidden).strip() == left.strip()


def test_a_repeated_word_goes_only_where_it_was_pressed() -> None:
    assert without_words("so so good", words_of("so so good"), (1,)) == "so good"


def test_there_is_one_copy_whatever_made_it() -> None:
    words = words_of("Good soup")
    assert changed_text(View("Good soup"), words) is None
    assert changed_text(View("Good soup", hidden=(0,)), words) == "soup"
    assert changed_text(View("Good soup", edit="Bad soup"), words) == "Bad soup"
    assert changed_text(View("Good soup", edit=""), words) == ""


def test_only_concepts_with_another_value_are_listed() -> None:
    before = a_prediction(concepts={"food": "Negative", "noise": "Positive"})
    after = a_prediction(concepts={"food": "Positive", "noise": "Positive"})
    assert concept_changes(before, after) == (ConceptChange("food", "Negative", "Positive", 1.0, 1.0),)
    assert concept_changes(before, before) == ()


def test_the_sentence_names_the_words_and_what_became_of_label_and_concepts() -> None:
    text = "Good soup"
    before, after = (a_prediction(label=label, concepts={"food": value})
                     for label, value in (("4", "Positive"), ("2", "unknown")))
    flipped = change_sentence(before, after, View(text, hidden=(0,)), words_of(text))
    assert "“Good”" in flipped and "flips from **4 stars** to **2 stars**" in flipped and "**unknown**" in flipped
    assert "stays **4 stars**" in change_sentence(before, before, View(text, edit="Fine soup"), words_of(text))
    many = "a b c d e f"
    assert "6 words" in change_sentence(before, None, View(many, hidden=tuple(range(6))), words_of(many))


def test_kept_words_have_both_scores_removed_and_added_ones_their_own() -> None:
    before = an_attribution("the cold soup was bad", {"the": 0.0, "cold": -1.0, "soup": 0.5, "was": 0.1, "bad": -2.0})
    after = an_attribution("the soup was very good", {"the": 0.2, "soup": 0.6, "was": 0.1, "very": 0.3, "good": 2.0})
    assert [(change.word.text, change.before, change.after) for change in word_changes(before, after)] == [
        ("the", 0.0, 0.2), ("cold", -1.0, None), ("soup", 0.5, 0.6), ("was", 0.1, 0.1),
        ("bad", -2.0, None), ("very", None, 0.3), ("good", None, 2.0)]


def test_a_copy_without_words_is_all_removed() -> None:
    before = an_attribution("so good", {"so": 1.0, "good": 2.0})
    assert [(word.before, word.after) for word in word_changes(before, an_attribution("", {}))] == [
        (1.0, None), (2.0, None)]
