"""The sentences about how far to trust the scores."""

from typing import Any

import numpy as np
import pytest

from sparsecbm.types import Target
from sparsecbm.words.faithfulness import Faithfulness
from sparsecbm.words.panel_faithfulness import method_verdict, strip_sentence
from tests.builders import an_attribution

ATTRIBUTION = an_attribution("Good soup", {"Good": 1.0, "soup": 0.0}, "food=Positive")


def metrics(beats: bool, method: str = "integrated-gradients", subject: str = "food") -> dict[str, Any]:
    numbers = {"comprehensiveness": {"mean": 0.314, "ci95": [0.3, 0.4]},
               "random_comprehensiveness": {"mean": 0.12, "ci95": [0.1, 0.2]}, "beats_random": beats}
    return {"faithfulness": {"n": 100, "methods": {method: {subject: numbers}}}}


def test_a_method_that_does_not_beat_chance_is_named_with_its_numbers() -> None:
    beats, said = method_verdict(metrics(False), ATTRIBUTION) or (True, "")
    assert not beats and "Integrated gradients" in said and "31 points" in said and "12 points" in said


def test_one_that_does_has_its_numbers() -> None:
    beats, said = method_verdict(metrics(True), ATTRIBUTION) or (False, "")
    assert beats and "31 points" in said and "12 points" in said


@pytest.mark.parametrize("given", [
    {}, {"faithfulness": None}, {"faithfulness": {}}, metrics(True, method="occlusion"), metrics(True, subject="label"),
])
def test_what_was_not_measured_has_no_sentence(given: dict[str, Any]) -> None:
    assert method_verdict(given, ATTRIBUTION) is None


def test_one_text_is_too_few_for_a_sentence() -> None:
    given = metrics(False)
    given["faithfulness"]["methods"]["integrated-gradients"]["food"]["comprehensiveness"]["ci95"] = None
    assert method_verdict(given, ATTRIBUTION) is None


def test_a_label_is_measured_as_label() -> None:
    assert method_verdict(metrics(True, subject="label"), an_attribution("Good", {"Good": 1.0})) is not None


def faithfulness(target: Target, scale: float = 1.0) -> Faithfulness:
    fractions = np.arange(1, 11) / 10
    own, random = scale * (0.92 - 0.2 * np.arange(1, 11) / 3), np.full((2, 10), scale * 0.8)
    return Faithfulness(target, "occlusion", None, "deletion", fractions, scale * 0.92, own, own, random, random, None,
                        1.0)


def test_the_sentence_is_about_one_share_of_the_words() -> None:
    said = strip_sentence(faithfulness(Target("food", "Positive")), "food = Positive").replace("\u00a0", " ")
    assert [part in said for part in ("30 % of the words", "food = Positive from 92 % to 72 %", "80 %")] == [True] * 3


def test_a_difference_of_two_probabilities_is_in_points() -> None:
    said = strip_sentence(faithfulness(Target(None, "2", "4"), -0.5), "2 rather than 4")
    assert "from −46 points to −36 points" in said and "−40 points" in said
