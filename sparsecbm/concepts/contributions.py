"""Moving one share of a distribution while the whole stays a distribution."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from sparsecbm.types import InterventionResult, Prediction


@dataclass(frozen=True)
class Part:
    """What one concept, the residual or the bias adds to a label's logit."""

    before: float
    after: float

    @property
    def moved(self) -> bool:
        """True when a person's changes reach this part."""
        return abs(self.after - self.before) > 1e-9


def label_ledger(result: InterventionResult, label: str) -> dict[str, Part]:
    """Every concept, then `residual`, `bias` and their `sum`, which is the label's logit."""
    schema = result.before.schema
    index = schema.label_index(label)

    def side(prediction: Prediction) -> list[float]:
        return [*prediction.contributions[:, index].tolist(), float(prediction.residual[index]),
                float(prediction.label_bias[index]), float(prediction.label_logits[index])]

    names = (*schema.concepts, "residual", "bias", "sum")
    return {name: Part(old, new) for name, old, new in zip(names, side(result.before), side(result.after), strict=True)}


def largest(ledger: dict[str, Part]) -> float:
    """The largest part in either direction, the sum left aside; 1 when every part is zero."""
    parts = (part for name, part in ledger.items() if name != "sum")
    return max(max(abs(part.before), abs(part.after)) for part in parts) or 1.0


def ledger_table(ledger: dict[str, Part]) -> pd.DataFrame:
    """The ledger in logits, with the change."""
    return pd.DataFrame({
        "part": list(ledger),
        "before": [round(part.before, 4) for part in ledger.values()],
        "after": [round(part.after, 4) for part in ledger.values()],
        "change": [round(part.after - part.before, 4) for part in ledger.values()],
    })


def probability_table(result: InterventionResult) -> pd.DataFrame:
    """Every label's probability in percent."""
    schema = result.before.schema
    return pd.DataFrame({
        schema.label_title: schema.label_display,
        "before": (100 * result.before.label_probabilities.astype(float)).round(2),
        "after": (100 * result.after.label_probabilities.astype(float)).round(2),
    })


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
