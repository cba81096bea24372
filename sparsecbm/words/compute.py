"""Word scores: one computation for all targets of a text, in bounded memory and time."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from sparsecbm.errors import InputError
from sparsecbm.model.encoding import Encoder
from sparsecbm.model.logit_terms import LogitTerm, Rows, logit_terms, term_gradients, term_values
from sparsecbm.model.network import MaskedWeights, SparseCBM
from sparsecbm.types import Attribution, Progress, Target, Word
from sparsecbm.words.compute_methods import COMPUTATIONS, Computation, Problem
from sparsecbm.words.methods import DEFAULT_METHOD, Method, method_named

#: Tokens that go through a pass together; bounds the memory to about half a gigabyte of activations with a BERT-base.
BATCH_TOKENS = 2048
#: Tokens that one request may run, with a gradient counted as three: minutes on two cores with a small model.
MOST_TOKENS = 3_000_000


def attribute(
    model: SparseCBM,
    encoder: Encoder,
    weights: MaskedWeights | None,
    text: str,
    targets: Sequence[Target],
    method: str = DEFAULT_METHOD,
    steps: int | None = None,
    residual: bool = True,
    progress: Progress = lambda _: None,
) -> tuple[Attribution, ...]:
    """Score every word of `text` for every target, in their order.

    The baseline has the padding embedding in place of every token that belongs to a word. A concept's target is its
    logit in the concept's own pass; a label's target goes through all passes, one part each, without the residual if
    `residual` is False. InputError when a target, the method or its steps are invalid, and when the request is too
    large.
    """
    started = time.perf_counter()
    how, computation = method_named(method), COMPUTATIONS[method]
    steps = how.checked_steps(steps)
    owned = [(number, term) for number, target in enumerate(targets) for term in logit_terms(model, target, residual)]
    embedded = EmbeddedText.of(model, encoder, text)
    calls = computation.calls(steps or 1, len(embedded.words) + 1)
    _check_size(how, steps, (3 if computation.gradient else 1) * calls * len(owned) * len(embedded.features))
    scores, differences = _score(model, weights, embedded, [term for _, term in owned], computation, steps or 1,
                                 _Countdown(progress, calls + 2))
    milliseconds = 1000 * (time.perf_counter() - started)
    return tuple(
        _attribution(target, how.name, steps, embedded.words, milliseconds,
                     {term.name: (scores[row], float(differences[row]))
                      for row, (owner, term) in enumerate(owned) if owner == number})
        for number, target in enumerate(targets))


@dataclass(frozen=True, eq=False)
class EmbeddedText:
    """The embeddings of a text and of its baseline; `features` is each token's word, or the number of words if it has
    none."""

    words: tuple[Word, ...]
    features: Int[Tensor, " token"]
    attention_mask: Int[Tensor, "1 token"]
    x: Float[Tensor, "1 token embedding"]
    baseline: Float[Tensor, "1 token embedding"]

    @classmethod
    def of(cls, model: SparseCBM, encoder: Encoder, text: str) -> "EmbeddedText":
        """Read a text; InputError when it is blank."""
        words, token_words = encoder.words(text)
        encoded = encoder.encode([text]).to(model.device)
        none = len(words)  # special tokens are no word's: they stay as they are
        features = torch.tensor([none if word is None else word for word in token_words], device=model.device)
        with torch.no_grad():
            x = model.embed(encoded.input_ids)
            pad = model.embed(torch.full_like(encoded.input_ids, encoder.tokenizer.pad_token_id))
        return cls(words, features, encoded.attention_mask, x, torch.where((features == none).view(1, -1, 1), x, pad))


class _Countdown:
    """Turns numbers of rows into the share done."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0

    def __call__(self, rows: int) -> None:
        self._progress(min(self._done / self._total, 1.0))
        self._done += rows


def _score(
    model: SparseCBM, weights: MaskedWeights | None, embedded: EmbeddedText, terms: Sequence[LogitTerm],
    computation: Computation, steps: int, countdown: _Countdown,
) -> tuple[Float[np.ndarray, "term feature"], Float[np.ndarray, " term"]]:
    """Scores and f(x) - f(baseline) of every term."""
    scores, differences = np.zeros((len(terms), len(embedded.words) + 1)), np.zeros(len(terms))
    if not terms:
        return scores, differences
    passes = 1 if weights is None else len({term.pass_ for term in terms})

    def function(rows: Rows) -> Float[Tensor, "row term"]:
        countdown(len(rows))
        with torch.inference_mode():
            return term_values(model, weights, terms, rows, embedded.attention_mask.expand(len(rows), -1))

    def gradients(rows: Rows) -> Float[Tensor, "term row token embedding"]:
        countdown(len(rows))
        return term_gradients(model, weights, terms, rows, embedded.attention_mask.expand(len(rows), -1))

    problem = Problem(function, gradients, embedded.x, embedded.baseline, embedded.features,
                      max(1, BATCH_TOKENS // (passes * len(embedded.features))))
    tokens = computation.run(problem, steps).cpu().double().sum(-1)  # [term, token]
    scores = tokens.new_zeros(*scores.shape).index_add(1, embedded.features.cpu(), tokens).numpy()
    both = torch.cat([problem.x, problem.baseline]).split(problem.rows)
    whole, empty = torch.cat([function(rows) for rows in both]).cpu().double().numpy()
    return scores, whole - empty


def _attribution(
    target: Target, method: str, steps: int | None, words: tuple[Word, ...], milliseconds: float,
    terms: dict[str, tuple[Float[np.ndarray, " feature"], float]],
) -> Attribution:
    """Add up the terms of a target."""
    whole = np.asarray(sum((scores for scores, _ in terms.values()), np.zeros(len(words) + 1)))
    difference = sum(difference for _, difference in terms.values())
    for array in (whole, *(scores for scores, _ in terms.values())):
        array.setflags(write=False)  # results are shared
    parts = {} if target.concept is not None else {name: scores[:-1] for name, (scores, _) in terms.items()}
    return Attribution(target, method, steps, words, whole[:-1], parts, float(difference),
                       abs(float(whole.sum()) - difference), milliseconds)


def _check_size(how: Method, steps: int | None, tokens: int) -> None:
    if tokens > MOST_TOKENS:
        fewer = "" if steps is None else f"fewer steps than {steps}, "
        raise InputError(f"{how.title} would run {tokens:,} tokens through the model; allowed: {MOST_TOKENS:,}. "
                         f"Use {fewer}fewer targets, a shorter text or another method.")
