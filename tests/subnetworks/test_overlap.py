"""Overlap statistics against counts by hand, against plain booleans, and against chance."""

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch

from sparsecbm.errors import CheckpointError, InputError
from sparsecbm.model.backbone import WeightSite, attention_heads
from sparsecbm.model.masks import ConceptMasks
from sparsecbm.model.subnetwork_masks import Subnetworks
from sparsecbm.service import Explainer
from sparsecbm.subnetworks.compute_overlap import layer_overlap, mask_overlap, most_exclusive
from sparsecbm.subnetworks.counts import ARRAYS, MaskCounts
from tests.helpers import ARCHITECTURES, random_masks, saved_checkpoint, tiny_model

#: Four concepts on a matrix of three rows and five columns, one letter per weight: which concepts keep it.
DRAWN = (
    "abcd abcd a    ab   -",
    "b    b    c    cd   -",
    "abcd -    a    d    -",
)


def drawn(picture: tuple[str, ...] = DRAWN, residual: bool = False) -> Subnetworks:
    """The masks of a picture, as a query matrix of one layer; the residual keeps the last column and what d keeps."""
    cells = [line.split() for line in picture]
    stack = torch.tensor([[[letter in cell for cell in line] for line in cells] for letter in "abcd"])
    if residual:
        rest = stack[-1].clone()
        rest[:, -1] = True
        stack = torch.cat([stack, rest[None]])
    return of({"m": stack}, ("a", "b", "c", "d"), residual=residual)


def of(
    stacks: dict[str, torch.Tensor], concepts: tuple[str, ...], residual: bool = False, heads: int = 1
) -> Subnetworks:
    """Masks given as booleans, every matrix the query of a layer of its own."""
    passes = (*concepts, "residual") if residual else concepts
    masks = ConceptMasks.from_bools(passes, stacks)
    sites = {name: WeightSite(name, layer, "query", masks.shapes[name], False) for layer, name in enumerate(stacks)}
    return Subnetworks(masks, sites, concepts, heads)


def plain(stack: np.ndarray, concepts: int) -> dict[str, np.ndarray]:
    """The counts of one unit by plain booleans: [pass_, weight]."""
    users = stack[:concepts].sum(0)
    alone = [mask & (users - (mask if k < concepts else 0) == 0) for k, mask in enumerate(stack)]
    return {
        "weights": np.array([stack.shape[1]]), "both": np.array([[[(i & j).sum() for j in stack] for i in stack]]),
        "exclusive": np.array([[mask.sum() for mask in alone]]),
        "shared_by": np.array([[(users == number).sum() for number in range(concepts + 1)]]),
    }


def same(counts: MaskCounts, row: int, stack: np.ndarray, concepts: int) -> bool:
    """True when a unit's counts are those of these booleans."""
    return all(np.array_equal(getattr(counts, name)[[row]], wanted) for name, wanted in plain(stack, concepts).items())


def test_a_core_with_exclusive_parts_is_counted_by_hand() -> None:
    total = mask_overlap(drawn()).total
    assert total.passes == ("a", "b", "c", "d") and total.weights.tolist() == [15]
    assert total.both[0].tolist() == [[6, 4, 3, 3], [4, 6, 3, 3], [3, 3, 5, 4], [3, 3, 4, 5]]
    assert total.kept.tolist() == [[6, 6, 5, 5]]
    assert total.exclusive.tolist() == [[2, 2, 1, 1]]
    assert total.shared_by.tolist() == [[4, 6, 2, 0, 3]]
    assert total.core.tolist() == [3] and total.used.tolist() == [11]
    assert total.union[0, 0].tolist() == [6, 8, 8, 8]
    assert total.jaccard[0, 0].tolist() == [1, 4 / 8, 3 / 8, 3 / 8]
    assert total.containment[0, :, 0].tolist() == [1, 4 / 6, 3 / 5, 3 / 5]
    assert total.containment[0, 0].tolist() == [1, 4 / 6, 3 / 6, 3 / 6]
    assert total.density[0].tolist() == [6 / 15, 6 / 15, 5 / 15, 5 / 15]
    assert total.exclusive_share[0].tolist() == [2 / 11, 2 / 11, 1 / 11, 1 / 11]


