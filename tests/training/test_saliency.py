"""Saliency of each weight for each pass, against gradients and inverses computed the long way."""

import copy
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from sparsecbm.model.masks import ConceptMasks
from sparsecbm.model.network import SparseCBM
from sparsecbm.training.rows import TrainingRows
from sparsecbm.training.saliency import Saliency, saliency
from tests.helpers import random_masks, tiny_backbone, tiny_encoder, tiny_model, toy_split, train_config, untouched

ROWS = TrainingRows.of(toy_split(), "majority")


def score(
    model: SparseCBM, masks: ConceptMasks, rows: TrainingRows = ROWS, seed: int = 0, heard: list[str] | None = None,
    **prune: Any,
) -> Saliency:
    config = train_config(prune={"gradients": len(rows)} | prune, concept_targets="majority")
    return saliency(model, tiny_encoder(), masks, rows, config, seed, ([] if heard is None else heard).append)


def small(kind: str = "bert") -> SparseCBM:
    """One layer; a feed-forward width of 20 is no multiple of the block."""
    name = {"bert": "intermediate_size", "gpt2": "n_inner"}[kind]
    layers = {"bert": "num_hidden_layers", "gpt2": "n_layer"}[kind]
    return tiny_model(tiny_backbone(kind, **{name: 20, layers: 1}))


def ones(model: SparseCBM) -> ConceptMasks:
    return ConceptMasks.ones(model.config.passes, {name: site.shape for name, site in model.sites.items()})


def oracle(model: SparseCBM, masks: ConceptMasks, k: int, name: str, block: int, share: float) -> np.ndarray:
    """w^2 / (2 [F^-1]_jj), with gradients from a copy of the backbone whose pruned weights are zeroed."""
    backbone, encoder = copy.deepcopy(model.backbone), tiny_encoder()
    for matrix in masks.matrices:
        backbone.get_parameter(matrix).mul_(masks.unpack(matrix)[k])
    weight = backbone.get_parameter(name).requires_grad_(True)
    gradients = []
    for row, text in enumerate(ROWS.texts):
        pooled = backbone(input_ids=encoder.encode([text]).input_ids).last_hidden_state.mean(1)
        if k < 2:
            logits, truth = pooled @ model.concept_weight[k].T + model.concept_bias[k], ROWS.targets[row, k].argmax()
        else:
            logits, truth = pooled @ model.residual_weight.T + model.residual_bias, ROWS.labels[row]
        loss = 3 * cross_entropy(logits, truth.unsqueeze(0))  # three passes; gamma 2 over two concepts is 1
        gradient = torch.autograd.grad(loss, weight)[0]
        gradients.append((gradient * masks.unpack(name)[k]).double().numpy())
    stack = np.stack(gradients)
    stack = stack.transpose(0, 2, 1) if model.sites[name].input_first else stack  # [review, output, input]
    damp = share * np.square(stack).mean()
    inverse = np.empty(stack.shape[1:])
    for output in range(stack.shape[1]):
        for first in range(0, stack.shape[2], block):
            part = stack[:, output, first : first + block]
            fisher = damp * np.eye(part.shape[1]) + part.T @ part / len(part)
            inverse[output, first : first + block] = np.diag(np.linalg.inv(fisher))
    inverse = inverse.T if model.sites[name].input_first else inverse
    weights: np.ndarray = model.backbone.get_parameter(name).double().numpy()
    return np.square(weights) / (2 * inverse)


@pytest.mark.parametrize(("kind", "name"), [
    ("bert", "encoder.layer.0.attention.self.value.weight"), ("bert", "encoder.layer.0.output.dense.weight"),
    ("gpt2", "h.0.attn.c_attn.weight"), ("gpt2", "h.0.mlp.c_proj.weight"),
])
@pytest.mark.parametrize("k", range(3))
def test_obert_equals_the_long_way(kind: str, name: str, k: int) -> None:
    """Own loss, own mask; blocks along the inputs of one output, also where the weight is [input, output]."""
    model = small(kind)
    masks = random_masks(model, 0.6)
    made = score(model, masks, block=8, damp=0.01).scores[name][k]
    expected = oracle(model, masks, k, name, block=8, share=0.01)
    np.testing.assert_allclose(made, expected, rtol=2e-2, atol=1e-3 * expected.max())


