"""The field test: a model, a bag of words and a black box answer the rows of several sources."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

from sparsecbm.data.split import Split
from sparsecbm.errors import ConfigError
from sparsecbm.evaluation.compute import evaluate_pooled
from sparsecbm.evaluation.field_test import (
    BAG_OF_WORDS,
    BLACK_BOX,
    MODEL,
    MOST_COMMON,
    Answers,
    FieldSource,
    FieldTest,
    Gain,
    Subject,
    compared,
)
from sparsecbm.model.checkpoint import Checkpoint
from sparsecbm.model.prediction import pool_texts
from sparsecbm.types import LABEL_TARGET


@dataclass(frozen=True, eq=False)
class Learned:
    """Rows that a model learned from; `weight` is what each counts."""

    name: str
    split: Split
    weight: float = 1.0


@dataclass(frozen=True, eq=False)
class Scored:
    """Rows to answer; `in_domain` when the model learned from other rows of the same data set."""

    name: str
    split: Split
    in_domain: bool


def field_test(
    checkpoint: Checkpoint,
    sources: Sequence[Scored],
    learned: Sequence[Learned],
    black_box: Checkpoint | None = None,
    seed: int = 0,
    progress: Callable[[int], None] = lambda _: None,
) -> FieldTest:
    """Let all of them answer each source; `progress` gets the number of rows of each batch of a network.

    ConfigError for a black box that is none, or of another schema.
    """
    schema = checkpoint.model.config.schema
    for split in [*(one.split for one in sources), *(one.split for one in learned)]:
        split.require_schema(schema)
    if black_box is not None and (black_box.model.config.kind != "black_box"
                                  or black_box.model.config.schema.labels != schema.labels):
        raise ConfigError(f"{black_box.path} is a {black_box.model.config.kind} model with the labels "
                          f"{', '.join(black_box.model.config.schema.labels)}; allowed: a black_box with "
                          f"{', '.join(schema.labels)}. Give another one, or leave it out.")
    words = _bags_of_words(learned, checkpoint.model.config.kind != "black_box")
    found = {one.name: _source(one, checkpoint, words, black_box, seed, progress) for one in sources}
    return FieldTest(checkpoint.hash, tuple(one.name for one in learned), seed, found)


def _source(
    source: Scored, checkpoint: Checkpoint, words: Mapping[str, Pipeline], black_box: Checkpoint | None, seed: int,
    progress: Callable[[int], None],
) -> FieldSource:
    split, schema = source.split, source.split.schema
    pooled = _pooled(checkpoint, split, progress)
    report = evaluate_pooled(checkpoint.model, checkpoint.masks, pooled, split, seed)
    answers = _answers(checkpoint, pooled)
    other = None if black_box is None else _answers(black_box, _pooled(black_box, split, progress))[LABEL_TARGET]
    truths = {LABEL_TARGET: split.labels} | dict(zip(schema.concepts, split.concepts.T, strict=True))
    subjects = dict[str, Subject]()
    for subject, own in answers.items():
        rows = np.flatnonzero(truths[subject] >= 0).tolist()
        if not rows:
            continue
        gold, classes = truths[subject][rows], len(schema.labels if subject == LABEL_TARGET else schema.values)
        given = {MODEL: own[rows], MOST_COMMON: np.full_like(gold, np.bincount(gold).argmax())}
        if subject in words:
            given[BAG_OF_WORDS] = words[subject].predict([split.texts[row] for row in rows]).astype(gold.dtype)
        if other is not None and subject == LABEL_TARGET:
            given[BLACK_BOX] = other[rows]
        subjects[subject] = compared(gold, given, classes, seed)
    table = report.correction
    gain = None
    if table is not None and table.gain is not None and table.predicted.rows_with_wrong_concept is not None:
        gain = Gain(table.predicted.rows_with_wrong_concept, table.gain.mean, table.gain.ci95, table.gain.n)
    return FieldSource(source.in_domain, len(split), split.data_hash, subjects, gain)


def _bags_of_words(learned: Sequence[Learned], concepts: bool) -> dict[str, Pipeline]:
    """A logistic regression on the words and pairs of words (tf-idf) for each thing that the rows tell of."""
    if not learned:
        return {}
    schema = learned[0].split.schema
    texts = [text for one in learned for text in one.split.texts]
    weights = np.concatenate([one.weight * one.split.weights for one in learned])
    truths = {LABEL_TARGET: np.concatenate([one.split.labels for one in learned])}
    if concepts:
        values = np.concatenate([one.split.concepts for one in learned])
        truths |= dict(zip(schema.concepts, values.T, strict=True))
    return {subject: _bag_of_words(texts, truth, weights) for subject, truth in truths.items() if (truth >= 0).any()}


def _bag_of_words(texts: Sequence[str], truth: Int[np.ndarray, " row"], weights: Float[np.ndarray, " row"]) -> Pipeline:
    known = np.flatnonzero(truth >= 0).tolist()
    several = len(np.unique(truth[known])) > 1
    last = LogisticRegression(max_iter=1000) if several else DummyClassifier(strategy="most_frequent")
    bag = make_pipeline(TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True), last)
    name = next(reversed(bag.named_steps))
    bag.fit([texts[row] for row in known], truth[known], **{f"{name}__sample_weight": weights[known]})
    return bag


def _pooled(checkpoint: Checkpoint, split: Split, progress: Callable[[int], None]) -> torch.Tensor:
    return pool_texts(checkpoint.model, checkpoint.encoder, checkpoint.masks, split.texts, progress=progress)


@torch.no_grad()
def _answers(checkpoint: Checkpoint, pooled: Float[torch.Tensor, "row pass_ hidden"]) -> dict[str, Answers]:
    """The predicted label, and the value of every concept that the model has, as indices."""
    model = checkpoint.model
    features = pooled.to(model.device)
    logits = model.concept_logits(features)
    label = model.label(model.bottleneck(logits), model.residual_logits(features)).logits.argmax(-1)
    found = {LABEL_TARGET: label}
    if model.config.kind != "black_box":
        found |= dict(zip(model.config.schema.concepts, logits.argmax(-1).T, strict=True))
    return {subject: np.asarray(answers.cpu().numpy(), dtype=np.int64) for subject, answers in found.items()}
