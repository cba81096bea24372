"""What came of something that was tried with patches, said in place."""

from collections.abc import Callable

from sparsecbm.ui.interventions.session import refresh
from sparsecbm.ui.tried import outcome_of, tried

_KEY = "interventions:patches"


def attempt(action: Callable[[], str]) -> None:
    """Do something and keep what it says, or its problem; the last thing that a callback does."""
    tried(_KEY, action, "The folder of patches cannot be used")
    refresh()


def outcome() -> None:
    """What the last attempt came to."""
    outcome_of(_KEY)
