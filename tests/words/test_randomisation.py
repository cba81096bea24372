"""Shuffled weights: the same numbers in other places, scores that follow them, and a model left as it was."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from sparsecbm.model.network import MaskedWeights, SparseCBM
from sparsecbm.service import default_targets
from sparsecbm.types import Attribution, Target, Word
from sparsecbm.words import compute_faithfulness
from sparsecbm.words.compute import attribute
from sparsecbm.words.compute_faithfulness import benchmark_methods, rank_correlation, shuffled_weights
from tests.helpers import random_masks, tiny_checkpoint_of, tiny_encoder, tiny_model, untouched

TEXT = "The soup was bland but the room felt warm"


def weights_of(model: SparseCBM) -> MaskedWeights | None:
    return model.masked_weights(random_masks(model)) if model.config.kind == "sparse" else None


def scored(*scores: float) -> Attribution:
    words = tuple(Word("w", place, place + 1) for place in range(len(scores)))
    return Attribution(Target("soup", "Positive"), "by hand", None, words, np.array(scores, dtype=np.float64), {},
                       0.0, 0.0, 0.0)


def test_every_matrix_of_every_pass_is_shuffled_within_itself() -> None:
    model = tiny_model()
    weights = model.masked_weights(random_masks(model))
    before = {name: stack.clone() for name, stack in weights.stacks.items()}
    with untouched(model):
        made = shuffled_weights(model, weights)
    assert set(made.stacks) == set(weights.stacks) == set(model.sites)
    for name, stack in made.stacks.items():
        assert torch.equal(weights.stacks[name], before[name])
        assert stack.shape == before[name].shape
        for shuffled, matrix in zip(stack, before[name], strict=True):
            assert torch.equal(shuffled.flatten().sort().values, matrix.flatten().sort().values)
            assert not torch.equal(shuffled, matrix)


@pytest.mark.parametrize("kind", ["dense", "black_box"])
def test_without_masks_all_passes_share_one_shuffle(kind: Any) -> None:
    model = tiny_model(kind=kind)
    parameters = dict(model.backbone.named_parameters())
    with untouched(model):
        made = shuffled_weights(model, None)
    for name, stack in made.stacks.items():
        assert len(stack) == len(model.config.passes) and all(torch.equal(matrix, stack[0]) for matrix in stack)
        assert torch.equal(stack[0].flatten().sort().values, parameters[name].flatten().sort().values)
        assert not torch.equal(stack[0], parameters[name])


def test_the_seed_decides_and_nothing_else() -> None:
    model = tiny_model()
    weights = model.masked_weights(random_masks(model))
    torch.manual_seed(1)
    one = shuffled_weights(model, weights, 5)
    torch.manual_seed(2)
    same, other = shuffled_weights(model, weights, 5), shuffled_weights(model, weights, 6)
    assert all(torch.equal(stack, same.stacks[name]) for name, stack in one.stacks.items())
    assert not any(torch.equal(stack, other.stacks[name]) for name, stack in one.stacks.items())


@pytest.mark.parametrize("kind", ["sparse", "dense", "black_box"])
def test_scores_follow_the_weights(kind: Any) -> None:
    model = tiny_model(kind=kind)
    weights, target = weights_of(model), Target(None, "good")
    trained, again, shuffled = (attribute(model, tiny_encoder(), used, TEXT, [target], "gradient-x-input")[0]
                                for used in (weights, weights, shuffled_weights(model, weights)))
    assert rank_correlation(trained, again) == pytest.approx(1)
    correlation = rank_correlation(trained, shuffled)
    assert correlation is not None and correlation < 0.9


def test_rank_correlation_by_hand() -> None:
    """1 - 6 sum(d^2) / (n (n^2 - 1)) with d = 0, 1, 1, 0; only ranks count."""
    assert rank_correlation(scored(1, 2, 3, 4), scored(1, 3, 2, 4)) == pytest.approx(1 - 6 * 2 / 60)
    assert rank_correlation(scored(1, 2, 3, 4), scored(-1, 0, 5, 900)) == pytest.approx(1)
    assert rank_correlation(scored(1, 2, 3), scored(3, 2, 1)) == pytest.approx(-1)
    for other, correlation in (((40, 3, 2, -9), 1), ((1, 2, 3, 4), -1), ((3, 4, 2, 1), 0.8)):
        assert rank_correlation(scored(4, 3, 2, 1), scored(*other)) == pytest.approx(correlation)


@pytest.mark.parametrize(("one", "other"), [
    ((1, 1, 1), (1, 2, 3)), ((4, 3, 2, 1), (0, 0, 0, 0)), ((1,), (2,)), ((1,), (1,)), ((), ()),
])
def test_rank_correlation_is_undefined_where_nothing_differs(one: tuple[float, ...], other: tuple[float, ...]) -> None:
    assert rank_correlation(scored(*one), scored(*other)) is None


def test_a_method_that_does_not_look_at_the_model_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scores by position do not depend on the weights; real ones do. Only the first text is tested."""
    checkpoint, done = tiny_checkpoint_of(tmp_path), []
    texts = [TEXT, "The soup was tasty"]

    def by_position(*arguments: Any) -> tuple[Attribution, ...]:
        return tuple(replace(made, scores=np.arange(len(made.words), dtype=np.float64))
                     for made in attribute(*arguments))

    def run() -> list[float | None]:
        return benchmark_methods(checkpoint, texts, default_targets, {"occlusion": None}, ["deletion"], 1,
                           progress=done.append).shuffled_correlation["occlusion"]

    assert run()[0] < 0.9  # type: ignore[operator]
    monkeypatch.setattr(compute_faithfulness, "attribute", by_position)
    assert run() == [pytest.approx(1)]
    assert done == [1] * 4
