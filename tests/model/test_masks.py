"""Masks as values: packed and read back, counted as a plain numpy computation counts."""

import dataclasses

import numpy as np
import pytest
import torch

from sparsecbm.model.masks import ConceptMasks

PASSES = ("soup", "room", "residual")
SHAPES = {"a": (1, 1), "b": (3, 5), "c": (7, 9), "d": (4, 16), "e": (1, 8)}  # sizes 1, 15, 63, 64, 8


def stacks(density: float = 0.4, seed: int = 0) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {name: torch.rand(len(PASSES), *shape, generator=generator) < density for name, shape in SHAPES.items()}


def oracle(booleans: dict[str, torch.Tensor]) -> np.ndarray:
    """All weights of each pass in one row."""
    return np.concatenate([stack.flatten(1).numpy() for stack in booleans.values()], axis=1)


@pytest.mark.parametrize("passes", [("soup",), PASSES])
@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (1, 8), (3, 3), (5, 13), (16, 16), (17, 31)])
def test_what_is_packed_is_read_back(shape: tuple[int, int], passes: tuple[str, ...]) -> None:
    stack = torch.rand(len(passes), *shape) < 0.5
    masks = ConceptMasks.from_bools(passes, {"weight": stack})
    assert torch.equal(masks.unpack("weight"), stack)
    assert masks.bits["weight"].shape == (len(passes), -(-shape[0] * shape[1] // 8))


def test_bits_are_packed_most_significant_first() -> None:
    stack = torch.rand(3, 5, 7) < 0.5
    packed = ConceptMasks.from_bools(PASSES, {"weight": stack}).bits["weight"]
    np.testing.assert_array_equal(packed.numpy(), np.packbits(stack.flatten(1).numpy(), axis=1))


@pytest.mark.parametrize("density", [0.0, 0.1, 0.5, 0.9, 1.0])
def test_density_union_and_jaccard_equal_a_count_by_numpy(density: float) -> None:
    booleans = stacks(density)
    masks, flat = ConceptMasks.from_bools(PASSES, booleans), oracle(booleans)
    assert masks.weights == flat.shape[1] == 1 + 15 + 63 + 64 + 8
    assert masks.density() == pytest.approx(dict(zip(PASSES, flat.mean(1), strict=True)))
    assert masks.union_density() == pytest.approx(flat.any(0).mean())
    jaccard = masks.jaccard()
    for i in range(len(PASSES)):
        for j in range(len(PASSES)):
            either = (flat[i] | flat[j]).sum()
            assert jaccard[i, j] == pytest.approx((flat[i] & flat[j]).sum() / either if either else 1.0)


def test_ones_keep_everything_and_count_no_padding() -> None:
    masks = ConceptMasks.ones(PASSES, SHAPES)
    assert masks.density() == dict.fromkeys(PASSES, 1.0)
    assert masks.union_density() == 1.0
    assert (masks.jaccard() == 1).all()
    assert all(bool(masks.unpack(name).all()) for name in SHAPES)
    assert masks.matrices == tuple(SHAPES)


def test_disjoint_masks_overlap_by_nothing() -> None:
    stack = torch.zeros(2, 3, 3, dtype=torch.bool)
    stack[0, 0], stack[1, 1] = True, True
    np.testing.assert_array_equal(ConceptMasks.from_bools(("soup", "room"), {"w": stack}).jaccard(), np.eye(2))


def test_nested_means_that_no_pass_gains_a_weight() -> None:
    booleans = stacks()
    masks = ConceptMasks.from_bools(PASSES, booleans)
    fewer = {name: stack & (torch.rand(stack.shape) < 0.5) for name, stack in booleans.items()}
    assert ConceptMasks.from_bools(PASSES, fewer).is_nested_in(masks)
    assert masks.is_nested_in(masks)
    gained = {name: stack.clone() for name, stack in fewer.items()}
    row, column = (~booleans["c"][1]).nonzero()[0].tolist()
    gained["c"][1, row, column] = True
    assert not ConceptMasks.from_bools(PASSES, gained).is_nested_in(masks)


def test_a_mask_is_a_value() -> None:
    """Writing into what it was made from or what it gave out does not change it."""
    booleans = stacks()
    masks, before = ConceptMasks.from_bools(PASSES, booleans), oracle(booleans)
    booleans["c"].logical_not_()
    masks.unpack("c").logical_not_()
    masks.to("cpu").unpack("d").zero_()
    np.testing.assert_array_equal(oracle({name: masks.unpack(name) for name in SHAPES}), before)
    with pytest.raises(dataclasses.FrozenInstanceError):
        masks.passes = ("soup",)  # type: ignore[misc]
