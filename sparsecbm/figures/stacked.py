"""Bars of several parts, as shares of a whole."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True)
class Look:
    """How one part of every bar is named and drawn."""

    name: str
    colour: str
    hatched: bool = False


@dataclass(frozen=True, eq=False)
class StackedBars:
    """A bar per row, made of shares 0..1 of what the row is of, one after the other; `hover` is HTML told of a row.

    `text` says in words what is seen.
    """

    title: str
    text: str
    rows: tuple[str, ...]
    looks: tuple[Look, ...]
    shares: Float[np.ndarray, "row part"]
    hover: tuple[str, ...]

    @property
    def end(self) -> float:
        """The share at which the scale ends: a little more than the longest bar."""
        return float(min(1.0, 1.05 * self.shares.sum(1).max(initial=0.01)))
