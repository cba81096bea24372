"""Do our edits predict what a person's rewriting does? Scored against CEBaB's counterfactual pairs.

Abraham et al. 2022, CEBaB (arXiv 2205.14140), section 2: with N(x) the model's label probabilities, the individual
causal concept effect of a rewriting is ICaCE = N(counterfactual) - N(base), and an explainer that sees the base text,
the concept and its two values estimates it. The error is their L2 distance, their cosine distance (1 where either is
zero) and the difference of their norms, each averaged over the pairs.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Int
from scipy.special import softmax

from sparsecbm.concepts.compute_override import require_concepts
from sparsecbm.concepts.compute_policies import ConceptState
from sparsecbm.data.cebab import CounterfactualPairs
from sparsecbm.data.split import Split
from sparsecbm.errors import InputError
from sparsecbm.evaluation.causal import CausalReport, ExplainerScore, Mean, PairEffects
from sparsecbm.evaluation.compute_causal_references import (
    AnsweredTexts,
    ConceptChanges,
    Effect,
    approximate,
    conexp,
    random_effect,
    s_learner,
)
from sparsecbm.intervals import percentiles, resampled
from sparsecbm.model.checkpoint import Checkpoint

#: Label logits of a row of the split after an edit that is to give a concept a value: (row, concept, value).
Edit = Callable[[int, int, int], Float[np.ndarray, " label"]]
Errors = dict[str, Float[np.ndarray, " pair"]]

#: The published probabilities are rounded to so many decimals.
DECIMALS = 4


def causal(
    checkpoint: Checkpoint,
    pairs: CounterfactualPairs,
    train: Split,
    revise: Edit | None = None,
    revision_pairs: int = 0,
    seed: int = 0,
    progress: Callable[[int], None] | None = None,
) -> CausalReport:
    """Score the override and, on at most `revision_pairs` pairs drawn by `seed`, the mask revision, with references.

    The references learn from `train`, of which they see the gold concepts and the model's answers. `progress` gets the
    number of texts of each batch. InputError for numbers out of bounds, DataError when `train` lacks what a reference
    needs, CheckpointError for a black box.
    """
    check_settings(revision_pairs, seed)
    require_concepts(checkpoint.model)
    for split in (pairs.split, train):
        split.require_schema(checkpoint.model.config.schema)
    texts, others = (ConceptState.of_texts(checkpoint, split.texts, progress) for split in (pairs.split, train))
    answers, rng = answers_of(texts.logits), np.random.default_rng(seed)
    base, schema = answers[pairs.base], pairs.split.schema
    changes = ConceptChanges(pairs.concept, pairs.before, pairs.after, texts.probabilities.argmax(-1)[pairs.base])
    training = AnsweredTexts(answers_of(others.logits), train.concepts)
    estimates = {
        "override": override_effect(texts, pairs),
        "zero": np.zeros_like(base),
        "random": random_effect(changes, base.shape[1], rng),
        "conexp": conexp(changes, training, schema),
        "s_learner": s_learner(changes, training, schema),
        "approximate": approximate(changes, training, base, rng),
    }
    truth, every = answers[pairs.counterfactual] - base, np.arange(len(pairs))
    found = {name: (every, errors(effect, truth)) for name, effect in estimates.items()}
    if revise is not None and revision_pairs:
        drawn = np.sort(np.random.default_rng(seed).permutation(len(pairs))[:revision_pairs])
        edited = answers_of(np.stack([revise(*map(int, (pairs.base[i], pairs.concept[i], pairs.after[i])))
                                      for i in drawn]))
        found["revision"] = drawn, errors(edited - base[drawn], truth[drawn])
    override = found["override"][1]
    return CausalReport(
        checkpoint=checkpoint.hash, split=pairs.split.name, data_hash=pairs.split.data_hash, train=train.name,
        train_hash=train.data_hash, seed=seed, all=pairs.all, kept=len(pairs),
        explainers={name: _score(own, {error: each[rows] for error, each in override.items()} if own is not override
                                 else None, rows, pairs, seed)
                    for name, (rows, own) in found.items()})


def pair_effects(
    checkpoint: Checkpoint, pairs: CounterfactualPairs, progress: Callable[[int], None] | None = None,
    batch_size: int = 64,
) -> PairEffects:
    """Every pair with the effect that the override predicts; `progress` gets the number of texts of each batch.

    DataError for pairs of other concepts than the model's, CheckpointError for a black box.
    """
    require_concepts(checkpoint.model)
    pairs.split.require_schema(checkpoint.model.config.schema)
    texts = ConceptState.of_texts(checkpoint, pairs.split.texts, progress, batch_size)
    answers, predicted = answers_of(texts.logits), override_effect(texts, pairs)
    actual, values = answers[pairs.counterfactual] - answers[pairs.base], texts.probabilities.argmax(-1)
    return PairEffects(answers[pairs.base], actual, predicted,
                       np.stack([values[text, pairs.concept] for text in (pairs.base, pairs.counterfactual)], axis=1),
                       errors(predicted, actual))


def check_settings(revision_pairs: int, seed: int) -> None:
    """InputError for a number that is out of bounds."""
    for name, given in (("revision pairs", revision_pairs), ("seed", seed)):
        if given < 0:
            raise InputError(f"{name.capitalize()} {given} came; allowed: 0 or more. Give another number.")


def answers_of(logits: Float[np.ndarray, "row label"]) -> Float[np.ndarray, "row label"]:
    """N(x): the label's probabilities, rounded as the published ones."""
    return np.asarray(np.round(softmax(logits, axis=-1), DECIMALS))


