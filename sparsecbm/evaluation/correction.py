"""What setting misread concepts to their gold values does to the label, out of a stored report."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sparsecbm.intervals import Interval, unpaired_change


@dataclass(frozen=True)
class CorrectionGain:
    """Label accuracy, 0..1, on the rows with a misread concept: as predicted, and once those concepts are corrected.

    A report keeps both shares but not which rows changed, so `interval` is that of two independent samples, wider than
    one of paired rows. It is None where the report does not count the rows, `n`.
    """

    before: float
    after: float
    n: int | None
    interval: Interval | None

    @property
    def change(self) -> float:
        """Above 0 where correcting helps."""
        return self.after - self.before

    @property
    def clear(self) -> bool:
        """True when the interval leaves out zero."""
        return self.interval is not None and not self.interval[0] <= 0 <= self.interval[1]


def correction_gain(report: Mapping[str, Any]) -> CorrectionGain | None:
    """The gain that a report of `evaluate` holds; None where nothing could be corrected."""
    correction = report.get("correction")
    if not correction:
        return None
    before, after = (correction[kind]["rows_with_wrong_concept"] for kind in ("predicted", "corrected"))
    if before is None or after is None:
        return None
    n = (report.get("rows") or {}).get("with_wrong_concept")
    return CorrectionGain(before, after, n, unpaired_change(before, after, n) if n else None)
