"""Masks made from masks, against plain booleans; also where a matrix does not fill its last byte."""

import numpy as np
import pytest
import torch

from sparsecbm.errors import InputError
from sparsecbm.model.masks import ConceptMasks
from sparsecbm.subnetworks import compute_variants as variants

SHAPES = {"odd": (3, 5), "even": (4, 8)}


@pytest.fixture
def masks() -> ConceptMasks:
    """Three concepts and a residual, at random."""
    return ConceptMasks.from_bools(("a", "b", "c", "residual"), {n: torch.rand(4, *s) < 0.6 for n, s in SHAPES.items()})


def test_each_variant_is_what_its_name_says(masks: ConceptMasks) -> None:
    made = {
        "own": variants.own(masks, 1), "nothing": variants.nothing(masks), "complement": variants.complement(masks, 1),
        "without": variants.without(masks, 1, 2), "without exclusive": variants.without_exclusive(masks, 1, 3),
    }
    for name in SHAPES:
        a, b, c, _ = masks.unpack(name)
        wanted = {"own": b, "nothing": b & ~b, "complement": ~b, "without": b & ~c, "without exclusive": b & (a | c)}
        for kind, variant in made.items():
            assert torch.equal(variant.unpack(name), wanted[kind][None]), kind


def test_the_residual_shares_nothing_with_the_exclusive_weights_of_a_concept(masks: ConceptMasks) -> None:
    """It may keep them too: exclusive is among concepts. Its own are those that no concept keeps."""
    for name in SHAPES:
        a, b, c, rest = masks.unpack(name)
        packed = {k: variants.exclusive_bits(masks.bits[name], k, 3).unsqueeze(0) for k in (0, 3)}
        found = {k: ConceptMasks(("x",), masks.shapes, {name: bits}).unpack(name)[0] for k, bits in packed.items()}
        assert torch.equal(found[0], a & ~b & ~c) and torch.equal(found[3], rest & ~a & ~b & ~c)


def test_who_shares_weights() -> None:
    stack = torch.tensor([[[1, 1, 0]], [[0, 1, 1]], [[0, 0, 1]]], dtype=torch.bool)
    masks = ConceptMasks.from_bools(("a", "b", "c"), {"first": torch.zeros(3, 1, 1, dtype=torch.bool), "m": stack})
    assert variants.share_weights(masks, 0, 1) and variants.share_weights(masks, 1, 2)
    assert not variants.share_weights(masks, 0, 2)
    assert [variants.sizes(masks, k) for k in range(3)] == [(0, 2), (0, 2), (0, 1)]


def test_random_masks_keep_as_many_weights_in_each_matrix(masks: ConceptMasks) -> None:
    kept = variants.sizes(masks, 0)
    drawn = [variants.random_mask(masks, kept, np.random.default_rng(seed)) for seed in (0, 0, 1)]
    for one in drawn:
        assert one.passes == ("random",) and variants.sizes(one, 0) == kept
        assert [int(one.unpack(name).sum()) for name in SHAPES] == list(kept)
    first, again, other = (torch.cat([one.unpack(name).flatten() for name in SHAPES]) for one in drawn)
    assert torch.equal(first, again) and not torch.equal(first, other)
    everywhere = sum(variants.random_mask(masks, (3, 8), np.random.default_rng(seed)).unpack("odd")[0].int()
                     for seed in range(200))
    assert everywhere.min() > 15 and everywhere.max() < 70  # 40 on average: no weight is left out or preferred


def test_the_smallest_weights_go_first_and_of_equal_ones_the_later() -> None:
    """Ten weights, of which a keeps the first eight and b the last five; three stay of either."""
    weights = {"m": torch.tensor([[0.5, -3.0, 1.0, -2.0, 1.0], [0.1, -1.0, 1.0, 9.0, -8.0]])}
    flat = torch.zeros(2, 10, dtype=torch.bool)
    flat[0, :8] = flat[1, 5:] = True
    masks = ConceptMasks.from_bools(("a", "b"), {"m": flat.reshape(2, 2, 5)})
    made = variants.sparser(masks, weights, 0.7)
    kept = [one.flatten().nonzero().squeeze(1).tolist() for one in made.unpack("m")]
    assert kept == [[1, 2, 3], [6, 8, 9]], "-3, -2 and the first of four ones; 9, -8 and the first of two ones"
    assert made.is_nested_in(masks) and made.passes == masks.passes and dict(made.shapes) == dict(masks.shapes)
    assert variants.sparser(made, weights, 0.7).is_nested_in(made) and masks.is_nested_in(masks)


@pytest.mark.parametrize("sparsity", [0.7, 0.85])
def test_every_matrix_and_pass_reaches_the_sparsity(masks: ConceptMasks, sparsity: float) -> None:
    weights = {name: torch.randn(shape) for name, shape in SHAPES.items()}
    made = variants.sparser(masks, weights, sparsity)
    for name, (rows, columns) in SHAPES.items():
        assert made.unpack(name).sum((1, 2)).tolist() == [int((1 - sparsity) * rows * columns + 1e-6)] * 4
        for k in range(4):
            before, after = masks.unpack(name)[k], made.unpack(name)[k]
            assert not (after & ~before).any()
            assert weights[name][after].abs().min() >= weights[name][before & ~after].abs().max()


@pytest.mark.parametrize(("sparsity", "message"), [
    (0.1, "10 % came, which leaves 13 weights of odd"), (0.99, "99 % came, which leaves 0 weights of odd"),
])
def test_masks_cannot_be_pruned_to_a_sparsity_they_are_beyond(
    masks: ConceptMasks, sparsity: float, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        variants.sparser(masks, {name: torch.randn(shape) for name, shape in SHAPES.items()}, sparsity)
