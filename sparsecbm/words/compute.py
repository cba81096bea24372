"""Which words moved a target: one computation for all targets of a review, in bounded memory and time."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from sparsecbm.errors import InputError
from sparsecbm.model.encoding import Encoder
from sparsecbm.model.logit_terms import LogitTerm, Rows, logit_terms, run_logit_terms
from sparsecbm.model.network import MaskedWeights, SparseCBM
from sparsecbm.types import Attribution, Progress, Target, Word
from sparsecbm.words.compute_methods import COMPUTATIONS, Computation, Problem
from sparsecbm.words.methods import DEFAULT_METHOD, Method, method_named

#: Tokens that run through a pass together: bounds the memory, about half a gigabyte of activations with a BERT-base.
BATCH_TOKENS = 2048
#: Tokens that one request may run, a gradient counted threefold: minutes on two cores with a small model.
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

    The baseline puts the padding embedding in place of every token that belongs to a word. A concept's target is its
    logit through the concept's own pass; a label's goes through all passes, each a part of its own, and leaves the
    residual out when `residual` is False. InputError when a target, the method or its steps cannot be used, and when
    the request is too large.
    """
    started = time.perf_counter()
    how, computation = method_named(method), COMPUTATIONS[method]
    steps = how.checked_steps(steps)
    owned = [(number, term) for number, target in enumerate(targets) for term in logit_terms(model, target, residual)]
    review = EmbeddedReview.of(model, encoder, text)
    calls = computation.calls(steps or 1, len(review.words) + 1)
    _check_size(how, steps, (3 if computation.gradient else 1) * calls * len(owned) * len(review.features))
    scores, differences = _score(model, weights, review, [term for _, term in owned], computation, steps or 1,
                                 _Countdown(progress, (calls + 2) * len(owned)))
    milliseconds = 1000 * (time.perf_counter() - started)
    return tuple(
        _attribution(target, how.name, steps, review.words, milliseconds,
                     {term.name: (scores[row], float(differences[row]))
                      for row, (owner, term) in enumerate(owned) if owner == number})
        for number, target in enumerate(targets))


@dataclass(frozen=True, eq=False)
class EmbeddedReview:
    """The embeddings of a review and of its baseline; `features` gives each token's word, or the number of words."""

    words: tuple[Word, ...]
    features: Int[Tensor, " token"]
    attention_mask: Int[Tensor, "1 token"]
    x: Float[Tensor, "1 token embedding"]
    baseline: Float[Tensor, "1 token embedding"]

    @classmethod
    def of(cls, model: SparseCBM, encoder: Encoder, text: str) -> "EmbeddedReview":
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
    model: SparseCBM, weights: MaskedWeights | None, review: EmbeddedReview, terms: Sequence[LogitTerm],
    computation: Computation, steps: int, countdown: _Countdown,
) -> tuple[Float[np.ndarray, "term feature"], Float[np.ndarray, " term"]]:
    """Scores and f(x) - f(baseline) of every term, so many terms at a time as fit into memory."""
    fitting = max(1, BATCH_TOKENS // len(review.features))
    scores, differences = np.zeros((len(terms), len(review.words) + 1)), np.zeros(len(terms))
    for start in range(0, len(terms), fitting):
        some = terms[start : start + fitting]

        def function(rows: Rows, some: Sequence[LogitTerm] = some) -> Float[Tensor, " row"]:
            countdown(len(rows))
            return run_logit_terms(model, weights, some, rows, review.attention_mask.expand(len(rows), -1))

        problem = Problem(function, review.x.repeat(len(some), 1, 1), review.baseline.repeat(len(some), 1, 1),
                          review.features, max(1, fitting // len(some)))
        tokens = computation.run(problem, steps).detach().double().sum(-1)  # [term, token]
        rows = slice(start, start + len(some))
        scores[rows] = tokens.new_zeros(len(some), scores.shape[1]).index_add(1, review.features, tokens).cpu().numpy()
        with torch.inference_mode():
            differences[rows] = (function(problem.x) - function(problem.baseline)).double().cpu().numpy()
    return scores, differences


def _attribution(
    target: Target, method: str, steps: int | None, words: tuple[Word, ...], milliseconds: float,
    terms: dict[str, tuple[Float[np.ndarray, " feature"], float]],
) -> Attribution:
    """Put a target together from its terms."""
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
