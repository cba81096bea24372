"""The smallest fix, against every state there is."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy.special import softmax

from sparsecbm.concepts.compute_override import Effects, concept_effects, override
from sparsecbm.concepts.compute_smallest_fix import smallest_fix
from sparsecbm.errors import InputError
from sparsecbm.model.prediction import predict
from sparsecbm.types import Prediction
from tests.concepts.toys import random_toy, toy_prediction
from tests.helpers import TOY, random_masks, tiny_encoder, tiny_model


def by_brute_force(
    prediction: Prediction, effects: Effects, y: int, at_least: float
) -> list[tuple[float, dict[str, str]]]:
    """(margin, values set) of all smallest fixes, by trying all (C + 1)^K states one after another."""
    schema, found = prediction.schema, []
    for state in product([None, *range(len(schema.values))], repeat=len(schema.concepts)):
        logits = prediction.label_bias.astype(float)
        for k, v in enumerate(state):
            logits = logits + (prediction.contributions[k] if v is None else effects[k, v])
        margin = min(logits[y] - logits[other] for other in range(len(logits)) if other != y)
        if margin > 1e-5 and all(v is None or prediction.concept_probabilities[k, v] >= at_least
                                 for k, v in enumerate(state)):
            found.append((margin, {schema.concepts[k]: schema.values[v] for k, v in enumerate(state) if v is not None}))
    size = min((len(values) for _, values in found), default=0)
    return sorted(((margin, values) for margin, values in found if len(values) == size), key=lambda one: -one[0])


@pytest.mark.parametrize("at_least", [0.0, 0.2])
def test_all_smallest_fixes_and_no_others(at_least: float) -> None:
    sizes = set()
    for seed in range(60):
        prediction, effects = random_toy(seed)
        for y, label in enumerate(prediction.schema.labels):
            fix = smallest_fix(prediction, effects, label, at_least)
            expected = by_brute_force(prediction, effects, y, at_least)
            assert [one.values for one in fix.fixes] == [values for _, values in expected]
            assert [one.margin for one in fix.fixes] == pytest.approx([margin for margin, _ in expected])
            assert fix.size == (len(expected[0][1]) if expected else None)
            sizes.add(fix.size)
    assert sizes == {None, 0, 1, 2, 3}  # every case came up


def test_a_fix_reaches_what_it_says() -> None:
    for seed in range(20):
        prediction, effects = random_toy(seed)
        for y, label in enumerate(prediction.schema.labels):
            for fix in smallest_fix(prediction, effects, label).fixes:
                logits = prediction.label_logits.copy()
                for concept, value in fix.values.items():
                    k = prediction.schema.concept_index(concept)
                    logits += effects[k, prediction.schema.value_index(value)] - prediction.contributions[k]
                assert logits.argmax() == y and fix.probability == pytest.approx(softmax(logits)[y])
                assert fix.margin == pytest.approx(logits[y] - np.delete(logits, y).max())


def test_an_override_of_a_fix_gives_the_label() -> None:
    reached = 0
    for seed, bottleneck in product(range(6), ("probabilities", "logits")):
        model = tiny_model(seed=seed, bottleneck=bottleneck)
        weights = model.masked_weights(random_masks(model))
        before = predict(model, tiny_encoder(), weights, "The soup was tasty.", "hash")
        for label in TOY.labels:
            for fix in smallest_fix(before, concept_effects(model), label).fixes:
                set_ = {concept: np.eye(3)[TOY.value_index(value)].tolist() for concept, value in fix.values.items()}
                assert override(model, before, set_).after.label == label
                reached += bool(set_)
    assert reached > 5


#: The label follows concept a: v0 says 0, v1 says 1; label 2 is out of reach.
SURE = np.array([[1.0, 0.0]])
FOLLOWS = np.array([[[2.0, 0.0, 0.0], [0.0, 2.0, 0.0]]])


@pytest.mark.parametrize(("label", "size", "reason"), [
    ("0", 0, "The verdict is l0 already."),
    ("1", 1, "Setting one concept makes the verdict l1, in one way."),
    ("2", None, "Setting concepts cannot make the verdict l2."),
])
def test_the_reason_says_what_there_is(label: str, size: int | None, reason: str) -> None:
    found = smallest_fix(toy_prediction(SURE, FOLLOWS, np.zeros(3)), FOLLOWS, label)
    assert (found.label, found.size, found.reason) == (label, size, reason)


def test_values_that_the_model_rules_out_can_be_left_out() -> None:
    found = smallest_fix(toy_prediction(SURE, FOLLOWS, np.zeros(3)), FOLLOWS, "1", at_least=0.01)
    assert found.fixes == () and found.reason == (
        "Setting concepts to values that the model gives at least 0.01 cannot make the verdict l1.")


def test_a_tie_is_no_fix() -> None:
    """Either value leaves labels 0 and 1 level, and the first of a tie is shown."""
    level = np.array([[[1.0, 1.0], [0.0, 0.0]]])
    assert smallest_fix(toy_prediction(np.array([[0.5, 0.5]]), level, np.zeros(2)), level, "1").fixes == ()


def test_an_unknown_label_is_refused() -> None:
    with pytest.raises(InputError, match="'9'; allowed: 0, 1, 2, 3"):
        smallest_fix(*random_toy(0), "9")


def test_of_too_many_states_the_small_ones_are_searched() -> None:
    """Twenty concepts of seven values: what three can do is known, and that no more was looked at is said."""
    effects = np.zeros((20, 7, 2))
    effects[:3, 6, 1] = 1.0
    prediction = toy_prediction(np.eye(7)[np.zeros(20, dtype=int)], effects, np.array([2.5, 0.0]))
    assert [fix.values for fix in smallest_fix(prediction, effects, "1").fixes] == [{"a": "v6", "b": "v6", "c": "v6"}]
    never = smallest_fix(toy_prediction(prediction.concept_probabilities, effects, np.array([9.0, 0.0])), effects, "1")
    assert never.fixes == () and "up to 3 concepts" in never.reason and "too many" in never.reason


def test_a_fix_sets_a_concept_to_values_of_its_own() -> None:
    """Both values v1 and v2 of concept a would do, but it cannot be v2."""
    effects = np.array([[[0.0, 0.0], [0.0, 5.0], [0.0, 6.0]]])
    prediction = toy_prediction(np.array([[1.0, 0.0, 0.0]]), effects, np.array([1.0, 0.0]))
    own = replace(prediction, schema=replace(prediction.schema, concept_values=(("v0", "v1"),)))
    assert [fix.values for fix in smallest_fix(own, effects, "1").fixes] == [{"a": "v1"}]


def test_ten_concepts_are_searched_to_the_end() -> None:
    """Label 2 never wins; the search has seen all states when it says so."""
    random = np.random.default_rng(0)
    effects, probabilities = random.normal(size=(10, 3, 3)) * 0.01, random.dirichlet(np.ones(3), size=10)
    prediction = toy_prediction(probabilities, effects, np.array([1.0, 0.0, -5.0]))
    assert smallest_fix(prediction, effects, "2").size is None
