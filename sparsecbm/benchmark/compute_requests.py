"""What a person asks of a loaded model, against one pass of the same backbone with all its weights."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import torch

from sparsecbm.benchmark.compute_clock import Procedure, in_turns
from sparsecbm.benchmark.compute_subject import STRUCTURED, WEIGHTS, Subject
from sparsecbm.benchmark.ratio import Ratio
from sparsecbm.concepts.compute_override import override
from sparsecbm.data.samples import load_samples
from sparsecbm.model.batch_prediction import CPU_TOKENS, GPU_TOKENS, predict_texts
from sparsecbm.model.prediction import batches, predict
from sparsecbm.revision.compute import DEFAULT_PORTION, revise
from sparsecbm.revision.compute_masks import replace_passes
from sparsecbm.types import Prediction, Target
from sparsecbm.words.compute import attribute

PREDICT_BOUNDS, BATCH_BOUNDS = {STRUCTURED: 1.8, WEIGHTS: 3.0}, {STRUCTURED: 1.8, WEIGHTS: 4.0}
#: Masks of single weights save nothing in a pass, so that K + 1 passes cannot come near one.
SCORES_BOUNDS = {STRUCTURED: 1.8, WEIGHTS: None}
PUBLISHED_BOUND = 1 / 12
STEPS, BATCH = 32, 64
PORTION = DEFAULT_PORTION
#: What takes seconds on a CPU is repeated in so much fewer rounds, but at least three times.
SLOW, LEAST_ROUNDS = 5, 3


def fewer(rounds: int) -> int:
    """Rounds of what takes seconds."""
    return min(rounds, max(LEAST_ROUNDS, rounds // SLOW))


def request_ratios(subject: Subject, rounds: int) -> Iterator[Ratio]:
    """Predictions of one text and of many, word scores, overrides and revisions. ValueError where results differ."""
    yield from _predictions(subject, rounds)
    yield from _batches(subject, fewer(rounds))
    yield from _word_scores(subject, fewer(rounds))
    yield from _edits(subject, rounds)
    yield from _against_published(subject, fewer(rounds))


def predicted(subject: Subject, kind: str) -> Prediction:
    """The text's prediction: tokens, all passes, heads and the label."""
    checkpoint = subject.checkpoint
    return predict(subject.model, checkpoint.encoder, subject.kinds[kind].weights, subject.text, checkpoint.hash)


def dense_pass(subject: Subject) -> Procedure:
    """The text's tokens and one pass with all weights."""
    @torch.inference_mode()
    def run() -> object:
        return subject.dense.pass_over(subject.encoded()).cpu()

    return run


def _predictions(subject: Subject, rounds: int) -> Iterator[Ratio]:
    kinds = list(subject.kinds)
    dense, *taken = in_turns([dense_pass(subject), *(_predicting(subject, kind) for kind in kinds)], rounds,
                             subject.device)
    for kind, one in zip(kinds, taken, strict=True):
        yield Ratio.of(f"predict_{kind}_over_dense", f"predict one text, {kind} masks / one dense pass", one, dense,
                       PREDICT_BOUNDS[kind])


def _predicting(subject: Subject, kind: str) -> Procedure:
    return lambda: predicted(subject, kind)


def _batches(subject: Subject, rounds: int) -> Iterator[Ratio]:
    encoder, model = subject.checkpoint.encoder, subject.model
    samples = [sample.text for sample in load_samples()]
    texts = [samples[number % len(samples)] for number in range(BATCH)]
    most = CPU_TOKENS if subject.device.type == "cpu" else GPU_TOKENS

    @torch.inference_mode()
    def dense() -> None:
        tokens = encoder.encode_unpadded(texts)[0]
        for rows in batches([len(row) for row in tokens], most):
            subject.dense.pass_over(encoder.pad([tokens[row] for row in rows]).to(subject.device)).cpu()

    def ours(kind: str) -> Procedure:
        return lambda: predict_texts(model, encoder, subject.kinds[kind].weights, texts)

    kinds = list(subject.kinds)
    reference, *taken = in_turns([dense, *map(ours, kinds)], rounds, subject.device)
    for kind, one in zip(kinds, taken, strict=True):
        yield Ratio.of(f"batch_{kind}_over_dense", f"predict {BATCH} texts, {kind} masks / the dense model", one,
                       reference, BATCH_BOUNDS[kind])


