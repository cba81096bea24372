"""A pruning step over whole masks: every matrix at its density, nested, by either scheme."""

from typing import Any

import pytest
import torch

from sparsecbm.config import PruneConfig
from sparsecbm.errors import SparseCBMError
from sparsecbm.model.masks import ConceptMasks, kept_weights
from sparsecbm.training import pruning as module
from sparsecbm.training.pruning import prune
from sparsecbm.training.saliency import Saliency

SHAPES = {"a": (5, 7), "b": (8, 16), "c": (1, 9)}
PASSES = ("soup", "room", "residual")
ONES = ConceptMasks.ones(PASSES, SHAPES)


def scores(seed: int = 0) -> Saliency:
    generator = torch.Generator().manual_seed(seed)
    return Saliency({name: torch.rand(3, *shape, generator=generator) for name, shape in SHAPES.items()}, {})


@pytest.mark.parametrize("scheme", ["core_exclusive", "independent"])
def test_steps_are_exact_in_every_matrix_and_nested(scheme: Any) -> None:
    masks = ONES
    for step, sparsity in enumerate((0.2, 0.55, 0.68, 0.7)):
        sparser = prune(masks, scores(step), sparsity, PruneConfig(scheme=scheme))
        for name, (rows, columns) in SHAPES.items():
            counts = sparser.unpack(name).sum((1, 2)).tolist()
            assert counts == [kept_weights(1 - sparsity, rows * columns)] * 3
        assert sparser.is_nested_in(masks) and sparser.passes == PASSES
        masks = sparser


@pytest.mark.parametrize("scheme", ["core_exclusive", "independent"])
def test_sparsity_zero_keeps_everything(scheme: Any) -> None:
    masks = prune(ONES, scores(), 0.0, PruneConfig(scheme=scheme, sparsity=0.0, start=0.0))
    assert masks.density() == dict.fromkeys(PASSES, 1.0)


def test_the_scheme_decides_what_is_shared() -> None:
    apart, alone = (prune(ONES, scores(), 0.7, PruneConfig(scheme=s)) for s in ("core_exclusive", "independent"))
    for name in SHAPES:
        assert not (apart.unpack(name).sum(0) == 2).any()
        score = scores().scores[name]
        for k in range(3):
            assert score[k][alone.unpack(name)[k]].min() >= score[k][~alone.unpack(name)[k]].max()
    assert any((alone.unpack(name).sum(0) == 2).any() for name in SHAPES)


def test_a_core_that_was_asked_for_is_kept() -> None:
    masks = prune(ONES, scores(), 0.5, PruneConfig(sparsity=0.5, core=0.5))
    assert masks.jaccard().min() == 1


def test_pruning_makes_a_new_value() -> None:
    before = {name: bits.clone() for name, bits in ONES.bits.items()}
    prune(ONES, scores(), 0.7, PruneConfig())
    assert all(torch.equal(bits, before[name]) for name, bits in ONES.bits.items())


def test_a_wrong_density_does_not_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "core_exclusive", lambda scores, active, *_: active)
    with pytest.raises(SparseCBMError, match="a: pruning kept"):
        prune(ONES, scores(), 0.7, PruneConfig())