def test_obert_is_more_than_magnitude_and_differs_by_pass() -> None:
    model = small()
    made = score(model, ones(model), damp=0.01)
    assert all(0 < ratio < 0.9 for ratio in made.damping_ratio.values()) and len(made.damping_ratio) == 3
    for name, scores in made.scores.items():
        magnitude = model.backbone.get_parameter(name).abs().flatten()
        orders = [scores[k].flatten().argsort().tolist() for k in range(3)]
        assert magnitude.argsort().tolist() not in orders
        assert orders[0] != orders[1] != orders[2]


def test_with_huge_damping_obert_is_magnitude_and_says_so() -> None:
    model = small()
    made = score(model, ones(model), damp=1e6)
    assert all(ratio == pytest.approx(1, abs=1e-3) for ratio in made.damping_ratio.values())
    for name, scores in made.scores.items():
        weight = model.backbone.get_parameter(name)
        order = weight.square().flatten().argsort(descending=True)
        for k in range(3):
            ranked = scores[k].flatten()[order]
            assert (ranked[1:] <= ranked[:-1] * (1 + 1e-4)).all()


def test_the_damping_ratio_speaks_of_active_weights() -> None:
    """A pruned weight has no gradient, so its own ratio is 1; counting it would hide that the others' is small."""
    model = small()
    few = random_masks(model, 0.1)
    assert all(ratio < 0.7 for ratio in score(model, few, damp=1e-4).damping_ratio.values())


def test_dropout_is_off_while_gradients_are_taken_and_the_mode_comes_back() -> None:
    model = small()
    masks = random_masks(model)
    still = score(model, masks).scores
    model.train()
    with untouched(model, masks):
        noisy = score(model, masks).scores
    assert all(torch.equal(noisy[name], still[name]) for name in still)


def test_only_rows_that_tell_something_are_read() -> None:
    """The others are blank here, which the encoder would refuse."""
    untold = replace(ROWS, texts=("", "", *ROWS.texts[2:]), known=ROWS.known.clone(), labels=ROWS.labels.clone())
    untold.known[:2] = False
    untold.labels[:2] = -1
    model = small()
    score(model, ones(model), untold)


def test_the_number_of_gradients_is_what_was_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    model, runs = small(), []
    monkeypatch.setattr(model, "run_pass", lambda *parts, run=model.run_pass: runs.append(1) or run(*parts))
    score(model, ones(model), gradients=5)
    assert len(runs) == 5 * 3


def test_progress_hears_the_passes() -> None:
    model, heard = small(), []
    score(model, ones(model), heard=heard)
    assert heard == ["soup", "room", "residual"]


def test_magnitude_is_magnitude() -> None:
    model = small()
    made = score(model, ones(model), saliency="magnitude")
    assert made.damping_ratio == {}
    for name, scores in made.scores.items():
        square = model.backbone.get_parameter(name).square()
        torch.testing.assert_close(scores, square.expand_as(scores), rtol=2e-3, atol=0)


def test_random_knows_nothing_of_the_weights_and_follows_its_seed() -> None:
    model = small()
    first, again, other = (score(model, ones(model), seed=seed, saliency="random").scores for seed in (0, 0, 1))
    for name, scores in first.items():
        assert torch.equal(scores, again[name]) and not torch.equal(scores, other[name])
        assert not torch.equal(scores[0], scores[1])
        assert scores.mean().item() == pytest.approx(0.5, abs=0.1)
        weight = model.backbone.get_parameter(name).square().flatten()
        assert abs(torch.corrcoef(torch.stack([weight, scores[0].flatten()]))[0, 1]) < 0.25
