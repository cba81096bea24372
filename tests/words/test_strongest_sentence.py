"""The sentence above the text names the words that the picture shows as strongest, whatever they look like."""

import pytest

from sparsecbm.words.figure import strongest_words
from sparsecbm.words.panel_word_scores import strongest_sentence
from tests.builders import an_attribution


def named(scores: dict[str, float]) -> str:
    return strongest_sentence(an_attribution(" ".join(scores), scores))


def test_signs_are_named_when_they_score_most() -> None:
    said = named({"good": 0.5, "$": 2.0, "soup": 0.4, "*": 1.0, "bad": -0.3})
    assert "**\u2068\\$\u2069**" in said and "**\u2068\\*\u2069**" in said and "good" not in said and "bad" in said


def test_a_right_to_left_word_stands_alone_and_a_long_one_is_cut() -> None:
    said = named({"لذيذ": 1.0, "o" * 3000: 0.5})
    assert "**\u2068لذيذ\u2069** (+1.00)" in said and len(said) < 200


@pytest.mark.parametrize("scores", [{}, {"soup": 0.0}, {"soup": 0.004, "bad": -0.004}])
def test_scores_that_round_to_nothing_name_no_word(scores: dict[str, float]) -> None:
    assert strongest_words(an_attribution(" ".join(scores), scores), 2) == ((), ())
    assert "soup" not in named(scores)


def test_as_many_as_wanted_each_way_the_strongest_first() -> None:
    made = an_attribution("a b c d e", {"a": 1.0, "b": 3.0, "c": 2.0, "d": -1.0, "e": -2.0})
    found = [[(word.text, score) for word, score in side] for side in strongest_words(made, 2)]
    assert found == [[("b", 3.0), ("c", 2.0)], [("e", -2.0), ("d", -1.0)]]
    assert [len(side) for side in strongest_words(made, 2, least=2.5)] == [1, 0]