def _word_scores(subject: Subject, rounds: int) -> Iterator[Ratio]:
    model, encoder, schema = subject.model, subject.checkpoint.encoder, subject.model.config.schema
    targets = (*(Target(concept, schema.values[-1]) for concept in schema.concepts), Target(None, schema.labels[-1]))
    encoded = subject.encoded()
    with torch.no_grad():
        embedded = subject.dense.backbone.get_input_embeddings()(encoded.input_ids)

    def gradients() -> None:
        for _ in range(STEPS):
            x = embedded.clone().requires_grad_()
            torch.autograd.grad(subject.dense.pass_over_embeddings(x, encoded.attention_mask).sum(), x)

    def gradients_together() -> None:
        x = embedded.repeat(STEPS, 1, 1).requires_grad_()
        mask = encoded.attention_mask.repeat(STEPS, 1)
        torch.autograd.grad(subject.dense.pass_over_embeddings(x, mask).sum(), x)

    def ours(kind: str) -> Procedure:
        return lambda: attribute(model, encoder, subject.kinds[kind].weights, subject.text, targets, steps=STEPS)

    kinds = list(subject.kinds)
    one_by_one, together, *taken = in_turns([gradients, gradients_together, *map(ours, kinds)], rounds,
                                              subject.device, warm_up=1)
    for kind, one in zip(kinds, taken, strict=True):
        what = f"integrated gradients of {len(targets)} targets, {kind} masks / {STEPS} dense passes and gradients"
        yield Ratio.of(f"word_scores_{kind}_over_dense", what, one, one_by_one, SCORES_BOUNDS[kind])
        yield Ratio.of(f"word_scores_{kind}_over_dense_batch", f"{what}, as one batch", one, together)


def _edits(subject: Subject, rounds: int) -> Iterator[Ratio]:
    model, schema = subject.model, subject.model.config.schema
    before = {kind: predicted(subject, kind) for kind in subject.kinds}
    first = next(iter(before.values()))
    certain = [0.0] * (len(schema.values) - 1) + [1.0]

    def revising(kind: str) -> Procedure:
        own, encoded = subject.kinds[kind], subject.encoded()
        likely: Sequence[int] = before[kind].concept_probabilities[0].argsort()[::-1].tolist()

        def run() -> object:
            made = revise(model, own.masks, own.weights.of(0), encoded, schema.concepts[0], schema.values[likely[1]],
                          PORTION)
            return replace_passes(model, before[kind], {0: made.pooled})

        return run

    kinds = list(before)
    reference, overriding, *taken = in_turns(
        [dense_pass(subject), lambda: override(model, first, {schema.concepts[0]: certain}), *map(revising, kinds)],
        fewer(rounds), subject.device)
    yield Ratio.of("override_over_dense", "set a concept / one dense pass", overriding, reference)
    for kind, one in zip(kinds, taken, strict=True):
        yield Ratio.of(f"revise_{kind}_over_dense", f"revise a concept's subnetwork, {kind} masks / one dense pass",
                       one, reference)


def _against_published(subject: Subject, rounds: int) -> Iterator[Ratio]:
    for kind, own in subject.kinds.items():
        one_by_one = torch.inference_mode()(subject.published(kind))
        with torch.inference_mode():
            ours, theirs = subject.model.pool(subject.encoded(), own.weights), one_by_one(subject.encoded())
        if not torch.allclose(ours, theirs, atol=1e-3, rtol=1e-3):
            raise ValueError(f"With {kind} masks the passes differ from those of the published procedure by "
                             f"{float((ours - theirs).abs().max()):.2g}; what is measured would be another model.")
        procedures: tuple[Callable[[], object], ...] = (
            _predicting(subject, kind), partial(one_by_one, subject.encoded()))
        taken, reference = in_turns(procedures, rounds, subject.device, warm_up=1)
        yield Ratio.of(f"predict_{kind}_over_published", f"predict one text, {kind} masks / the published procedure",
                       taken, reference, PUBLISHED_BOUND)
