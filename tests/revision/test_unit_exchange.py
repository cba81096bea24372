"""Mask revision of structured masks: whole heads and neurons, the right ones, as many as were dropped."""

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from sparsecbm.errors import InputError
from sparsecbm.model.kept_units import KeptUnits
from sparsecbm.revision.compute import revise
from sparsecbm.revision.compute_masks import changed_masks, random_edit, unit_change
from sparsecbm.revision.compute_unit_exchange import UnitExchange
from tests.helpers import ARCHITECTURES, TOY, structured_masks, tiny_encoder, tiny_model

ENCODED = tiny_encoder().encode(["The soup was bland and cold."])


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_a_revision_reaches_its_value_by_whole_units(kind: str) -> None:
    model = tiny_model(kind)
    masks = structured_masks(model)
    weights = model.masked_weights(masks)
    before = model.concept_logits(model.pool(ENCODED, weights)).softmax(-1)[0]
    value = int(before[0].argsort()[1])
    trace = revise(model, masks, weights.of(0), ENCODED, "soup", TOY.values[value], portion=0.1)
    after = changed_masks(masks, [trace.revision.change])
    found = model.concept_logits(model.pool(ENCODED, after)).softmax(-1)[0]
    assert found[0, value] == pytest.approx(trace.steps[-1].probability, abs=1e-5)
    assert found[0, value] > before[0, value] and torch.allclose(found[1], before[1], atol=1e-6)
    old, new = KeptUnits.of(masks), KeptUnits.of(after)
    for unit in ("head", "neuron"):
        assert torch.equal(old.of_kind(unit)[0].sum(-1), new.of_kind(unit)[0].sum(-1)), "every layer keeps its numbers"
        assert torch.equal(old.of_kind(unit)[1:], new.of_kind(unit)[1:])
    exchanged = int((old.neurons[0] & ~new.neurons[0]).sum())
    assert exchanged >= 1 and trace.revision.change.dropped_count == 32 * exchanged
    assert trace.steps[-1].portion == pytest.approx(32 * exchanged / trace.active) and trace.steps[-1].portion <= 0.1
    back = changed_masks(after, [trace.revision.change.inverse])
    assert all(torch.equal(back.bits[name], masks.bits[name]) for name in masks.matrices)


def test_the_first_plan_takes_the_units_with_the_steepest_loss() -> None:
    """Against the loss when a single unit is switched, which the gradient of its gate estimates."""
    model = tiny_model(seed=3)
    masks = structured_masks(model)
    exchange = UnitExchange(model, masks, ENCODED, 0, 2)
    plan = exchange.plan(exchange.evaluate(gradient=True), dict.fromkeys(exchange.active, 1))
    (dropped,), (grown,) = plan.exchanges["neuron 0"]
    kept = KeptUnits.of(masks)

    def loss(gate: float, neuron: int) -> float:
        more = KeptUnits(kept.layout, kept.heads, with_unit(kept.neurons, neuron))
        own = model.masked_weights(more.masks(masks.passes)).small[0]
        name = "encoder.layer.0.output.dense.weight"
        column = (own.places[name][1] == neuron).nonzero()[0, 0]
        matrix = own.tensors[name].clone()
        matrix[:, column] *= gate
        pooled = model.run_pass(own.with_tensors({name: matrix}), model.embed(ENCODED.input_ids),
                                ENCODED.attention_mask)
        return float(cross_entropy(pooled @ model.concept_weight[0].T + model.concept_bias[0], torch.tensor([2])))

    slopes = np.array([(loss(gate + 1e-2, n) - loss(gate - 1e-2, n)) / 2e-2
                       for n in range(32) for gate in [float(kept.neurons[0, 0, n])]])
    used = kept.neurons[0, 0].numpy()
    assert dropped == np.where(used, slopes, -np.inf).argmax() and grown == np.where(used, np.inf, slopes).argmin()


def with_unit(neurons: torch.Tensor, neuron: int) -> torch.Tensor:
    """The same neurons with one more in the first layer of the first pass."""
    more = neurons.clone()
    more[0, 0, neuron] = True
    return more


def test_a_random_edit_draws_as_many_units_of_the_same_layers() -> None:
    model = tiny_model()
    masks = structured_masks(model)
    kept = KeptUnits.of(masks)
    neurons = kept.neurons.clone()
    gone, come = (neurons[1, 0] == used for used in (True, False))
    neurons[1, 0, gone.nonzero()[:3, 0]] = False
    neurons[1, 0, come.nonzero()[:3, 0]] = True
    like = unit_change(kept, KeptUnits(kept.layout, kept.heads, neurons), "room", 1)
    draws = [random_edit(masks, like, seed) for seed in (0, 0, 1)]
    assert draws[0].digest == draws[1].digest != draws[2].digest
    for draw in draws:
        after = KeptUnits.of(changed_masks(masks, [draw]))
        assert int((kept.neurons[1, 0] & ~after.neurons[1, 0]).sum()) == 3 == int(
            (~kept.neurons[1, 0] & after.neurons[1, 0]).sum())
        assert torch.equal(after.neurons[1, 1], kept.neurons[1, 1]) and torch.equal(after.heads, kept.heads)


def test_less_than_one_unit_is_refused() -> None:
    model = tiny_model()
    masks = structured_masks(model)
    with pytest.raises(InputError, match="less than one"):
        revise(model, masks, model.masked_weights(masks).of(0), ENCODED, "soup", "Positive", portion=0.001)
