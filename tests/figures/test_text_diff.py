"""The words that only one of two texts has, and their marks."""

import pytest

from sparsecbm.figures.text import changed_spans, marked_html


@pytest.mark.parametrize(
    ("before", "after", "removed", "added"),
    [
        ("The soup was good.", "The soup was bad.", ["good"], ["bad"]),
        ("The soup was good.", "The soup was good, and loud.", [], [", and loud"]),
        ("Rude staff, good soup.", "Good soup.", ["Rude staff, good"], ["Good"]),
        ("Same words.", "Same words.", [], []),
        ("", "New.", [], ["New."]),
    ],
)
def test_the_words_that_only_one_version_has(before: str, after: str, removed: list[str], added: list[str]) -> None:
    old, new = changed_spans(before, after)
    assert [before[start:end] for start, end in old] == removed
    assert [after[start:end] for start, end in new] == added


def test_marks_are_markup_and_the_text_is_not() -> None:
    body = marked_html("a <b>bold</b> word", ((2, 5),), removed=True)
    assert ">&lt;b&gt;</del>bold&lt;/b&gt; word</div>" in body and "<b>" not in body
    assert "<ins" in marked_html("new", ((0, 3),), removed=False)
