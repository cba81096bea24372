"""Columns are found by one rule: by their names in any case, without blanks around them; what is not clear is asked."""

import pytest

from sparsecbm.data.columns import Columns, column_called, suggest_columns
from sparsecbm.errors import DataError
from sparsecbm.schema import CEBAB, IMDB_C
from tests.helpers import TOY


def test_columns_are_known_by_their_names() -> None:
    for found, text, id_ in (
            (["id", "text"], "text", "id"), (["ID", "Review", "Text"], "Text", "ID"), (["whatever"], "whatever", None),
            (["review_id", "Description"], "Description", None), (["comment", "content"], "content", None),
            (["n", "review_text", "date"], "review_text", None),
            (["Customer comment", "city"], "Customer comment", None)):
        assert suggest_columns(found) == Columns(text, id_), found


def test_label_and_concepts_are_known_by_their_names() -> None:
    found = ["Room", "text", "Verdict", "soup ", "other"]
    assert suggest_columns(found, TOY) == Columns("text", None, "Verdict", {"soup": "soup ", "room": "Room"})
    assert suggest_columns(["label", "verdict", "text"], TOY).label == "label"
    assert suggest_columns(["review_text", "stars", "food_label", "noise"], CEBAB) == Columns(
        "review_text", None, "stars", {"food": "food_label", "noise": "noise"})
    assert suggest_columns(["text", "user_rating"], CEBAB).label == "user_rating"
    assert suggest_columns(["text", "price"], CEBAB).label is None


def test_a_missing_column_of_texts_is_named() -> None:
    with pytest.raises(DataError, match="No column is called text, .*columns there: 'a', 'b'. Say which"):
        suggest_columns(["a", "b"])


def test_one_rule_finds_a_column_named_or_not() -> None:
    for found in (("ID", "Text"), (" id ", "TEXT"), ("Id", "text "), ("\uff29\uff24", "text")):
        expected = Columns(found[1], found[0])
        assert suggest_columns(found) == suggest_columns(found, text="Text") == expected
        assert suggest_columns(found, id=" ID") == suggest_columns(found, text="text", id="id") == expected
        assert Columns("tExt", "iD").of_table(found) == expected
    named = suggest_columns(("ID", "a", "soup", "Verdict"), TOY, "A", "VERDICT")
    assert named == Columns("a", "Verdict", None, {"soup": "soup"})


def test_of_columns_called_alike_the_one_spelt_so_is_meant_or_one_is_asked_for() -> None:
    found = ("Text", "text", "TEXT ")
    assert [column_called(name, found) for name in found] == list(found)
    for ask in (lambda: column_called("tEXT", found), lambda: suggest_columns(found),
                lambda: suggest_columns(("ID", "Id", "text")), lambda: suggest_columns(("text", "Soup", "SOUP"), TOY)):
        with pytest.raises(DataError, match="columns (are )?called"):
            ask()
    with pytest.raises(DataError, match="has no column 'title'; columns there: 'a'. Name one"):
        suggest_columns(("a",), text="title")


def test_the_only_column_is_no_text_when_it_is_an_id_or_a_label() -> None:
    for only in ("id", "ID", "Verdict", "soup"):
        with pytest.raises(DataError, match="Say which holds the text"):
            suggest_columns((only,), TOY)


def test_names_of_several_words_are_found_in_any_writing() -> None:
    found = ("emotional_arousal", "Acting (1-5)", "body", "true_sentiment")
    assert suggest_columns(found, IMDB_C) == Columns(
        "body", None, "true_sentiment", {"acting": "Acting (1-5)", "emotional arousal": "emotional_arousal"})


def test_only_the_schema_says_what_labels_are_counted_in() -> None:
    assert suggest_columns(("text", "stars"), CEBAB).label == "stars"
    assert suggest_columns(("text", "stars"), IMDB_C).label is None