def test_the_residual_is_a_row_of_its_own_and_no_user() -> None:
    """It keeps three weights that no concept keeps, and changes nothing in the concepts' own counts."""
    with_, bare = mask_overlap(drawn(residual=True)), mask_overlap(drawn())
    assert with_.total.passes[-1] == "residual" and with_.total.exclusive.tolist() == [[2, 2, 1, 1, 3]]
    assert with_.total.both[0, -1].tolist() == [3, 3, 4, 5, 8]
    assert np.array_equal(with_.total.shared_by, bare.total.shared_by)
    found, wanted = with_.to_json(), bare.to_json()
    assert wanted.pop("residual") is None and found.pop("residual")["exclusive"] == 3
    assert found == wanted


def test_one_concept_alone_and_empty_masks() -> None:
    """What is empty is contained in everything and equal to what is empty too; chance has nothing to say of it."""
    empty = torch.zeros(2, 3, 3, dtype=torch.bool)
    total = mask_overlap(of({"m": empty}, ("a", "b"))).total
    assert total.shared_by.tolist() == [[9, 0, 0]] and total.z.tolist() == [[[0, 0], [0, 0]]]
    for table in (total.jaccard, total.containment, total.expected_jaccard):
        assert table.tolist() == [[[1, 1], [1, 1]]]
    assert total.exclusive_share.tolist() == [[0, 0]]
    alone = mask_overlap(of({"m": ~empty[:1]}, ("a",))).total
    assert alone.shared_by.tolist() == [[0, 9]] and alone.exclusive.tolist() == [[9]] and alone.core.tolist() == [9]


@pytest.mark.parametrize("concepts", [1, 2, 3, 4, 8, 9])
@pytest.mark.parametrize("shape", [(3, 5), (7, 9), (1, 1), (8, 8), (5, 16), (4, 24), (16, 32), (6, 128), (2, 33)])
def test_counts_are_exact_whatever_the_shape(shape: tuple[int, int], concepts: int) -> None:
    """Also by row and by column, and with rubbish in the bits beyond the last weight."""
    stack = torch.rand(concepts + 1, *shape) < 0.6
    made = of({"m": stack}, tuple(map(str, range(concepts))), residual=True, heads=shape[0])
    if shape[0] * shape[1] % 8:
        made.masks.bits["m"][:, -1] |= 1
    bits = made.masks.bits["m"].clone()
    flat = stack.flatten(1).numpy()
    assert same(mask_overlap(made).total, 0, flat, concepts)
    rows = layer_overlap(made, 0)
    assert len(rows.outputs["query"].units) == len(rows.heads.units) == shape[0] and not rows.neurons.units
    for row in range(shape[0]):
        assert same(rows.outputs["query"], row, stack[:, row].numpy(), concepts)
        assert same(rows.heads, row, stack[:, row].numpy(), concepts)
    turned = Subnetworks(made.masks, {"m": WeightSite("m", 0, "query", shape, True)}, made.concepts, 1)
    columns = layer_overlap(turned, 0).outputs["query"]
    assert len(columns.units) == shape[1]
    assert all(same(columns, column, stack[:, :, column].numpy(), concepts) for column in range(shape[1]))
    assert torch.equal(made.masks.bits["m"], bits)


