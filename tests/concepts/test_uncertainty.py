"""The range of the label over what is not known, against hand-made cases and fine grids of distributions."""

from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.special import softmax

from sparsecbm.concepts import compute_uncertainty as uncertainty
from sparsecbm.concepts.compute_override import Effects
from sparsecbm.concepts.compute_uncertainty import label_range
from sparsecbm.errors import InputError
from sparsecbm.types import Prediction
from tests.concepts.toys import random_toy, toy_prediction


def grid(values: int, parts: int) -> np.ndarray:
    """All distributions over some values in whole parts: [distribution, value]."""
    shares = [parted for parted in product(range(parts + 1), repeat=values) if sum(parted) == parts]
    return np.array(shares) / parts


def logits_of(prediction: Prediction, effects: Effects, concepts: str, parts: int) -> np.ndarray:
    """Label logits at every grid point of the concepts' distributions together: [point, label]."""
    chosen = [prediction.schema.concept_index(concept) for concept in concepts]
    points = (prediction.label_logits - prediction.contributions[chosen].sum(0))[None]
    for k in chosen:
        points = (points[:, None] + grid(effects.shape[1], parts) @ effects[k]).reshape(-1, effects.shape[2])
    return points


@pytest.mark.parametrize(("concepts", "parts", "values"), [("b", 60, 3), ("b", 400, 2), ("ca", 16, 3), ("abc", 12, 2)])
def test_the_range_is_that_of_a_fine_grid(concepts: str, parts: int, values: int) -> None:
    between = 0
    for seed in range(12):
        prediction, effects = random_toy(seed, values=values)
        found = label_range(prediction, effects, list(concepts))
        fine = softmax(logits_of(prediction, effects, concepts, parts), axis=-1)
        certain = softmax(logits_of(prediction, effects, concepts, 1), axis=-1)
        np.testing.assert_allclose(found.lowest, fine.min(0))  # at certain values, which the grid has
        np.testing.assert_allclose(found.lowest, certain.min(0))
        np.testing.assert_allclose(found.highest_certain, certain.max(0))
        assert (found.highest >= fine.max(0) * (1 - 1e-9)).all()
        np.testing.assert_allclose(found.highest, fine.max(0), rtol=0.06 if parts < 60 else 0.01)  # and no wider
        between += int((found.highest > certain.max(0) * 1.001).sum())
        labels = prediction.schema.labels
        assert {labels[y] for y in fine.argmax(-1)} <= set(found.winners)
        assert {labels[y] for y in certain.argmax(-1)} == set(found.winners_certain)
        assert list(found.winners) == [label for label in labels if label in found.winners]
    assert between > 3  # the best is not always a certain value


def one_concept(*effects: list[float], rest: list[float]) -> tuple[Prediction, Effects]:
    made = np.array([effects])
    shares = np.full((1, len(effects)), 1 / len(effects))
    return toy_prediction(shares, made, np.array(rest)), made


def test_a_middle_label_can_be_likeliest_between_values() -> None:
    """v0 says label 0, v1 says label 2, and half of each leaves label 1 ahead: e^.5 against 1 and 1."""
    found = label_range(*one_concept([2.0, 0.0, -2.0], [-2.0, 0.0, 2.0], rest=[0.0, 0.5, 0.0]), ["a"])
    half, end = np.exp(0.5), np.exp([2.0, 0.5, -2.0])
    np.testing.assert_allclose(found.highest[1], half / (half + 2), rtol=1e-6)
    np.testing.assert_allclose(found.highest_certain[1], end[1] / end.sum())
    np.testing.assert_allclose(found.lowest, [end[2], end[1], end[2]] / end.sum())
    assert found.winners_certain == ("0", "2") and found.winners == ("0", "1", "2")


def test_a_label_that_wins_only_where_it_is_not_likeliest_is_found() -> None:
    """With share t of v1 the logits are 0, .45 - t and 10 t - 4.6: label 0 leads for t in .45 .. .46 alone, and has its
    highest probability far from there."""
    found = label_range(*one_concept([0.0, 0.45, -4.6], [0.0, -0.55, 5.4], rest=[0.0, 0.0, 0.0]), ["a"])
    assert found.winners == ("0", "1", "2") and found.winners_certain == ("1", "2")
    shut = label_range(*one_concept([0.0, 0.45, -4.4], [0.0, -0.55, 5.6], rest=[0.0, 0.0, 0.0]), ["a"])  # .45 .. .44
    assert shut.winners == ("1", "2")


def test_an_optimiser_that_stops_early_makes_the_range_wider_never_narrower(monkeypatch: pytest.MonkeyPatch) -> None:
    made = one_concept([2.0, 0.0, -2.0], [-1.0, 0.5, 2.0], rest=[0.0, 0.5, 0.0])
    found = label_range(*made, ["a"]).highest
    monkeypatch.setattr(uncertainty, "minimize", lambda _, start, **__: SimpleNamespace(x=start))
    lazy = label_range(*made, ["a"]).highest
    assert (lazy >= found * (1 - 1e-9)).all() and lazy[1] > found[1] * 1.001


def test_the_expectation_is_the_mean_over_certain_values() -> None:
    prediction, effects = random_toy(3)
    expected = np.zeros(4)
    for v, w in product(range(3), repeat=2):
        logits = prediction.label_bias + effects[0, v] + prediction.contributions[1] + effects[2, w]
        expected += prediction.concept_probabilities[0, v] * prediction.concept_probabilities[2, w] * softmax(logits)
    np.testing.assert_allclose(label_range(prediction, effects, ["a", "c"]).expected, expected)
    np.testing.assert_allclose(label_range(prediction, effects, ["c", "a"]).expected, expected)


def test_a_concept_that_does_nothing_leaves_no_range() -> None:
    prediction, effects = one_concept([0.3, 0.3], [0.3, 0.3], rest=[1.0, 0.0])
    found = label_range(prediction, effects, ["a"])
    for side in (found.lowest, found.highest, found.highest_certain, found.expected):
        np.testing.assert_allclose(side, prediction.label_probabilities, rtol=1e-5)
    assert found.winners == found.winners_certain == ("0",)


@pytest.mark.parametrize(("concepts", "part"), [([], "allowed: one or more of a, b, c"), (["x"], "'x'"),
                                                (["a", "a"], "each one once")])
def test_what_cannot_be_unsure(concepts: list[str], part: str) -> None:
    with pytest.raises(InputError, match=part):
        label_range(*random_toy(0), concepts)
