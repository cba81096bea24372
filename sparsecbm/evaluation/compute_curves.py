"""Does correcting concepts help, and in which order? The label's error after 0, 1, .., K corrected concepts.

The truth is the annotators' majority, so all of this is an oracle's view of the model. The policies are those of Shin
et al. 2023 (arXiv 2302.14260); their "loss on concept prediction" (LCP) needs the truth and is the oracle here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Bool, Float, Int

from sparsecbm.concepts.compute_override import require_concepts
from sparsecbm.concepts.compute_policies import DEFAULT_POLICY, POLICIES, ConceptState
from sparsecbm.data.split import Split
from sparsecbm.errors import DataError, InputError
from sparsecbm.evaluation.correction import ORACLE, CorrectionCurves, Curve, CurveSettings, EditCurves
from sparsecbm.intervals import Interval, percentiles, resampled
from sparsecbm.model.checkpoint import Checkpoint
from sparsecbm.model.network import SparseCBM

#: What the label head gets of a concept, in a row of the split, after an edit that is to correct the concept.
Correct = Callable[[int, int], Float[np.ndarray, " value"]]
Score = Callable[[ConceptState], Float[np.ndarray, "row concept"]]
Answers = Float[np.ndarray, "row concept label"]

ORDERS = 5
ERROR_RATE = 0.1


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of a split by their numbers, the model's predictions for them, and the gold values (-1 unknown).

    `state` has the effects of this model; nothing is set in it.
    """

    numbers: Int[np.ndarray, " row"]
    state: ConceptState
    labels: Int[np.ndarray, " row"]
    concepts: Int[np.ndarray, "row concept"]

    @property
    def misread(self) -> Bool[np.ndarray, "row concept"]:
        """Where a concept has a majority and is predicted as another value."""
        return np.asarray((self.concepts >= 0) & (self.state.probabilities.argmax(-1) != self.concepts))

    def set_to(self, values: Int[np.ndarray, "row concept"]) -> Answers:
        """What the concepts add to the label when they are set to these values; meaningless where one is -1."""
        return np.asarray(self.state.effects[np.arange(values.shape[1]), values])


def curves(
    checkpoint: Checkpoint,
    split: Split,
    sample: int | None = None,
    orders: int = ORDERS,
    error_rate: float = ERROR_RATE,
    seed: int = 0,
    edits: Mapping[str, Correct] | None = None,
    edit_rows: int = 0,
    progress: Callable[[int], None] | None = None,
) -> CorrectionCurves:
    """The curves over the rows of a split that have a label, or over those of `sample` rows drawn by `seed`.

    Every policy of `POLICIES` and the oracle; one run over the texts, then sums. With `edits`, other ways to correct a
    concept are measured like the override, once for each misread concept of at most `edit_rows` rows that have one;
    zero rows make none. `progress` gets the number of texts of each batch. InputError for numbers out of bounds,
    DataError when no row has a label, CheckpointError for a black box.
    """
    check_settings(sample, orders, error_rate, edit_rows, seed)
    rows = _read(checkpoint, split, sample, seed, progress)
    random, (_, count, values) = np.random.default_rng(seed), rows.state.probabilities.shape
    shape = (orders, *rows.concepts.shape)
    chance, other, errs = random.random(shape), random.integers(1, values, shape), random.random(shape) < error_rate
    truth, other = rows.set_to(rows.concepts), (rows.concepts + other) % values
    said = np.where(errs, other, rows.concepts)
    scores = {name: policy.score for name, policy in POLICIES.items() if policy.score is not None}
    by_policy = {name: _curve([walk(rows, truth, score)], seed) for name, score in scores.items()}
    return CorrectionCurves(
        settings=CurveSettings(checkpoint.hash, split.name, split.data_hash, len(rows.labels), orders, error_rate,
                               seed),
        concepts=split.schema.concepts,
        known=tuple(np.bincount((rows.concepts >= 0).sum(1), minlength=count + 1).tolist()),
        policies=by_policy | {
            "random": _random_orders(rows, [truth] * orders, chance, seed),
            ORACLE: _curve([walk(rows, truth, lambda now: oracle_scores(now, rows.concepts))], seed)},
        wrong=_random_orders(rows, [rows.set_to(some) for some in other], chance, seed),
        annotator=_curve([walk(rows, rows.set_to(some), scores[DEFAULT_POLICY]) for some in said], seed),
        annotator_policy=DEFAULT_POLICY,
        edits=_edit_curves(checkpoint.model, rows, edits, edit_rows, chance, seed) if edits and edit_rows else None)


def check_settings(sample: int | None, orders: int, error_rate: float, edit_rows: int, seed: int) -> None:
    """InputError for a number that is out of bounds."""
    for name, number, least in (("sample", sample, 1), ("orders", orders, 1), ("rows of edits", edit_rows, 0),
                                ("seed", seed, 0)):
        if number is not None and number < least:
            raise InputError(f"{name.capitalize()} {number} came; allowed: {least} or more. Give another number.")
    if not 0 <= error_rate <= 1:
        raise InputError(f"Error rate {error_rate:g} came; allowed: 0 to 1. Give another share.")


