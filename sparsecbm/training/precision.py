"""In how many bits a network is trained: 16 (bfloat16, under autocast) where a short trial shows them to be faster."""

import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext

import torch

from sparsecbm.config import Precision
from sparsecbm.model.encoding import Encoder
from sparsecbm.model.network import SparseCBM

#: Texts of the trial, its rounds, the first of which is not counted, and how many times as fast 16 bits must be.
TEXTS, ROUNDS, ADVANTAGE = 16, 4, 1.15


def chosen_precision(
    asked: Precision, model: SparseCBM, encoder: Encoder, texts: Sequence[str],
    clock: Callable[[], float] = time.perf_counter,
) -> Precision:
    """What was asked for, or of `auto` what is faster at a dense pass forward and backward; `clock` gives seconds.

    Without instructions for bfloat16 a processor is slower with it. Weights and their sums stay in float32.
    """
    if asked != "auto":
        return asked
    if model.device.type not in ("cpu", "cuda"):  # nobody has tried it on others
        return "float32"
    encoded = encoder.encode(texts[:TEXTS]).to(model.device)
    taken: dict[Precision, list[float]] = {"float32": [], "bfloat16": []}
    for _ in range(ROUNDS):
        for precision, seconds in taken.items():
            started = clock()
            with autocast(model.device, precision):
                pooled = model.run_pass({}, model.embed(encoded.input_ids), encoded.attention_mask)
            pooled.float().sum().backward()
            if model.device.type == "cuda":
                torch.cuda.synchronize(model.device)
            seconds.append(clock() - started)
    model.zero_grad(set_to_none=True)
    full, half = (statistics.median(seconds[1:]) for seconds in taken.values())
    return "bfloat16" if full > ADVANTAGE * half else "float32"


def autocast(device: torch.device, precision: Precision) -> AbstractContextManager[object]:
    """The context in which a pass runs."""
    return torch.autocast(device.type, torch.bfloat16) if precision == "bfloat16" else nullcontext()
