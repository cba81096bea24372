"""Everything that can go wrong for a user, as one tree.

    SparseCBMError            base: one sentence saying what came, what is allowed, what to do
    ├── InputError            a text, override, target or patch that cannot be used
    ├── DataError             a data file that is missing, malformed or wrongly labelled
    ├── CheckpointError       a checkpoint that is missing, truncated or does not fit together
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


class ConfigError(SparseCBMError):
    """Settings that contradict each other or name something unknown."""


class Cancelled(SparseCBMError):
    """A long computation that the user stopped; nothing of it is kept."""


def unknown_name(kind: str, name: str, allowed: tuple[str, ...]) -> str:
    """Message for a name outside a closed list, e.g. an unknown concept."""
    return f"Unknown {kind} {name!r}; allowed: {', '.join(allowed)}. Use one of these, spelt exactly so."
