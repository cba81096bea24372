"""The sentences about removed words say the numbers, their direction and whether they beat chance."""

import pytest

from sparsecbm.words.figure_faithfulness import beats_random, keeping_text, removal_text, verdict_text
from tests.builders import a_faithfulness


def test_both_orders_stand_beside_each_other() -> None:
    one = a_faithfulness(0.31, [0.10, 0.14])
    assert "falls by 31 points" in removal_text(one) and "falls by 12 points" in removal_text(one)
    assert "hardly changes" in keeping_text(one) and "falls by 12 points" in keeping_text(one)


def test_a_rise_and_a_single_point_are_said_so() -> None:
    said = removal_text(a_faithfulness(-0.05, [0.01]))
    assert "rises by 5 points" in said and "falls by 1 point." in said


def test_a_comparison_of_two_labels_has_no_single_probability() -> None:
    assert "the difference of the two probabilities falls" in removal_text(a_faithfulness(0.3, [0.1], "label=2:4"))


@pytest.mark.parametrize(("loss", "beats"), [(0.21, True), (0.20, False), (0.15, False), (-0.3, False)])
def test_scores_must_beat_every_random_order(loss: float, beats: bool) -> None:
    one = a_faithfulness(loss, [0.1, 0.2])
    assert beats_random(one) is beats
    assert ("do not rely" in verdict_text(one)) is not beats
    assert "any of 2 random orders" in verdict_text(one)