def walk(rows: Rows, answers: Answers, score: Score) -> Bool[np.ndarray, "row step"]:
    """Whether a row's label is wrong after 0, 1, .., K answers, each to the concept of the highest score then.

    Only concepts with a known truth are asked for; a row without another one stays as it is.
    """
    everyone, left = np.arange(len(rows.labels)), rows.concepts >= 0
    now = replace(rows.state, contributions=rows.state.contributions.copy())
    wrong = [now.logits.argmax(-1) != rows.labels]
    for _ in range(left.shape[1]):
        chosen = np.where(left, score(now), -np.inf).argmax(-1)
        change = answers[everyone, chosen] - now.contributions[everyone, chosen]
        change[~left[everyone, chosen]] = 0
        now.contributions[everyone, chosen] += change
        now = replace(now, logits=now.logits + change)
        left[everyone, chosen] = False
        wrong.append(now.logits.argmax(-1) != rows.labels)
    return np.stack(wrong, axis=1)


def oracle_scores(state: ConceptState, concepts: Int[np.ndarray, "row concept"]) -> Float[np.ndarray, "row concept"]:
    """LCP, loss on concept prediction: 1 - p_k of the true value; for a binary concept that is |prediction - truth|."""
    true = np.take_along_axis(state.probabilities, np.maximum(concepts, 0)[..., None], axis=-1)
    return np.asarray(1 - true[..., 0])


def _read(
    checkpoint: Checkpoint, split: Split, sample: int | None, seed: int, progress: Callable[[int], None] | None
) -> Rows:
    """The rows with a label, drawn in random order, with the model's predictions."""
    require_concepts(checkpoint.model)
    split.require_schema(checkpoint.model.config.schema)
    drawn = split.draw(len(split) if sample is None else sample, seed)
    numbers = drawn[split.labels[drawn] >= 0]
    if not len(numbers):
        raise DataError(f"None of {len(drawn)} rows of split {split.name} has a majority for "
                        f"{split.schema.label_title}, so there is no error to count; use a larger sample, or rows that "
                        "have one.")
    state = ConceptState.of_texts(checkpoint, [split.texts[row] for row in numbers], progress)
    return Rows(numbers, state, split.labels[numbers], split.concepts[numbers])


def _edit_curves(
    model: SparseCBM, rows: Rows, edits: Mapping[str, Correct], most: int,
    chance: Float[np.ndarray, "order row concept"], seed: int,
) -> EditCurves | None:
    """Only misread concepts are corrected: by override and by each edit, on the same rows in the same orders."""
    some = np.flatnonzero(rows.misread.any(1))[:most]
    if not len(some):
        return None
    seen, truth = rows.state, np.where(rows.misread, rows.concepts, -1)[some]
    hard = Rows(rows.numbers[some], ConceptState(seen.probabilities[some], seen.contributions[some], seen.logits[some],
                                              seen.effects), rows.labels[some], truth)
    places = np.argwhere(truth >= 0)
    answers, agree = {"override": hard.set_to(truth)}, {"override": 1.0}
    for name, correct in edits.items():
        bottleneck = np.zeros(hard.state.probabilities.shape)
        for row, k in places:
            bottleneck[row, k] = correct(int(hard.numbers[row]), int(k))
        answers[name] = _contributions(model, bottleneck)
        agree[name] = float((bottleneck.argmax(-1) == truth)[truth >= 0].mean())
    return EditCurves(len(some), len(places), {
        name: _random_orders(hard, [of_edit] * len(chance), chance[:, some], seed) for name, of_edit in answers.items()
    }, agree)


@torch.inference_mode()
def _contributions(model: SparseCBM, bottleneck: Float[np.ndarray, "row concept value"]) -> Answers:
    """What concepts add to the label when its head gets this of them."""
    read = torch.from_numpy(bottleneck).to(model.label_weight)
    ledger = model.label(read, read.new_zeros(len(read), model.label_weight.shape[-1]))
    added: np.ndarray = ledger.contributions.cpu().double().numpy()
    return added


def _random_orders(
    rows: Rows, answers: Sequence[Answers], chance: Float[np.ndarray, "order row concept"], seed: int
) -> Curve:
    """One walk for each of some answers, each in an order of its own."""
    return _curve([walk(rows, some, lambda _, scores=scores: scores)  # type: ignore[misc]
                   for some, scores in zip(answers, chance, strict=True)], seed)


def _curve(walks: Sequence[Bool[np.ndarray, "row step"]], seed: int) -> Curve:
    """The mean over rows and walks; the same rows are resampled for every curve."""
    wrong = np.stack(walks).astype(np.float64)  # [walk, row, step]
    per_row, rows = wrong.mean(0), wrong.shape[1]
    drawn = resampled(rows, seed)
    spread = tuple((wrong.sum(1).std(0, ddof=1) / rows).tolist()) if len(walks) > 1 else None
    return Curve(tuple(per_row.mean(0).tolist()), _intervals(drawn @ per_row / rows),
                 _intervals(drawn @ (per_row - per_row[:, :1]) / rows), spread)


def _intervals(samples: Float[np.ndarray, "sample step"]) -> tuple[Interval, ...]:
    low, high = percentiles(samples)
    return tuple(zip(low.tolist(), high.tolist(), strict=True))
