"""One threshold for the whole network: contrastive scores by hand, exact densities, floors, nested masks."""

from typing import Any

import pytest
import torch

from sparsecbm.config import PruneConfig
from sparsecbm.model.kept_units import KeptUnits
from sparsecbm.model.masks import ConceptMasks, kept_weights
from sparsecbm.training.pruning import prune
from sparsecbm.training.saliency import Saliency
from sparsecbm.training.threshold import contrastive
from tests.helpers import tiny_model

SHAPES = {"a": (5, 8), "b": (4, 16), "c": (1, 16)}
PASSES = ("soup", "room", "residual")


def random_scores(seed: int = 0) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {name: torch.rand(3, *shape, generator=generator) for name, shape in SHAPES.items()}


def test_contrastive_scores_by_hand() -> None:
    """Two passes; the second's saliency of 2, 6, 4 is scaled by its mean of 4, the first's 1, 1, 1 stays."""
    saliency = torch.tensor([[1.0, 1.0, 1.0], [2.0, 6.0, 4.0]])
    second = torch.tensor([0.5, 1.5, 1.0])
    assert torch.allclose(contrastive(saliency, 0.0), torch.stack([torch.ones(3), second.sqrt()]))
    shared = torch.tensor([1.5, 2.5, 2.0])
    wanted = torch.stack([1 / shared, second.sqrt() * second / shared])
    assert torch.allclose(contrastive(saliency, 1.0), wanted)
    assert torch.allclose(contrastive(saliency, 2.0), wanted / torch.stack([shared, shared / second]))


@pytest.mark.parametrize("beta", [0.0, 1.0, 3.0])
def test_weights_are_exact_in_the_network_and_nested(beta: float) -> None:
    masks, total = ConceptMasks.ones(PASSES, SHAPES), 40 + 64 + 16
    for step, sparsity in enumerate((0.2, 0.55, 0.7)):
        settings = PruneConfig(scheme="contrastive", beta=beta, floor=0.125)
        sparser = prune(masks, Saliency(random_scores(step), {}), sparsity, settings)
        assert [round(share * total) for share in sparser.density().values()] == [kept_weights(1 - sparsity, total)] * 3
        assert sparser.is_nested_in(masks)
        masks = sparser


def test_matrices_differ_but_none_is_cut_off() -> None:
    scores = random_scores()
    scores["a"][:] += 5
    settings = PruneConfig(scheme="contrastive", beta=0.0, floor=0.125)
    masks = prune(ConceptMasks.ones(PASSES, SHAPES), Saliency(scores, {}), 0.7, settings)
    assert [masks.unpack(name).sum((1, 2)).tolist() for name in SHAPES] == [[26] * 3, [8] * 3, [2] * 3]


def test_the_larger_beta_the_less_is_shared() -> None:
    scores = Saliency(random_scores(), {})
    shared = [prune(ConceptMasks.ones(PASSES, SHAPES), scores, 0.7, PruneConfig(scheme="contrastive", beta=beta))
              .jaccard()[0, 1] for beta in (0.0, 5.0)]
    assert shared[0] > 2 * shared[1]


@pytest.mark.parametrize("scheme", ["contrastive", "independent"])
def test_units_come_as_near_to_the_density_as_they_can(scheme: Any) -> None:
    model = tiny_model()
    shapes = {name: site.shape for name, site in model.sites.items()}
    masks = ConceptMasks.ones(model.config.passes, shapes, model.layout)
    for step, sparsity in enumerate((0.2, 0.55, 0.7)):
        generator = torch.Generator().manual_seed(step)
        scores = {kind: torch.rand(3, 2, units, generator=generator) for kind, units in (("head", 2), ("neuron", 32))}
        scores["neuron"][:, 1] = 0
        sparser = prune(masks, Saliency(scores, {}), sparsity, PruneConfig(scheme=scheme, floor=0.1))
        short = [(1 - sparsity) * masks.weights - share * masks.weights for share in sparser.density().values()]
        assert all(-1e-6 <= weights < 32 for weights in short)
        assert sparser.is_nested_in(masks) and sparser.layout is model.layout
        assert (KeptUnits.of(sparser).neurons.sum(-1) >= 4).all()
        masks = sparser
