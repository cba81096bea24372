"""Does the label follow from the concepts' values? The effect of correcting them, and the share of the residual."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from sparsecbm.intervals import Interval, normal, paired_bootstrap
from sparsecbm.model.network import Ledger, SparseCBM


@dataclass(frozen=True)
class Correction:
    """Label accuracy with one kind of concepts: on all rows, on those where some concept is predicted wrongly
    (None without such a row), and on all rows with the residual switched off."""

    all: float
    rows_with_wrong_concept: float | None
    no_residual: float


@dataclass(frozen=True)
class Gain:
    """What correcting changes in the label accuracy of the `n` rows with a wrong concept, -1..1, with the interval of
    a paired bootstrap over these rows."""

    mean: float
    ci95: Interval
    n: int


@dataclass(frozen=True)
class CorrectionTable:
    """Label accuracy with the `predicted` concepts, with the wrong ones `corrected` to gold, and with all known ones
    `true`; and the gain of correcting, None where no row has a wrong concept."""

    predicted: Correction
    corrected: Correction
    true: Correction
    gain: Gain | None


@dataclass(frozen=True)
class Share:
    """The residual's mean share on `n` rows, 0..1; the 95 % interval is the normal one, None for a single row."""

    n: int
    mean: float
    ci95: Interval | None


def wrong_concepts(
    concept_logits: Float[Tensor, "row concept value"], concepts: Int[Tensor, "row concept"]
) -> Bool[Tensor, "row concept"]:
    """Where a concept with a known truth is predicted as another value; never where the truth is unknown (-1)."""
    return (concepts >= 0) & (concept_logits.argmax(-1) != concepts)


def correction_table(
    model: SparseCBM,
    concept_logits: Float[Tensor, "row concept value"],
    residual: Float[Tensor, "row label"],
    concepts: Int[Tensor, "row concept"],
    labels: Int[Tensor, " row"],
    seed: int = 0,
) -> CorrectionTable:
    """Label accuracy before and after correcting; `seed` is the bootstrap's.

    A concept is set exactly as a person's override sets it; one without a known truth (-1) keeps its prediction.
    A head that gets worse by correction uses something else than the concepts' values. The truth comes from the
    annotators: these are oracle figures. Every row needs a label.
    """
    predicted = model.bottleneck(concept_logits)
    _, count, values = predicted.shape
    certain = torch.eye(values, dtype=predicted.dtype, device=predicted.device)
    table = torch.stack([model.override_bottleneck(row, k) for k in range(count) for row in certain])
    truth = table.view(count, values, values)[torch.arange(count, device=concepts.device), concepts.clamp(min=0)]
    wrong = wrong_concepts(concept_logits, concepts)
    affected = wrong.any(-1)

    def scores(replaced: Bool[Tensor, "row concept"]) -> tuple[Correction, Bool[np.ndarray, " affected"]]:
        bottleneck = torch.where(replaced.unsqueeze(-1), truth, predicted)
        right, bare = (model.label(bottleneck, r).logits.argmax(-1) == labels for r in (residual, 0 * residual))
        hits = right[affected]
        return Correction(_mean(right), _mean(hits) if len(hits) else None, _mean(bare)), hits.cpu().numpy()

    (before, wrong_before), (after, wrong_after) = scores(torch.zeros_like(wrong)), scores(wrong)
    interval = paired_bootstrap(wrong_before, wrong_after, seed)
    gain = None if interval is None else Gain(
        float(wrong_after.mean() - wrong_before.mean()), interval, len(wrong_before))
    return CorrectionTable(before, after, scores(concepts >= 0)[0], gain)


def residual_share(ledger: Ledger) -> Float[Tensor, " row"]:
    """The residual's share of what moves the label of each row, 0 (the concepts decide) to 1 (the residual decides).

    With spread(v) = mean over labels of |v - mean(v)|, a row's share is spread(residual) divided by the sum of
    spread(residual) and every concept's spread(contribution); 0 if nothing is spread. The bias, the same for every
    review, does not count.
    """
    residual = _spread(ledger.residual)  # [row]
    total = residual + _spread(ledger.contributions).sum(-1)
    return torch.where(total > 0, residual / total.clamp(min=torch.finfo(total.dtype).tiny), 0.0)


def residual_slices(
    shares: Float[Tensor, " row"], labels: Int[Tensor, " row"], wrong: Bool[Tensor, " row"],
    misread: Bool[Tensor, " row"], names: Sequence[str],
) -> dict[str, dict[str, Share]]:
    """The residual's share by true label, and by what is right: the label, the concepts. Slices without a row are left
    out. Every row needs a label."""
    slices = {
        "label": {name: labels == place for place, name in enumerate(names)},
        "outcome": {"right": ~wrong & ~misread, "label wrong, concepts right": wrong & ~misread,
                    "concept wrong, label right": ~wrong & misread, "both wrong": wrong & misread},
    }
    return {by: {name: _share(shares[rows].cpu().double().numpy()) for name, rows in parts.items() if rows.any()}
            for by, parts in slices.items()}


def _share(values: Float[np.ndarray, " row"]) -> Share:
    return Share(len(values), float(values.mean()), normal(values))


def _spread(logits: Float[Tensor, "*row label"]) -> Float[Tensor, "*row"]:
    return (logits - logits.mean(-1, keepdim=True)).abs().mean(-1)


def _mean(values: Tensor) -> float:
    return float(values.cpu().double().mean())
