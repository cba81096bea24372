"""What setting misread concepts to their gold values does to the label, out of a stored report."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sparsecbm.errors import CheckpointError
from sparsecbm.intervals import Interval

#: How the concepts are set, in the order of a report's table.
KINDS = ("predicted", "corrected", "true")


@dataclass(frozen=True)
class CorrectionGain:
    """Label accuracy, 0..1, on the `n` rows with a misread concept: as predicted, and once they are corrected.

    `interval` is that of the change, from a paired bootstrap over these rows.
    """

    before: float
    after: float
    n: int
    interval: Interval

    @property
    def change(self) -> float:
        """Above 0 where correcting helps."""
        return self.after - self.before

    @property
    def clear(self) -> bool:
        """True when the interval leaves out zero."""
        return not self.interval[0] <= 0 <= self.interval[1]


def correction_gain(report: Mapping[str, Any]) -> CorrectionGain | None:
    """The gain that a report of `evaluate` holds; None where nothing could be corrected."""
    correction = report.get("correction") or {}
    gain = correction.get("gain")
    if gain is None:
        return None
    before, after = (correction[kind]["rows_with_wrong_concept"] for kind in ("predicted", "corrected"))
    low, high = gain["ci95"]
    return CorrectionGain(before, after, gain["n"], (low, high))


#: Corrects the concept that is most wrong, which takes the gold values: for comparison only.
ORACLE = "lcp"
#: The key in metrics.json of the curves, by data set and split, such as "cebab/dev".
METRICS_KEY = "curves"


@dataclass(frozen=True)
class Curve:
    """Share of rows whose label is wrong, 0..1, after 0, 1, .. corrected concepts.

    `ci95` holds percentile intervals over resampled rows, `change_ci95` those of the difference from no corrected
    concept on the same rows. `spread` is the standard deviation (of a sample) over random orders or answers, None where
    nothing was drawn.
    """

    error: tuple[float, ...]
    ci95: tuple[Interval, ...]
    change_ci95: tuple[Interval, ...]
    spread: tuple[float, ...] | None = None

    @property
    def rising(self) -> tuple[int, ...]:
        """Numbers of corrected concepts at which the error is above the interval of some smaller number."""
        return tuple(step for step in range(1, len(self.error))
                     if any(self.error[step] > high for _, high in self.ci95[:step]))


@dataclass(frozen=True)
class CurveSettings:
    """The same settings give the same figures.

    `checkpoint` and `data_hash` are hashes of the content, `n` the rows with a label that were read. `orders` is how
    often whatever is random was drawn, and `error_rate` how often the annotator errs, 0..1.
    """

    checkpoint: str
    split: str
    data_hash: str
    n: int
    orders: int
    error_rate: float
    seed: int


@dataclass(frozen=True)
class EditCurves:
    """Ways to correct only the misread concepts, on the same `n` rows that have one, in the same random orders.

    `agree` is the share of all `corrected` concepts that then agree with the annotators.
    """

    n: int
    corrected: int
    curves: Mapping[str, Curve]
    agree: Mapping[str, float]


@dataclass(frozen=True)
class CorrectionCurves:
    """Curves over `concepts`, all starting from the prediction.

    `known` counts rows by how many concepts have a majority: a concept without one is never set, and a row with fewer
    concepts than a step asks for stays as it is from then on, so every step is of the same rows. `policies` set
    concepts to the majority in the order of each policy; `wrong` sets them to another value, in random orders;
    `annotator` sets the values of an annotator who errs at the stated rate, in the order of `annotator_policy`.
    """

    settings: CurveSettings
    concepts: tuple[str, ...]
    known: tuple[int, ...]
    policies: Mapping[str, Curve]
    wrong: Curve
    annotator: Curve
    annotator_policy: str
    edits: EditCurves | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; `spread`, `ci95` and `change_ci95` hold those of every curve by its name."""
        edits = {} if self.edits is None else self.edits.curves
        others = {"wrong": self.wrong, "annotator": self.annotator} | dict(edits)
        named = dict(self.policies) | others
        return asdict(self.settings) | {
            "concepts": list(self.concepts), "known": list(self.known), "oracle": [ORACLE],
            "policies": {name: list(curve.error) for name, curve in self.policies.items()},
            "wrong": list(self.wrong.error),
            "annotator": {"policy": self.annotator_policy, "error": list(self.annotator.error)},
            **{name: list(curve.error) for name, curve in edits.items()},
            "spread": {name: list(curve.spread) for name, curve in named.items() if curve.spread is not None},
            "ci95": {name: [list(interval) for interval in curve.ci95] for name, curve in named.items()},
            "change_ci95": {name: [list(interval) for interval in curve.change_ci95] for name, curve in named.items()},
            "rising": {name: list(curve.rising) for name, curve in named.items()},
            "edits": None if self.edits is None else {
                "n": self.edits.n, "corrected": self.edits.corrected, "curves": list(edits),
                "agree": dict(self.edits.agree)},
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "CorrectionCurves":
        """The inverse of `to_json`; CheckpointError when it holds something else."""
        def curve(name: str, error: Any) -> Curve:
            spread = values["spread"].get(name)
            return Curve(tuple(error), _intervals(values["ci95"][name]), _intervals(values["change_ci95"][name]),
                         None if spread is None else tuple(spread))

        try:
            edits, annotator = values["edits"], values["annotator"]
            return cls(
                CurveSettings(**{name: values[name] for name in CurveSettings.__dataclass_fields__}),
                tuple(values["concepts"]), tuple(values["known"]),
                {name: curve(name, error) for name, error in values["policies"].items()},
                curve("wrong", values["wrong"]), curve("annotator", annotator["error"]), annotator["policy"],
                None if edits is None else EditCurves(edits["n"], edits["corrected"], {
                    name: curve(name, values[name]) for name in edits["curves"]}, edits["agree"]))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise CheckpointError(f"The correction curves cannot be read ({error!r}); allowed: what `curve --save` "
                                  "writes. Measure them again.") from None


def _intervals(values: Any) -> tuple[Interval, ...]:
    return tuple((low, high) for low, high in values)
