"""Each single change is exact in logits, and is what an override of it alone would do."""

import numpy as np
import pytest

from sparsecbm.concepts.compute_override import override
from sparsecbm.concepts.contributions import single_effects
from sparsecbm.model.prediction import predict
from tests.helpers import random_masks, tiny_encoder, tiny_model

SOUP, ROOM = {"soup": (0.0, 0.0, 1.0)}, {"room": (0.7, 0.2, 0.1)}


@pytest.mark.parametrize("bottleneck", ["probabilities", "logits"])
def test_alone_and_without_are_those_overrides(bottleneck: str) -> None:
    model = tiny_model(bottleneck=bottleneck)
    before = predict(model, tiny_encoder(), model.masked_weights(random_masks(model)), "The soup was tasty.", "hash")
    after = override(model, before, SOUP | ROOM, residual=False).after
    soup, room, residual = single_effects(before, after)
    assert (soup.part, room.part, residual.part) == ("soup", "room", "residual")
    np.testing.assert_allclose(soup.change + room.change + residual.change, after.label_logits - before.label_logits,
                               atol=1e-5)
    np.testing.assert_allclose(residual.change, -before.residual, atol=1e-6)
    for effect, alone, without in (
            (soup, override(model, before, SOUP), override(model, before, ROOM, residual=False)),
            (room, override(model, before, ROOM), override(model, before, SOUP, residual=False)),
            (residual, override(model, before, {}, residual=False), override(model, before, SOUP | ROOM))):
        np.testing.assert_allclose(effect.alone, alone.after.label_probabilities, atol=1e-5)
        np.testing.assert_allclose(effect.without, without.after.label_probabilities, atol=1e-5)


def test_what_stays_the_same_is_left_out() -> None:
    model = tiny_model()
    before = predict(model, tiny_encoder(), model.masked_weights(random_masks(model)), "The soup was tasty.", "hash")
    assert single_effects(before, override(model, before, {}).after) == ()
    assert [effect.part for effect in single_effects(before, override(model, before, ROOM).after)] == ["room"]
