"""Where a model runs."""

import torch

from sparsecbm.errors import InputError


def available_device(name: str | None = None) -> torch.device:
    """The device of that name; without a name the first GPU, or the CPU. InputError lists what this machine has.

    >>> available_device("cpu")
    device(type='cpu')
    """
    gpus = [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    devices = ["cpu", "cuda", *gpus] if gpus else ["cpu"]
    if name is not None and name not in devices:
        raise InputError(f"Device {name!r} is not available; this machine has {', '.join(devices)}. Use one of these, "
                         "or name no device.")
    return torch.device(name or devices[:2][-1])
