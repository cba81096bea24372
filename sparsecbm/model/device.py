"""Where a model computes: one rule for the library, the app, every command and training.

A device may lack float64, as Apple's GPUs do. So what needs it is moved to the CPU first and made double there.
"""

import re
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from sparsecbm.errors import DeviceError, InputError

AUTO = "auto"


def devices() -> tuple[str, ...]:
    """The names of the devices of this machine, the CPU first, e.g. ("cpu", "cuda", "cuda:0")."""
    counts = {"cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}
    return "cpu", *(name for kind, count in counts.items() if count
                    for name in (kind, *(f"{kind}:{number}" for number in range(count))))


def available_device(name: str | torch.device | None = None) -> torch.device:
    """The device of that name. InputError lists what this machine has.

    "auto", or None, is the first NVIDIA or AMD GPU (cuda), or else the CPU. An Apple GPU (mps) computes only by name:
    no result has been checked on one.

    >>> available_device("cpu")
    device(type='cpu')
    """
    found = devices()
    if name is None or name == AUTO:
        return torch.device("cuda" if "cuda" in found else "cpu")
    if str(name) not in found:
        raise InputError(f"Device {str(name)!r} is not on this machine; allowed: {', '.join((AUTO, *found))}. Use one "
                         "of these, or name no device.")
    return torch.device(name)


def device_problem(error: BaseException) -> str | None:
    """What to tell of an error that comes from the device and not from a defect: full memory, a lacking operation.

    None for any other error.
    """
    first = str(error).partition("\n")[0][:120].rstrip(".")
    if isinstance(error, torch.OutOfMemoryError | MemoryError) or _FULL.search(first):
        return (f"There is not enough memory on the device ({first or 'none is left'}). Use a shorter text or fewer "
                "at a time, close what else uses the device, or use the CPU (--device cpu).")
    apple = isinstance(error, RuntimeError | TypeError) and _APPLE.search(first)
    if apple or isinstance(error, torch.AcceleratorError):
        return f"The device cannot do this ({first}). Use the CPU (--device cpu)."
    return None


_FULL = re.compile("out of memory|can't allocate memory")
_APPLE = re.compile(r"\bMPS\b")


@contextmanager
def device_errors() -> Iterator[None]:
    """Turn what the device cannot do inside into a DeviceError."""
    try:
        yield
    except Exception as error:
        _refuse(error)
        raise


def _refuse(error: BaseException) -> None:
    problem = device_problem(error)
    if problem is not None:
        traceback.clear_frames(error.__traceback__)  # they hold what filled the memory
        raise DeviceError(problem) from None


class DeviceLock:
    """A lock around a device, with `device_errors` inside."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.acquire, self.release, self.locked = self._lock.acquire, self._lock.release, self._lock.locked

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        self._lock.release()
        if error is not None:
            _refuse(error)
