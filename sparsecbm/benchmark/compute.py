"""All ratios of one checkpoint on one device, in one run."""

from collections.abc import Iterator
from itertools import chain

import torch

from sparsecbm.benchmark.compute_gpu import gpu_ratios
from sparsecbm.benchmark.compute_loading import loading_ratio
from sparsecbm.benchmark.compute_machine import machine
from sparsecbm.benchmark.compute_memory import memory
from sparsecbm.benchmark.compute_requests import fewer, request_ratios
from sparsecbm.benchmark.compute_subject import Subject
from sparsecbm.benchmark.compute_training import training_ratio
from sparsecbm.benchmark.ratio import Failed, Ratio, SpeedReport
from sparsecbm.errors import InputError
from sparsecbm.model.checkpoint import Checkpoint
from sparsecbm.model.device import device_errors
from sparsecbm.types import Progress

#: Measured parts of a whole run, for the progress.
PARTS = 16


def benchmark(
    checkpoint: Checkpoint, rounds: int, threads: int | None = None, progress: Progress = lambda _: None
) -> SpeedReport:
    """Measure; `threads` are those of the CPU, None leaves them. `progress` gets the share done, 0..1.

    InputError for a black box, which has no concepts to set or revise. DeviceError when the memory is full.
    """
    if checkpoint.model.config.kind == "black_box":
        raise InputError(f"The checkpoint {checkpoint.path} is of kind black_box and has no concepts; allowed: kind "
                         "dense or sparse. Name another checkpoint, such as the one that ships.")
    before = torch.get_num_threads()
    torch.set_num_threads(before if threads is None else threads)
    try:
        with device_errors():
            subject = Subject.of(checkpoint)
            parts: tuple[Iterator[Ratio | Failed], ...] = (
                request_ratios(subject, rounds), loading_ratio(subject, fewer(rounds)),
                training_ratio(subject, fewer(rounds)), gpu_ratios(subject, rounds))
            made: list[Ratio | Failed] = []
            for one in chain.from_iterable(parts):
                made.append(one)
                progress(min(1.0, len(made) / PARTS))
            return SpeedReport(machine(subject.device) | {"checkpoint": checkpoint.hash[:12]},
                               tuple(one for one in made if isinstance(one, Ratio)), subject.notes, memory(subject),
                               tuple(one for one in made if isinstance(one, Failed)))
    finally:
        torch.set_num_threads(before)
