"""The labelling queue against numbers worked out by hand."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sparsecbm.corrections.compute_queue import all_open, bag_of_words, nearest, next_asked, pool_of, queue
from sparsecbm.corrections.queue import Pool, Weights
from sparsecbm.errors import ConfigError
from sparsecbm.service import Explainer
from sparsecbm.types import Predictions
from tests.helpers import TOY, tiny_checkpoint_of

FIELDS = ("label", "soup", "room")


def some_predictions(labels: Any, concepts: Any) -> Predictions:
    return Predictions(TOY, np.array(labels, dtype=np.float32), np.array(concepts, dtype=np.float32),
                       np.zeros(len(labels), dtype=bool))


def a_pool(uncertainty: Any, disagreement: Any, features: Any) -> Pool:
    return Pool(FIELDS, np.array(uncertainty, dtype=float), np.array(disagreement, dtype=float),
                np.array(features, dtype=float))


def weighing(*parts: float) -> Weights:
    return Weights(*map(float, parts))


def places(found: Any) -> list[tuple[int, str]]:
    return [(one.row, one.field) for one in found]


def test_uncertainty_is_entropy_as_a_share_of_the_largest_that_a_field_can_have() -> None:
    sure, half = (1.0, 0.0, 0.0), (0.5, 0.0, 0.5)
    even = (1 / 3, 1 / 3, 1 / 3)
    found = pool_of(some_predictions([sure, even], [[half, sure], [sure, even]]), np.eye(2))
    assert found.fields == FIELDS and (found.disagreement == 0).all()
    assert found.uncertainty == pytest.approx(
        np.array([[0, math.log(2) / math.log(3), 0], [1, 0, 1]]), abs=1e-6)
    own = replace(TOY, concept_values=(("Negative", "Positive"), TOY.values))  # of two values, half and half is all
    predictions = replace(some_predictions([sure], [[half, sure]]), schema=own)
    assert pool_of(predictions, np.eye(1)).uncertainty[0].tolist() == pytest.approx([0, 1, 0])


def test_disagreement_is_how_far_the_label_is_from_what_the_concepts_alone_say() -> None:
    """Alone, they say 0.25, 0.25, 0.5; predicted are the same, and 1, 0, 0: (0.75 + 0.25 + 0.5) / 2 = 0.75."""
    sure = (1.0, 0.0, 0.0)
    effects = np.zeros((2, 3, 3))
    effects[0, 0, 2] = math.log(2)  # soup is Negative
    predictions = some_predictions([(0.25, 0.25, 0.5), sure], [[sure, sure]] * 2)
    assert pool_of(predictions, np.eye(2), np.zeros(3), effects).disagreement == pytest.approx([0, 0.75], abs=1e-6)
    bias = np.array([0, 0, -math.log(2)])  # alone, they say 1/3 each
    apart = pool_of(predictions, np.eye(2), bias, effects).disagreement
    assert apart == pytest.approx([1 / 6, 2 / 3], abs=1e-6)


def test_a_model_without_concepts_is_asked_about_the_label_alone() -> None:
    found = pool_of(some_predictions([(0.5, 0.5, 0)], np.full((1, 2, 3), 1 / 3)), np.eye(1), np.zeros(3),
                    np.zeros((2, 3, 3)), has_concepts=False)
    assert found.fields == ("label",) and found.uncertainty.shape == (1, 1) and found.disagreement.tolist() == [0]
    assert places(queue(found, 9)) == [(0, "label")]


def test_what_the_model_itself_says_without_the_residual_is_what_disagreement_compares(tmp_path: Any) -> None:
    explainer = Explainer(tiny_checkpoint_of(tmp_path / "tiny"))
    texts = ["The soup was tasty.", "The room felt shabby and it rained.", "Lunch for two!"]
    predictions = explainer.predict_texts(texts)
    found = pool_of(predictions, bag_of_words(texts), explainer.predict(texts[0]).label_bias, explainer.effects())
    for row, text in enumerate(texts):
        whole, alone = (explainer.predict(text, residual=residual).label_probabilities for residual in (True, False))
        assert found.disagreement[row] == pytest.approx(np.abs(whole - alone).sum() / 2, abs=1e-5)
    assert found.disagreement.max() > 0.01


def test_the_score_weighs_its_reasons_and_equal_ones_keep_their_order() -> None:
    pool = a_pool([[0.2, 0.8, 0.2], [0.8, 0.2, 0.2]], [0, 0.4], np.eye(2))
    first, = queue(pool, 1, weights=weighing(1, 1, 2))
    assert (first.row, first.field) == (1, "label")
    assert first.score == pytest.approx((0.8 + 0.4 + 2 * 1) / 4)
    assert (first.uncertainty, first.disagreement, first.diversity) == pytest.approx((0.8, 0.4, 1.0))
    assert places(queue(pool, 2, weights=weighing(1, 0, 0))) == [(0, "soup"), (1, "label")]
    assert places(queue(a_pool(np.ones((2, 3)), [0, 0], np.eye(2)), 9, weights=weighing(1, 0, 0))) == [
        (row, field) for row in range(2) for field in FIELDS]


def test_the_next_text_is_the_one_farthest_from_all_that_were_taken() -> None:
    """At angles of 0, 20, 90 and 50 degrees, all else equal: first 0, then 90, then 50; 20 is nearest to 0."""
    angles = np.radians([0, 20, 90, 50])
    pool = a_pool(np.full((4, 3), 0.5), np.zeros(4), np.stack([np.cos(angles), np.sin(angles)], axis=1))
    found = queue(pool, 5, weights=weighing(0, 0, 1))
    assert [one.row for one in found] == [0, 2, 3, 1, 0]
    assert [one.diversity for one in found] == pytest.approx(
        [1, 1, 1 - math.cos(math.radians(40)), 1 - math.cos(math.radians(20)), 0], abs=1e-7)


def test_texts_that_point_away_from_each_other_are_no_farther_than_those_with_nothing_in_common() -> None:
    pool = a_pool(np.full((3, 3), 0.5), np.zeros(3), [[1, 0], [-1, 0], [0, 1]])
    assert nearest(pool, {0}).cosine.tolist() == [1, 0, 0]


def test_another_field_of_a_text_waits_unless_it_is_much_less_certain() -> None:
    pool = a_pool([[0.9, 0.6, 0.0], [0.3, 0.0, 0.0]], [0, 0], np.eye(2))
    assert places(queue(pool, 2, weights=weighing(1, 0, 1))) == [(0, "label"), (1, "label")]  # 0.6 against 0.3 + 1
    pool = a_pool([[0.9, 0.6, 0.0], [0.3, 0.0, 0.0]], [0, 0], np.eye(2))
    assert places(queue(pool, 2, weights=weighing(4, 0, 1))) == [(0, "label"), (0, "soup")]  # 2.4 against 1.2 + 1


def test_what_was_done_is_neither_asked_nor_forgotten() -> None:
    pool = a_pool(np.full((3, 3), 0.5), np.zeros(3), [[1, 0], [1, 0], [0, 1]])
    asked = queue(pool, 1, [(0, "label")])[0]
    assert (asked.row, asked.diversity) == (2, 1)
    everything = [(row, field) for row in range(3) for field in FIELDS]
    assert queue(pool, 1, everything) == [] and len(queue(pool, 99)) == len(set(places(queue(pool, 99)))) == 9
    assert next_asked(pool, all_open(pool) & False, nearest(pool, ())) is None


def test_what_is_known_of_the_nearest_is_used_and_dropped_where_something_was_taken_back() -> None:
    features = np.random.default_rng(0).normal(size=(300, 5))
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    pool = a_pool(np.zeros((300, 3)), np.zeros(300), features)
    taken = list(range(150))
    at_once = nearest(pool, taken)
    assert at_once.cosine == pytest.approx(np.clip((features @ features[taken].T).max(1), 0, 1))
    step = nearest(pool, taken, nearest(pool, taken[:70]))
    assert step.taken == at_once.taken and step.cosine == pytest.approx(at_once.cosine)
    back = nearest(pool, taken[:3], at_once)
    assert back.cosine == pytest.approx(nearest(pool, taken[:3]).cosine) and back.cosine[10] < 1


def test_words_tell_texts_apart_whatever_they_are_written_in() -> None:
    texts = ["The soup was tasty", "the SOUP was tasty!", "Slow waiter", "🍜", "המרק היה טעים"]
    found = bag_of_words(texts)
    cosines = (found @ found.T).toarray()
    assert np.diag(cosines) == pytest.approx(np.ones(5), abs=1e-6)
    assert cosines[0, 1] > 0.8 and cosines[0, 2] == 0 and cosines[3, 4] == 0
    pool = Pool(FIELDS, np.full((5, 3), 0.5), np.zeros(5), found)
    assert [one.row for one in queue(pool, 5, weights=weighing(0, 0, 1))] == [0, 2, 3, 4, 1]


@pytest.mark.parametrize("weights", [(-1, 1, 1), (0, 0, 0), (float("nan"), 1, 1), (float("inf"), 1, 1)])
def test_weights_that_mean_nothing_are_refused(weights: tuple[float, float, float]) -> None:
    with pytest.raises(ConfigError, match="allowed"):
        weighing(*weights)
