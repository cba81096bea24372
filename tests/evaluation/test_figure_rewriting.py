"""One rewriting: the changed words of both versions, the effects beside each other, and the order of the pairs."""

import numpy as np
import pytest

from sparsecbm.evaluation.figure_two_models import distance_text, effect_dots, ordered_pairs
from sparsecbm.figures.text_diff import changed_spans, marked_html
from sparsecbm.schema import CEBAB


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


def test_effects_stand_beside_each_other_in_points() -> None:
    found = effect_dots({"did": np.array([0.1, 0, 0, 0, -0.1]), "said": np.zeros(5)}, CEBAB)
    assert [(dot.row, dot.series, dot.value) for dot in found[:2]] == [("1 star", "did", 10), ("1 star", "said", 0)]
    assert found[-2].value == -10 and len(found) == 10


def test_the_distance_stands_among_those_of_the_other_pairs() -> None:
    said = distance_text({"l2": 0.5, "cosine": 0.25, "norm_difference": 0.1}, np.array([0.2, 0.5, 0.8, 0.9]))
    assert "L2 0.500 (mean of these 4 pairs 0.600; 50 % of them are farther off)" in said
    assert "cosine distance 0.250" in said and "norms 0.100" in said


def test_pairs_come_in_the_order_that_was_asked() -> None:
    l2, some = np.array([0.3, 0.9, 0.3, 0.1]), np.array([True, False, True, True])
    assert ordered_pairs(some, l2, "far").tolist() == [0, 2, 3]
    assert ordered_pairs(some, l2, "near").tolist() == [3, 0, 2]
    assert ordered_pairs(some, l2, "file").tolist() == [0, 2, 3]
