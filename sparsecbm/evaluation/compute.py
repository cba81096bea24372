"""The evaluation of a checkpoint on one split: every number that tables, the card and the app show."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from sparsecbm.data.split import Split
from sparsecbm.errors import DataError
from sparsecbm.evaluation import metrics
from sparsecbm.evaluation.compute_leakage import (
    CorrectionTable,
    Share,
    correction_table,
    residual_share,
    residual_slices,
    wrong_concepts,
)
from sparsecbm.intervals import Interval
from sparsecbm.model.checkpoint import Checkpoint
from sparsecbm.model.masks import ConceptMasks
from sparsecbm.model.network import SparseCBM
from sparsecbm.model.prediction import pool_texts
from sparsecbm.subnetworks.compute_overlap import Sparsity, head_accuracy, sparsity


@dataclass(frozen=True)
class Scores:
    """Scores of one answer over the `n` rows whose truth is known; `ci95` holds intervals of accuracy and macro F1.

    `ece` is the expected calibration error, 0..1, and `reliability` the bins that it is the error of.
    """

    n: int
    accuracy: float
    macro_f1: float
    ece: float
    reliability: list[metrics.Bin]
    ci95: dict[str, Interval]
    majority: metrics.Majority


@dataclass(frozen=True)
class LabelScores(Scores):
    """Those of the label, with the figure that others have published under the name of macro F1."""

    f1_ovr_paper: float


@dataclass(frozen=True)
class Rows:
    """The rows of the source: `read` = `scored` + all `dropped`, by reason.

    `with_wrong_concept` counts, among the rows with a label, those where some concept is predicted wrongly.
    """

    read: int
    dropped: dict[str, int]
    scored: int
    with_wrong_concept: int | None


@dataclass(frozen=True)
class EvaluationReport:
    """All scores of one model on one split of `n` rows, none left out. What a kind of model does not have is None.

    So is what no row of the split tells of: the label and, with it, what correcting concepts does to it; a concept, and
    its column of `specificity`. `specificity` is [mask][head] accuracy and `jaccard` the overlap of every two concepts'
    masks, both in the order of the concepts. `residual_by` has the residual's share in slices of the labelled rows, by
    what they are sliced by: "label" has the true labels, "outcome" whether the label and the concepts are right.
    """

    n: int
    label: LabelScores | None
    concepts: dict[str, Scores | None] | None
    specificity: list[list[float | None]] | None
    correction: CorrectionTable | None
    residual_share: float | None
    residual_by: dict[str, dict[str, Share]] | None
    sparsity: Sparsity
    jaccard: list[list[float]] | None
    split: str
    data_hash: str
    rows: Rows

    @property
    def mean_concept_macro_f1(self) -> float | None:
        """Plain mean of the macro F1 of the concepts that could be scored, None without one."""
        found = [scores.macro_f1 for scores in (self.concepts or {}).values() if scores is not None]
        return float(np.mean(found)) if found else None

    @property
    def complete(self) -> bool:
        """True when the label and every concept that the model has could be scored."""
        return self.label is not None and None not in (self.concepts or {}).values()

    def to_json(self) -> dict[str, Any]:
        """The report as plain JSON values; no number in it is NaN or infinite."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self), allow_nan=False))
        return plain


def evaluate(
    checkpoint: Checkpoint, split: Split, batch_size: int = 64, progress: Callable[[int], None] | None = None
) -> EvaluationReport:
    """Run the checkpoint over every row of the split and score it; `progress` gets the number of rows of each batch."""
    split.require_schema(checkpoint.model.config.schema)
    model, masks = checkpoint.model, checkpoint.masks
    pooled = pool_texts(model, checkpoint.encoder, masks, split.texts, batch_size, progress)
    return evaluate_pooled(model, masks, pooled, split)


