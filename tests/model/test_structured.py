"""Structured masks: whole heads and neurons, small matrices, and the same answers as masks of the single weights."""

from pathlib import Path

import pytest
import torch

from sparsecbm.errors import CheckpointError, ConfigError, InputError
from sparsecbm.model.backbone import attention_heads
from sparsecbm.model.checkpoint import MASKS_FILE, load_checkpoint, save_checkpoint
from sparsecbm.model.gates import gated
from sparsecbm.model.kept_units import KeptUnits
from sparsecbm.model.units import UnitLayout, best_units
from sparsecbm.revision.compute_masks import changed_masks
from sparsecbm.revision.edit import MaskChange
from tests.helpers import ARCHITECTURES, as_single_weights, structured_masks, tiny_backbone, tiny_encoder, tiny_model

TEXTS = ["The soup was bland and cold.", "A warm room!"]


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_small_passes_answer_as_the_masked_network_does(kind: str) -> None:
    model = tiny_model(kind)
    masks, encoded = structured_masks(model), tiny_encoder().encode(TEXTS)
    small, whole = model.masked_weights(masks), model.masked_weights(as_single_weights(masks))
    pooled = model.pool(encoded, small)
    assert torch.allclose(pooled, model.pool(encoded, whole), atol=1e-6)
    assert not torch.allclose(pooled, model.pool(encoded), atol=1e-2)
    assert small.memory_bytes < whole.memory_bytes


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_gates_on_the_whole_network_are_the_mask(kind: str) -> None:
    model = tiny_model(kind)
    masks, encoded = structured_masks(model), tiny_encoder().encode(TEXTS)
    kept, embedded = KeptUnits.of(masks), model.embed(encoded.input_ids)
    gates = {(unit, layer): kept.of_kind(unit)[0, layer].float().unsqueeze(0)
             for unit in ("head", "neuron") for layer in range(2)}
    with gated(model.backbone, model.layout, gates):
        through = model.run_pass({}, embedded, encoded.attention_mask)
    assert torch.allclose(through, model.pool(encoded, masks)[:, 0], atol=1e-6)
    after = model.run_pass({}, embedded, encoded.attention_mask)
    assert torch.allclose(after, model.pool(encoded)[:, 0], atol=1e-6), "the gates are gone"


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_gradients_of_the_small_matrices_reach_the_whole_ones(kind: str) -> None:
    model = tiny_model(kind).requires_grad_(True)
    masks, encoded = structured_masks(model), tiny_encoder().encode(TEXTS)
    parameters, sites = dict(model.backbone.named_parameters()), model.sites
    embedded = model.embed(encoded.input_ids).detach()
    model.run_pass({name: parameters[name] * masks.unpack(name)[2] for name in sites}, embedded,
                   encoded.attention_mask).square().sum().backward()
    wanted = {name: parameter.grad.clone() for name, parameter in parameters.items() if parameter.grad is not None}
    model.zero_grad(set_to_none=True)
    own = model.masked_weights(masks).small[2].leaves(parameters)
    model.run_pass(own, embedded, encoded.attention_mask).square().sum().backward()
    own.add_gradients(parameters)
    for name in sites:  # nothing reaches the output of a layer without heads
        found = parameters[name].grad
        assert torch.allclose(torch.zeros_like(wanted[name]) if found is None else found, wanted[name], atol=1e-4), name


def test_the_units_of_a_toy() -> None:
    """Two heads of width 8 and 32 neurons in matrices 16 wide, two layers: 512 weights a head, 32 a neuron."""
    model = tiny_model()
    layout = model.layout
    assert (layout.heads, layout.neurons, layout.costs) == (2, 32, (512, 32))
    heads, neurons = torch.zeros(3, 2, 2, dtype=torch.bool), torch.zeros(3, 2, 32, dtype=torch.bool)
    heads[0, 0, 1] = neurons[1, 1, 5] = True
    masks = KeptUnits(layout, heads, neurons).masks(model.config.passes)
    query = masks.unpack("encoder.layer.0.attention.self.query.weight")[0]
    output = masks.unpack("encoder.layer.0.attention.output.dense.weight")[0]
    assert query[8:].all() and not query[:8].any() and output[:, 8:].all() and not output[:, :8].any()
    assert masks.unpack("encoder.layer.1.intermediate.dense.weight")[1].nonzero()[:, 0].unique().tolist() == [5]
    assert masks.unpack("encoder.layer.1.output.dense.weight")[1].nonzero()[:, 1].unique().tolist() == [5]
    assert [round(density * masks.weights) for density in masks.density().values()] == [512, 32, 0]


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_units_and_bits_say_the_same(kind: str) -> None:
    masks = structured_masks(tiny_model(kind))
    again = KeptUnits.of(masks).masks(masks.passes)
    assert all(torch.equal(again.bits[name], bits) for name, bits in masks.bits.items())
    kept = KeptUnits.of(masks)
    flat = KeptUnits.of_flat(kept.layout, kept.flat)
    assert torch.equal(flat.heads, kept.heads) and torch.equal(flat.neurons, kept.neurons)


def test_the_best_units_fit_into_the_budget() -> None:
    """A head costs 512, a neuron 32: the second head does not fit any more, the neurons after it do."""
    layout = tiny_model().layout
    score, active = torch.zeros(68), torch.ones(68, dtype=torch.bool)
    score[[0, 3, 4, 5, 6]] = torch.tensor([9.0, 8.0, 7.0, 6.0, 5.0])
    active[5] = False
    floor = torch.zeros(68, dtype=torch.bool)
    floor[67] = True
    kept = best_units(score, active, layout, 512 + 3 * 32, floor)
    assert kept.nonzero().flatten().tolist() == [0, 4, 6, 67]


def test_a_checkpoint_stores_a_bit_per_unit(tmp_path: Path) -> None:
    model = tiny_model(mask_kind="structured")
    masks = structured_masks(model)
    save_checkpoint(tmp_path, model, tiny_encoder(), masks)
    found = load_checkpoint(tmp_path, "cpu").masks
    assert found is not None and found.layout is not None and found.passes == masks.passes
    assert all(torch.equal(found.bits[name], bits) for name, bits in masks.bits.items())
    assert (tmp_path / MASKS_FILE).stat().st_size < 300


def test_masks_of_the_other_kind_are_refused(tmp_path: Path) -> None:
    model = tiny_model(mask_kind="structured")
    save_checkpoint(tmp_path, model, tiny_encoder(), as_single_weights(structured_masks(model)))
    with pytest.raises(CheckpointError, match="heads"):
        load_checkpoint(tmp_path, "cpu")


def test_a_backbone_with_unknown_parts_has_no_units() -> None:
    backbone = tiny_backbone()
    sites = {name: site for name, site in tiny_model(backbone).sites.items()}
    odd = next(iter(sites))
    sites[odd] = type(sites[odd])(odd, 0, "mystery", sites[odd].shape, False)
    with pytest.raises(ConfigError, match=odd):
        UnitLayout.of(sites, attention_heads(backbone))


def test_parts_of_units_are_no_change_of_structured_masks() -> None:
    model = tiny_model()
    masks = structured_masks(model)
    name = masks.matrices[0]
    used = masks.unpack_pass(name, 0).flatten().nonzero().flatten()[:1].numpy()
    change = MaskChange("soup", {name: used}, {})
    changed_masks(as_single_weights(masks), [change])
    with pytest.raises(InputError, match="whole"):
        changed_masks(masks, [change])
