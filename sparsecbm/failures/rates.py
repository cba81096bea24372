"""How often something holds, with what chance leaves open."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool
from scipy.stats import norm


@dataclass(frozen=True)
class Rate:
    """`hits` of `n` rows."""

    hits: int
    n: int

    @classmethod
    def of(cls, hit: Bool[np.ndarray, " row"], among: Bool[np.ndarray, " row"]) -> "Rate":
        """The rows among some where something holds."""
        return cls(int((hit & among).sum()), int(among.sum()))

    @property
    def share(self) -> float | None:
        """0..1; None without a row."""
        return self.hits / self.n if self.n else None

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the share for rows like these (1927, J. Am. Stat. Assoc. 22, 209-212).

        It holds for few rows and rare hits, too, and never leaves 0..1. Without a row it is all of 0..1.
        """
        if not self.n:
            return 0.0, 1.0
        share, z = self.hits / self.n, float(norm.ppf(0.975))
        scale = 1 + z**2 / self.n
        centre = (share + z**2 / (2 * self.n)) / scale
        half = z / scale * math.sqrt(share * (1 - share) / self.n + z**2 / (4 * self.n**2))
        return max(0.0, centre - half), min(1.0, centre + half)