@torch.no_grad()
def evaluate_pooled(
    model: SparseCBM, masks: ConceptMasks | None, pooled: Float[Tensor, "row pass_ hidden"], split: Split, seed: int = 0
) -> EvaluationReport:
    """Score pooled features, one per row of the split and in its order; only the heads run. `seed` is the bootstrap's.

    DataError when no row tells of anything that the model says.
    """
    split.require_schema(model.config.schema)
    if len(pooled) != len(split):
        raise ValueError(f"{len(pooled)} rows of features for the {len(split)} rows of split {split.name}.")
    schema, kind = split.schema, model.config.kind
    pooled = pooled.to(model.device)
    concept_logits, residual = model.concept_logits(pooled), model.residual_logits(pooled)
    ledger = model.label(model.bottleneck(concept_logits), residual)
    labelled = np.flatnonzero(split.labels >= 0)
    wrong, concepts, correction, shares, by = None, None, None, None, None
    if kind != "black_box":
        probabilities = concept_logits.cpu().double().softmax(-1).numpy()
        concepts = {name: _concept_scores(probabilities[:, k], split.concepts[:, k], split, seed)
                    for k, name in enumerate(schema.concepts)}
        shares = residual_share(ledger)
    if not len(labelled) and not any((concepts or {}).values()):
        raise DataError(f"No row of split {split.name} ({split.report.source}) tells of anything that the model says, "
                        "so it cannot be scored; evaluate on rows with labels or concepts.")
    if shares is not None and len(labelled):
        rows = torch.from_numpy(labelled).to(model.device)
        truth, labels = (torch.from_numpy(gold).to(model.device)[rows] for gold in (split.concepts, split.labels))
        misread = wrong_concepts(concept_logits[rows], truth).any(-1)
        wrong = int(misread.sum())
        correction = correction_table(model, concept_logits[rows], residual[rows], truth, labels, seed)
        by = residual_slices(shares[rows], labels, ledger.logits[rows].argmax(-1) != labels, misread, schema.labels)
    return EvaluationReport(
        n=len(pooled),
        label=_label_scores(ledger.logits.cpu(), labelled, split, seed) if len(labelled) else None,
        concepts=concepts,
        specificity=_specificity(model, pooled, split) if kind == "sparse" else None,
        correction=correction,
        residual_share=None if shares is None else float(shares.cpu().double().mean()),
        residual_by=by,
        sparsity=sparsity(model, masks),
        jaccard=masks.jaccard()[:-1, :-1].tolist() if kind == "sparse" and masks is not None else None,  # no residual
        split=split.name,
        data_hash=split.data_hash,
        rows=Rows(split.report.read, dict(split.report.dropped), len(pooled), wrong),
    )


def _scores(
    probabilities: Float[np.ndarray, "known value"], gold: Int[np.ndarray, " known"], names: Sequence[str], seed: int
) -> tuple[Scores, metrics.Confusion]:
    """The scores, and the confusion matrix that they are of."""
    counts = metrics.confusion(gold, probabilities.argmax(-1), len(names))
    return Scores(
        n=len(gold), accuracy=float(metrics.accuracy(counts)), macro_f1=float(metrics.macro_f1(counts)),
        ece=metrics.ece(probabilities, gold), reliability=metrics.reliability(probabilities, gold),
        ci95=metrics.bootstrap_ci(counts, seed), majority=metrics.majority(gold, names)), counts


def _label_scores(
    logits: Float[Tensor, "row label"], rows: Int[np.ndarray, " labelled"], split: Split, seed: int
) -> LabelScores:
    scores, counts = _scores(logits.double().softmax(-1).numpy()[rows], split.labels[rows], split.schema.labels, seed)
    return LabelScores(**vars(scores), f1_ovr_paper=float(metrics.f1_ovr_paper(counts)))


def _concept_scores(
    probabilities: Float[np.ndarray, "row value"], gold: Int[np.ndarray, " row"], split: Split, seed: int
) -> Scores | None:
    rows = np.flatnonzero(gold >= 0)
    return _scores(probabilities[rows], gold[rows], split.schema.values, seed)[0] if len(rows) else None


def _specificity(
    model: SparseCBM, pooled: Float[Tensor, "row pass_ hidden"], split: Split
) -> list[list[float | None]]:
    """[mask][head] accuracy, None in the columns of concepts that no row tells of."""
    known = np.any(split.concepts >= 0, axis=0)
    with np.errstate(invalid="ignore"):  # of no rows
        square = head_accuracy(model, pooled, split.concepts).tolist()
    return [[cell if there else None for cell, there in zip(row, known, strict=True)] for row in square]
