"""Training in 16 bits: only where it is asked for or faster, and near the answers of 32."""

from collections.abc import Callable, Iterator
from itertools import accumulate
from pathlib import Path

import pytest
import torch

from sparsecbm.model.checkpoint import load_checkpoint
from sparsecbm.training.precision import ROUNDS, chosen_precision
from tests.helpers import tiny_encoder, tiny_model

TEXTS = ["The soup was tasty.", "The room felt shabby."]


def clock(full: float, half: float) -> Callable[[], float]:
    """Seconds of a clock by which a round takes so long in 32 and in 16 bits, and nothing in between."""
    times: Iterator[float] = iter(accumulate([0.0, *([full, 0.0, half, 0.0] * ROUNDS)]))
    return lambda: next(times)


@pytest.mark.parametrize(("full", "half", "chosen"), [
    (1.0, 2.0, "float32"), (1.0, 0.95, "float32"), (1.0, 0.5, "bfloat16")])
def test_the_trial_takes_what_is_clearly_faster(full: float, half: float, chosen: str) -> None:
    model = tiny_model().requires_grad_(True).train()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    assert chosen_precision("auto", model, tiny_encoder(), TEXTS, clock(full, half)) == chosen
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_what_is_asked_for_is_not_tried() -> None:
    assert chosen_precision("bfloat16", tiny_model(), tiny_encoder(), TEXTS, clock(1.0, 9.0)) == "bfloat16"


@pytest.mark.slow
def test_sixteen_bits_train_nearly_the_same_weights(trained: Callable[..., Path]) -> None:
    half, full = (load_checkpoint(trained(precision=precision), "cpu") for precision in ("bfloat16", "float32"))
    assert half.metrics["training"]["precision"] == "bfloat16" and "bfloat16" in half.card
    assert full.metrics["training"]["precision"] == "float32"
    mine, other = (torch.cat([tensor.flatten() for tensor in one.model.backbone.state_dict().values()
                              if tensor.is_floating_point()]) for one in (half, full))
    assert not torch.equal(mine, other)
    torch.testing.assert_close(mine, other, atol=0.02, rtol=0.02)
