"""Everything that can go wrong for a user, as one tree.

    SparseCBMError            base: one sentence saying what came, what is allowed, what to do
    ├── InputError            a text, override, target or patch that cannot be used
    ├── DataError             a data file that is missing, malformed or wrongly labelled
    ├── CheckpointError       a checkpoint that is missing, truncated or does not fit together
    ├── DeviceError           a device whose memory is full, or that cannot do what was asked of it
    ├── ConfigError           settings that contradict each other
    └── Cancelled             a long computation that the user stopped

The command line prints the message and exits with 2; the app shows it in place. Anything else is a bug.
"""


class SparseCBMError(Exception):
    """Base of all errors that a user can cause and mend."""


class InputError(SparseCBMError):
    """A text, override, target or patch that cannot be used."""


class DataError(SparseCBMError):
    """A data file that is missing, malformed or wrongly labelled."""


class CheckpointError(SparseCBMError):
    """A checkpoint that is missing, truncated or does not fit together."""


class DeviceError(SparseCBMError):
    """A device whose memory is full, or that cannot do what was asked of it."""


class ConfigError(SparseCBMError):
    """Settings that contradict each other or name something unknown."""


class Cancelled(SparseCBMError):
    """A long computation that the user stopped; nothing of it is kept."""


def in_short(error: BaseException, most: int = 160) -> str:
    """The first line of what a library says of an error, cut; its name where it says nothing."""
    lines = str(error).strip().splitlines() or [""]
    line = " ".join(line.strip() for line in lines[:2]) if lines[0].endswith(":") else lines[0]
    return (line if len(line) <= most else f"{line[:most]}…") or type(error).__name__


def unknown_name(kind: str, name: str, allowed: tuple[str, ...]) -> str:
    """Message for a name outside a closed list, e.g. an unknown concept."""
    return f"Unknown {kind} {name!r}; allowed: {', '.join(allowed)}. Use one of these, spelt exactly so."
