"""Targets are read as written; results are frozen."""

import dataclasses
import math
import pickle

import numpy as np
import pytest

from sparsecbm.errors import InputError
from sparsecbm.types import Attribution, Target, Word
from tests.helpers import TOY


@pytest.mark.parametrize(("text", "target"), [
    ("soup=Positive", Target("soup", "Positive")), ("room=unknown", Target("room", "unknown")),
    ("label=good", Target(None, "good")), ("label=good:bad", Target(None, "good", "bad")),
    ("soup=Negative:unknown", Target("soup", "Negative", "unknown")),
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
    ("label=good:", ["label ''", "bad, fair, good"]),
    ("label=good:great", ["label 'great'", "bad, fair, good"]),
    ("soup=Positive:good", ["value 'good'", "Negative, unknown, Positive"]),
    ("label=good:good", ["'label=good:good'", "'good' with itself", "two different"]),
    ("residual=good", ["concept 'residual'", "soup, room"]),
])
def test_what_is_no_target_is_refused(text: str, parts: list[str]) -> None:
    with pytest.raises(InputError) as error:
        Target.parse(text, TOY)
    assert [part for part in parts if part not in str(error.value)] == []


def test_a_name_may_hold_a_colon_itself() -> None:
    schema = dataclasses.replace(TOY, labels=("1:2", "2:1", "1"))
    assert Target.parse("label=1:2", schema) == Target(None, "1:2")
    assert Target.parse("label=1:2:1", schema) == Target(None, "1", "2:1")


def attribution(difference: float, gap: float) -> Attribution:
    return Attribution(Target("soup", "Positive"), "method", None, (Word("a", 0, 1),), np.array([0.5]), {}, difference,
                       gap, 1.0)


@pytest.mark.parametrize(("difference", "gap", "share"), [
    (0.4, 0.1, 0.25), (-0.4, 0.1, 0.25), (0.0, 0.1, math.inf), (0.0, 0.0, 0.0), (2.0, 0.0, 0.0),
])
def test_the_gap_is_told_as_a_share_of_the_difference(difference: float, gap: float, share: float) -> None:
    assert attribution(difference, gap).relative_gap == pytest.approx(share)


def test_results_are_frozen_and_travel() -> None:
    made = attribution(0.4, 0.1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.difference = 1.0  # type: ignore[misc]
    again = pickle.loads(pickle.dumps(made))
    assert (again.target, again.words, again.scores.tolist()) == (made.target, made.words, [0.5])