def override_effect(texts: ConceptState, pairs: CounterfactualPairs) -> Effect:
    """What becomes of the label when the concept is set to its value after the rewriting; the residual stays."""
    base, k = pairs.base, pairs.concept
    logits = texts.logits[base] - texts.contributions[base, k] + texts.effects[k, pairs.after]
    return np.asarray(answers_of(logits) - answers_of(texts.logits)[base])


def errors(effect: Effect, truth: Effect) -> Errors:
    """The three errors of every pair: L2, cosine distance (1 where either is zero), and difference of the norms."""
    own, true = np.linalg.norm(effect, axis=1), np.linalg.norm(truth, axis=1)
    product = own * true
    cosine = np.where(product > 0, 1 - (effect * truth).sum(1) / np.where(product > 0, product, 1), 1.0)
    return {"l2": np.linalg.norm(effect - truth, axis=1), "cosine": cosine, "norm_difference": np.abs(own - true)}


def _score(
    own: Errors, override: Errors | None, rows: Int[np.ndarray, " pair"], pairs: CounterfactualPairs, seed: int
) -> ExplainerScore:
    """Means and intervals over the pairs `rows`, whose errors are `own`; `override` holds its errors on them."""
    schema, concepts, originals = pairs.split.schema, pairs.concept[rows], pairs.original[rows]
    aspects: dict[str, dict[str, int | float]] = {}
    for k, concept in enumerate(schema.concepts):
        some = concepts == k
        if some.any():
            aspects[concept] = {"n": int(some.sum())} | {name: float(each[some].mean()) for name, each in own.items()}
    means = {name: _mean(each, originals, seed) for name, each in own.items()}
    nearer = None if override is None else {name: _mean(each - override[name], originals, seed)
                                            for name, each in own.items()}
    return ExplainerScore(len(rows), means, aspects, nearer)


def _mean(each: Float[np.ndarray, " pair"], originals: Int[np.ndarray, " pair"], seed: int) -> Mean:
    """The mean, and its interval when whole originals are drawn anew: pairs of one original are not independent."""
    _, groups = np.unique(originals, return_inverse=True)
    sums, sizes = np.bincount(groups, weights=each), np.bincount(groups)
    drawn = resampled(len(sizes), seed)
    low, high = percentiles((drawn @ sums) / (drawn @ sizes))
    return Mean(float(each.mean()), (float(low), float(high)))