def network(kind: str) -> Subnetworks:
    """A tiny backbone of each architecture with random masks."""
    model = tiny_model(kind)
    return Subnetworks(random_masks(model), model.sites, model.config.schema.concepts, attention_heads(model.backbone))


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_parts_sum_to_the_whole(kind: str) -> None:
    made = network(kind)
    overlap = mask_overlap(made)
    assert overlap.layers.units == ("0", "1") and overlap.total.weights.tolist() == [made.masks.weights]
    for parts in (overlap.layers, overlap.modules, overlap.matrices):
        for name in ARRAYS:
            np.testing.assert_allclose(getattr(parts, name).sum(0), getattr(overlap.total, name)[0], rtol=1e-12)
    for layer in (0, 1):
        below = layer_overlap(made, layer)
        assert len(below.heads.units) == 2 and len(below.neurons.units) == 32
        for name in ("weights", "both", "exclusive", "shared_by"):
            whole = getattr(overlap.layers, name)[layer]
            assert np.array_equal(getattr(below.heads, name).sum(0) + getattr(below.neurons, name).sum(0), whole)
            assert np.array_equal(sum(getattr(counts, name).sum(0) for counts in below.outputs.values()), whole)
    assert overlap.total.density[0].tolist() == list(made.masks.density().values())
    np.testing.assert_array_equal(overlap.total.jaccard[0], made.masks.jaccard())


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_heads_and_neurons_own_the_weights_that_they_compute_with(kind: str) -> None:
    """By plain indexing of [output, input]; GPT-2's matrices are turned, query, key and value side by side."""
    made, heads = network(kind), 2
    below = layer_overlap(made, 1)
    by_role = {site.role: made.masks.unpack(name).transpose(1, 2) if site.input_first else made.masks.unpack(name)
               for name, site in made.sites.items() if site.layer == 1}
    if kind == "gpt2":
        by_role |= zip(("query", "key", "value"), by_role.pop("query_key_value").split(16, dim=1), strict=True)
    for head in range(heads):
        own = slice(8 * head, 8 * head + 8)
        pieces = [by_role[role][:, own] for role in ("query", "key", "value")]
        pieces.append(by_role["attention_output"][:, :, own])
        assert same(below.heads, head, torch.cat([piece.flatten(1) for piece in pieces], 1).numpy(), 2)
    for neuron in (0, 1, 17, 31):
        into, out_of = by_role["feed_forward_in"][:, neuron], by_role["feed_forward_out"][:, :, neuron]
        assert same(below.neurons, neuron, torch.cat([into, out_of], 1).numpy(), 2)
    for role, counts in below.outputs.items():
        if role in by_role:
            assert all(same(counts, unit, by_role[role][:, unit].numpy(), 2) for unit in range(len(counts.units)))


def test_chance_is_the_mean_and_variance_over_all_masks_of_these_sizes() -> None:
    """Two masks that keep 2 and 3 of 5 weights: every choice of the second beside one first."""
    found = [len({0, 1} & set(second)) for second in itertools.combinations(range(5), 3)]
    stack = torch.tensor([[[1, 1, 0, 0, 0]], [[0, 0, 1, 1, 1]]], dtype=torch.bool)
    total = mask_overlap(of({"m": stack}, ("a", "b"))).total
    assert total.expected[0, 0, 1] == pytest.approx(np.mean(found))
    assert total.variance[0, 0, 1] == pytest.approx(np.var(found))
    assert total.z[0, 0, 1] == total.z[0, 1, 0] == pytest.approx((0 - np.mean(found)) / np.std(found))
    assert total.expected_jaccard[0, 0, 1] == pytest.approx(0.4 * 0.6 / (0.4 + 0.6 - 0.24))
    assert total.z[0].diagonal().tolist() == [0, 0] and total.expected_jaccard[0].diagonal().tolist() == [1, 1]


def test_chance_in_a_head_is_that_of_its_part_of_each_matrix() -> None:
    """As if every part were a matrix of its own, whose rows need not be equally dense."""
    stack = torch.rand(2, 8, 12) < torch.linspace(0, 1, 8)[:, None]
    heads = layer_overlap(of({"m": stack}, ("a", "b"), heads=2), 0).heads
    for head, part in enumerate(stack.split(4, dim=1)):
        alone = mask_overlap(of({"m": part}, ("a", "b"))).total
        for name in ("expected", "variance"):
            np.testing.assert_array_equal(getattr(heads, name)[head], getattr(alone, name)[0])


