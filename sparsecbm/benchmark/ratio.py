"""How many times as long one procedure takes as another one, and the report of all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sparsecbm.intervals import median_interval


@dataclass(frozen=True)
class Ratio:
    """The time of a procedure divided by that of a reference, over rounds in which both ran one after the other.

    `median`, `low` and `high` are the median of the rounds' quotients and its 95 % interval; `bound` is the most that
    the median may be, None where there is no bound. Milliseconds are medians.
    """

    name: str
    compares: str
    median: float
    low: float
    high: float
    bound: float | None
    milliseconds: float
    reference_milliseconds: float
    rounds: int

    @classmethod
    def of(
        cls, name: str, compares: str, taken: Sequence[float], reference: Sequence[float], bound: float | None = None
    ) -> "Ratio":
        """From the milliseconds of each round, in the same order. ValueError where there is none, or not as many."""
        if not taken or len(taken) != len(reference):
            raise ValueError(f"{name}: {len(taken)} times came with {len(reference)} of the reference; both must be "
                             "measured in every round.")
        quotients = np.asarray(taken, dtype=np.float64) / np.asarray(reference, dtype=np.float64)
        low, high = median_interval(quotients)
        return cls(name, compares, float(np.median(quotients)), low, high, bound, float(np.median(taken)),
                   float(np.median(reference)), len(quotients))

    @property
    def within(self) -> bool:
        """Whether the median keeps the bound; true without one."""
        return self.bound is None or self.median <= self.bound


@dataclass(frozen=True)
class Failed:
    """What could not be measured, and why."""

    name: str
    why: str


@dataclass(frozen=True)
class SpeedReport:
    """All ratios of one run, the machine they were measured on, and what has to be known to read them."""

    machine: Mapping[str, Any]
    ratios: tuple[Ratio, ...]
    notes: tuple[str, ...] = ()
    memory: Mapping[str, int] = field(default_factory=dict)
    failed: tuple[Failed, ...] = ()

    @property
    def within(self) -> bool:
        """Whether everything could be measured and every bound is kept."""
        return not self.failed and all(ratio.within for ratio in self.ratios)

    @property
    def outcome(self) -> str:
        """Which bounds are exceeded and what could not be measured, in a sentence."""
        late = [ratio.name for ratio in self.ratios if not ratio.within]
        parts = ([f"Bounds are exceeded: {', '.join(late)}."] if late else []) + [
            f"Not measured: {one.name} ({one.why})." for one in self.failed]
        return " ".join(parts) or "All bounds are kept."

    def to_json(self) -> dict[str, Any]:
        """`ratios` by name with median, low, high and bound; what was compared stands in `details`."""
        made: dict[str, Any] = {
            "machine": dict(self.machine),
            "ratios": {one.name: {"median": one.median, "low": one.low, "high": one.high, "bound": one.bound}
                       for one in self.ratios},
            "within_bounds": self.within,
            "details": {one.name: {"compares": one.compares, "milliseconds": one.milliseconds,
                                   "reference_milliseconds": one.reference_milliseconds, "rounds": one.rounds}
                        for one in self.ratios},
            "notes": list(self.notes),
        }
        return made | ({"memory": dict(self.memory)} if self.memory else {}) | (
            {"failed": {one.name: one.why for one in self.failed}} if self.failed else {})
