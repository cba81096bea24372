"""Who uses each head and neuron, as cells: on masks made by hand and read off a model."""

import numpy as np
import pytest
import torch

from sparsecbm.model.kept_units import KeptUnits
from sparsecbm.model.masks import ConceptMasks
from sparsecbm.model.network import SparseCBM
from sparsecbm.model.subnetwork_masks import Subnetworks
from sparsecbm.subnetworks.compute_network_picture import network_picture
from sparsecbm.subnetworks.compute_overlap import layer_overlap
from sparsecbm.subnetworks.network_picture import MOST_GROUPS, NetworkPicture, UnitUse, picture_of
from tests.helpers import ARCHITECTURES, TOY, as_single_weights, structured_masks, tiny_model

PASSES = ("food", "room", "noise", "residual")


def use(*rows: str, each: int = 10) -> UnitUse:
    """A row of 0 and 1 for each unit, a place for each pass that keeps it whole or not; other digits are tenths."""
    kept = np.array([[min(int(bit) * (each if bit == "1" else each // 10), each) for bit in row] for row in rows])
    return UnitUse(np.full(len(rows), each), kept.reshape(len(rows), -1))


def picture(masks: ConceptMasks, model: SparseCBM) -> NetworkPicture:
    subnetworks = Subnetworks(masks, model.sites, TOY.concepts, 2)
    return network_picture(subnetworks, lambda layer: layer_overlap(subnetworks, layer))


def test_neurons_of_the_same_users_are_one_cell_and_heads_are_each_their_own() -> None:
    heads, neurons = use("1000", "1000"), use("0000", "1101", "1000", "1110", "1100", "0011", "0001", "1000")
    cells = picture_of(PASSES, 3, True, [(4, heads, neurons)]).cells
    assert [(cell.kind, cell.units, cell.users) for cell in cells] == [
        ("head", (0,), (0,)), ("head", (1,), (0,)), ("neuron", (2, 7), (0,)), ("neuron", (5,), (2,)),
        ("neuron", (1, 4), (0, 1)), ("neuron", (3,), (0, 1, 2)), ("neuron", (0, 6), ())]
    assert [(cell.weights, cell.kept) for cell in cells[4:]] == [
        (20, (20, 20, 0, 10)), (10, (10, 10, 10, 0)), (20, (0, 0, 0, 10))], "the residual makes no cell of its own"
    assert {cell.layer for cell in cells} == {4}


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_cells_of_a_structured_model_are_what_its_masks_keep(architecture: str) -> None:
    model = tiny_model(architecture)
    masks = structured_masks(model)
    found, kept = picture(masks, model), KeptUnits.of(masks)
    assert found.whole and found.numbers == (0, 1)
    for kind in ("head", "neuron"):
        for layer in (0, 1):
            wanted = kept.of_kind(kind)[:, layer]
            units = [unit for cell in found.layers[layer] if cell.kind == kind for unit in cell.units]
            assert sorted(units) == list(range(wanted.shape[1]))
            for unit in units:
                cell = found.cell_of(layer, kind, unit)
                assert cell and cell.users == tuple(torch.nonzero(wanted[:2, unit]).flatten().tolist())
    assert [sum(cell.kept[k] for cell in found.cells) for k in range(3)] == [
        sum(int(masks.unpack(name)[k].sum()) for name in masks.matrices) for k in range(3)]
    assert found.cell_of(0, "head", 9) is None


def test_rare_groups_become_one_so_that_many_concepts_fit() -> None:
    rng = np.random.default_rng(0)
    bits = rng.random((3000, 10)) < 0.4
    bits[:40], bits[40:60] = True, False
    found = picture_of(tuple("abcdefghij"), 10, True, [(0, use("1" * 10), UnitUse(np.full(3000, 2), 2 * bits))])
    cells = [cell for cell in found.cells if cell.kind == "neuron"]
    assert len(cells) == MOST_GROUPS and sorted(unit for cell in cells for unit in cell.units) == list(range(3000))
    assert [len(cell.units) for cell in cells if found.is_core(cell)] == [40] and not cells[-1].users
    assert sum(cell.mixed for cell in cells) == 1


def test_of_single_weights_a_cell_is_whose_concept_stands_out() -> None:
    heads = use("330", "450", "540", "000", "420", each=100)
    found = picture_of(("food", "room", "noise"), 3, False, [(0, heads, use("550"))])
    assert [cell.users for cell in found.cells[:5]] == [(0, 1, 2), (1,), (0,), (), (0,)]
    assert not found.alike("head") and found.alike("neuron"), "one layer divides like itself"


def test_what_says_the_same_everywhere_is_alike() -> None:
    same, other = use("330", "330", each=100), use("530", "340", each=100)
    assert picture_of(("a", "b", "c"), 3, False, [(0, same, other), (1, same, other)]).alike("head")
    differing = picture_of(("a", "b", "c"), 3, False, [(0, same, other), (1, same, same)])
    assert differing.alike("head") and not differing.alike("neuron")
    whole = picture_of(PASSES, 3, True, [(0, use("1110"), use("1110"))])
    assert not whole.alike("head"), "structured masks are always drawn"


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_single_weights_are_counted_unit_by_unit(architecture: str) -> None:
    model = tiny_model(architecture)
    masks = structured_masks(model)
    whole, single = picture(masks, model), picture(as_single_weights(masks), model)
    assert not single.whole and single.weights == whole.weights
    assert [cell.kept for cell in single.cells if cell.kind == "head"] == [
        cell.kept for cell in whole.cells if cell.kind == "head"]
    assert [cell.users for cell in single.cells if cell.kind == "head"] == [
        cell.users for cell in whole.cells if cell.kind == "head"]
