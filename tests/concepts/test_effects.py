"""Effects say the same as an override, for every state there is, without a model."""

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest

from sparsecbm.concepts.compute_override import MOST_STATES, concept_effects, override, set_all, set_one
from sparsecbm.errors import CheckpointError, InputError
from sparsecbm.model.network import SparseCBM
from sparsecbm.model.prediction import predict
from sparsecbm.types import Prediction
from tests.concepts.toys import random_toy
from tests.helpers import TOY, random_masks, tiny_encoder, tiny_model, untouched

CONFIGS = pytest.mark.parametrize(
    "config", [{}, {"bottleneck": "logits"}, {"residual": False}, {"kind": "dense", "bottleneck": "logits"}], ids=str)
CERTAIN = np.eye(3).tolist()


def predicted(model: SparseCBM) -> Prediction:
    weights = model.masked_weights(random_masks(model)) if model.config.kind == "sparse" else None
    return predict(model, tiny_encoder(), weights, "The soup was tasty.", "hash")


@CONFIGS
def test_every_state_is_that_of_the_override(config: dict[str, Any]) -> None:
    model = tiny_model(**config)
    before, effects = predicted(model), concept_effects(model)
    one, both = set_one(before.label_logits, before.contributions, effects), set_all(before, effects, TOY.concepts)
    for k, v in product(range(2), range(3)):
        after = override(model, before, {TOY.concepts[k]: CERTAIN[v]}).after
        np.testing.assert_allclose(one[k, v], after.label_logits, atol=1e-5)
        np.testing.assert_allclose(effects[k, v], after.contributions[k], atol=1e-5)
    for soup, room in product(range(3), repeat=2):
        after = override(model, before, {"soup": CERTAIN[soup], "room": CERTAIN[room]}).after
        np.testing.assert_allclose(both[soup, room], after.label_logits, atol=1e-5)


@CONFIGS
def test_a_distribution_has_the_mean_of_its_values_effects(config: dict[str, Any]) -> None:
    model = tiny_model(**config)
    after = override(model, predicted(model), {"room": (0.2, 0.3, 0.5)}).after
    np.testing.assert_allclose(np.array([0.2, 0.3, 0.5]) @ concept_effects(model)[1], after.contributions[1], atol=1e-5)


def test_axes_follow_the_order_of_the_concepts_asked_for() -> None:
    prediction, effects = random_toy(0, concepts=3)
    forward, backward = (set_all(prediction, effects, concepts) for concepts in (("a", "c"), ("c", "a")))
    np.testing.assert_allclose(forward, backward.transpose(1, 0, 2))
    np.testing.assert_allclose(
        forward[1, 2], prediction.label_bias + effects[0, 1] + prediction.contributions[1] + effects[2, 2])
    np.testing.assert_allclose(set_all(prediction, effects, ()), prediction.label_logits)


def test_many_rows_at_once_are_each_row_alone() -> None:
    rows = [random_toy(seed)[0] for seed in range(3)]
    effects = random_toy(9)[1]
    together = set_one(np.stack([row.label_logits for row in rows]), np.stack([row.contributions for row in rows]),
                       effects)
    for row, logits in zip(rows, together, strict=True):
        np.testing.assert_allclose(logits, set_one(row.label_logits, row.contributions, effects))


def test_a_switched_off_residual_stays_off() -> None:
    model = tiny_model()
    bare = override(model, predicted(model), {}, residual=False).after
    after = override(model, bare, {"soup": CERTAIN[0], "room": CERTAIN[2]}).after
    np.testing.assert_allclose(set_all(bare, concept_effects(model), TOY.concepts)[0, 2], after.label_logits, atol=1e-5)


def test_effects_belong_to_nobody_and_leave_the_model_alone() -> None:
    model = tiny_model()
    with untouched(model):
        effects = concept_effects(model)
        with pytest.raises(ValueError, match="read-only"):
            effects += 1


def test_a_black_box_has_no_concepts_to_set() -> None:
    with pytest.raises(CheckpointError, match="kind black_box"):
        concept_effects(tiny_model(kind="black_box"))


@pytest.mark.parametrize(("concepts", "part"), [(("a", "x"), "'x'"), (("a", "b", "a"), "each one once")])
def test_concepts_that_cannot_be_set_together(concepts: tuple[str, ...], part: str) -> None:
    with pytest.raises(InputError, match=part):
        set_all(*random_toy(0), concepts)


def test_too_many_states_are_refused() -> None:
    prediction, effects = random_toy(0, concepts=13, labels=2)
    assert set_all(prediction, effects, prediction.schema.concepts[:12]).size == 2 * 3**12 <= 2 * MOST_STATES
    with pytest.raises(InputError, match=r"13 concepts .* 1,594,323 states; allowed: 1,048,576, which is 12 concepts"):
        set_all(prediction, effects, prediction.schema.concepts)


def test_a_value_that_a_concept_cannot_have_is_neither_predicted_nor_set() -> None:
    """The soup is never unknown; its range is that of its own values."""
    schema = replace(TOY, concept_values=(("Negative", "Positive"), TOY.values))
    model = tiny_model(schema=schema)
    before, effects = predicted(model), concept_effects(model)
    assert before.concept_probabilities[0, 1] < 1e-6 < before.concept_probabilities[1, 1]
    assert effects[0, 1].tolist() == effects[0, 0].tolist() and effects[1, 1].tolist() != effects[1, 0].tolist()
    for shares in ((0.0, 1.0, 0.0), (0.5, 0.1, 0.4)):
        with pytest.raises(InputError, match="Unknown value 'unknown'; allowed: Negative, Positive"):
            override(model, before, {"soup": shares})
