"""Times of procedures that take turns, so that a busy machine slows all of them alike."""

import gc
import time
from collections.abc import Callable, Sequence

import torch

Procedure = Callable[[], object]

#: Rounds before those that count: the first calls load libraries, fill caches and choose kernels.
WARM_UP = 2


def in_turns(
    procedures: Sequence[Procedure], rounds: int, device: torch.device, warm_up: int = WARM_UP,
    clock: Callable[[], float] = time.perf_counter,
) -> list[list[float]]:
    """Milliseconds of each procedure in each round, without the first rounds, which warm up.

    Every other round runs in reverse order, so that none profits from always being the second. Garbage is collected
    between rounds only. `clock` gives seconds.
    """
    times: list[list[float]] = [[] for _ in procedures]
    collecting = gc.isenabled()
    gc.disable()
    try:
        for turn in range(warm_up + rounds):
            order = list(zip(procedures, times, strict=True))
            for procedure, taken in order if turn % 2 == 0 else reversed(order):
                _finish(device)
                started = clock()
                procedure()
                _finish(device)
                if turn >= warm_up:
                    taken.append(1000 * (clock() - started))
            gc.collect(1)
    finally:
        if collecting:
            gc.enable()
    return times


def _finish(device: torch.device) -> None:
    """Wait for what a GPU still has to do."""
    if device.type != "cpu":
        torch.accelerator.synchronize(device)
