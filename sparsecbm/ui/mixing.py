"""Moving one share of a distribution while the whole stays a distribution."""

from collections.abc import Sequence


def move_share(distribution: Sequence[float], index: int, share: float) -> tuple[float, ...]:
    """Set one share (0..1); the others keep their proportions and fill the rest, evenly where they were all zero."""
    others = sum(distribution) - distribution[index]
    rest = 1 - share
    moved = [rest * other / others if others > 0 else rest / (len(distribution) - 1) for other in distribution]
    moved[index] = share
    return tuple(moved)


def certain_value(distribution: Sequence[float]) -> int | None:
    """The value that holds all of a distribution, if one does."""
    return list(distribution).index(1.0) if 1.0 in distribution else None
