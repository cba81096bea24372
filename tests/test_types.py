"""Targets are read as written; results are frozen."""

import dataclasses
import pickle

import numpy as np
import pytest

from sparsecbm.errors import InputError
from sparsecbm.types import Attribution, Target, Word
from tests.helpers import TOY


@pytest.mark.parametrize(("text", "target"), [
    ("soup=Positive", Target("soup", "Positive")), ("room=unknown", Target("room", "unknown")),
    ("label=good", Target(None, "good")),
])
def test_a_target_is_read_and_written(text: str, target: Target) -> None:
    assert Target.parse(text, TOY) == target and str(target) == text


@pytest.mark.parametrize(("text", "parts"), [
    ("soup", ["'soup'", "concept=value", "soup=Positive", "label=good"]),
    ("", ["''", "concept=value"]),
    ("decor=Positive", ["concept 'decor'", "soup, room"]),
    ("soup=positive", ["value 'positive'", "Negative, unknown, Positive"]),
    ("soup=good", ["value 'good'", "Negative, unknown, Positive"]),
    ("label=5", ["label '5'", "bad, fair, good"]),
    ("label=", ["label ''", "bad, fair, good"]),
    ("residual=good", ["concept 'residual'", "soup, room"]),
])
def test_what_is_no_target_is_refused(text: str, parts: list[str]) -> None:
    with pytest.raises(InputError) as error:
        Target.parse(text, TOY)
    assert [part for part in parts if part not in str(error.value)] == []


def test_results_are_frozen_and_travel() -> None:
    made = Attribution(Target("soup", "Positive"), "method", (Word("a", 0, 1),), np.array([0.5]), 0.4, 0.1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.difference = 1.0  # type: ignore[misc]
    again = pickle.loads(pickle.dumps(made))
    assert (again.target, again.words, again.scores.tolist()) == (made.target, made.words, [0.5])