@pytest.mark.parametrize("seed", range(3))
def test_independent_masks_agree_with_chance(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    stacks = {str(layer): torch.rand(4, 96, 130, generator=generator) < 0.3 for layer in range(6)}
    layers = mask_overlap(of(stacks, ("a", "b", "c", "d"))).layers
    assert np.abs(layers.z).max() < 3 and np.abs(layers.z).max() > 0.5
    np.testing.assert_allclose(layers.jaccard, layers.expected_jaccard, rtol=0, atol=0.015)


def test_densities_that_differ_between_matrices_are_no_overlap() -> None:
    """Both concepts keep much of one matrix and little of the other: more in common than 1/2 x 1/2, but by chance."""
    generator = torch.Generator().manual_seed(1)
    noise = torch.rand(2, 2, 100, 100, generator=generator)
    total = mask_overlap(of({"much": noise[:, 0] < 0.9, "little": noise[:, 1] < 0.1}, ("a", "b"))).total
    assert total.jaccard[0, 0, 1] > total.expected_jaccard[0, 0, 1] + 0.3
    assert abs(total.z[0, 0, 1]) < 3


def test_dependent_masks_stand_out() -> None:
    generator = torch.Generator().manual_seed(0)
    one, fresh = torch.rand(2, 64, 64, generator=generator) < 0.3
    other = torch.where(torch.rand(64, 64, generator=generator) < 0.2, one, fresh)
    z = mask_overlap(of({"m": torch.stack([one, other, ~one])}, ("a", "b", "c"))).total.z[0]
    assert z[0, 1] > 5 and z[0, 2] < -20


def test_the_most_exclusive_units_come_first_and_ties_in_order() -> None:
    """Rows of four weights are heads. Own weights of `a` by row: 1 of 1 used, 2 of 4, 1 of 1, 2 of 2."""
    picture = ("a - - -", "a a b b", "- a - -", "a a - -")
    made = drawn(picture)
    made = Subnetworks(made.masks, made.sites, made.concepts, 4)
    layers = [layer_overlap(made, 0)]
    found = most_exclusive(layers, 0)
    assert [(unit.unit, unit.exclusive, unit.used) for unit in found] == [(1, 2, 4), (3, 2, 2), (0, 1, 1), (2, 1, 1)]
    assert [unit.unit for unit in most_exclusive(layers, 0, by="share")] == [0, 2, 3, 1]
    assert [unit.unit for unit in most_exclusive(layers, 1, most=2)] == [1, 0]
    assert most_exclusive(layers, 0, "neurons") == ()
    twice = most_exclusive([layers[0], layers[0]], 0, most=3)
    assert [(unit.layer, unit.unit) for unit in twice] == [(0, 1), (0, 1), (0, 3)]


def test_only_layers_that_there_are() -> None:
    with pytest.raises(InputError, match="Unknown layer '2'; allowed: 0, 1"):
        layer_overlap(network("bert"), 2)


def test_the_explainer_counts_once_and_shares_read_only_results(tmp_path: Path) -> None:
    explainer = Explainer.load(saved_checkpoint(tmp_path), "cpu")
    overlap = explainer.overlap()
    assert explainer.overlap() is overlap and explainer.layer_overlap(1) is explainer.layer_overlap(1)
    assert overlap.concepts == ("soup", "room") and overlap.total.passes == ("soup", "room", "residual")
    with pytest.raises(ValueError, match="read-only"):
        overlap.layers.shared_by[0] = 7
    with pytest.raises(ValueError, match="read-only"):
        explainer.layer_overlap(0).heads.both[0] = 7


@pytest.mark.parametrize("kind", ["dense", "black_box"])
def test_a_model_without_masks_has_no_subnetworks(kind: str, tmp_path: Path) -> None:
    explainer = Explainer.load(saved_checkpoint(tmp_path, kind=kind), "cpu")
    for ask in (explainer.overlap, lambda: explainer.layer_overlap(0), lambda: explainer.knock_out("The soup.", ())):
        with pytest.raises(CheckpointError, match=f"is of kind {kind} and has no masks; allowed: kind sparse"):
            ask()
