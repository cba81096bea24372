"""A text without some of its words: what each pass computes for the rest, once for all questions about the text."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from sparsecbm.errors import InputError, unknown_name
from sparsecbm.model.encoding import Encoder
from sparsecbm.model.logit_terms import logit_terms
from sparsecbm.model.network import MaskedWeights, SparseCBM
from sparsecbm.types import Progress, Target, Word
from sparsecbm.words.compute import BATCH_TOKENS, MOST_TOKENS

#: How words are removed: their tokens are deleted, or each is replaced by the mask token.
REMOVALS = ("deletion", "replacement")

Ids = Int[np.ndarray, " token"]
_Run = tuple[int, bytes]  # a pass, and the token ids that it gets


class WordRemoval:
    """A text that can be predicted without some of its words.

    The result of a pass is cached by its tokens, so that all methods and targets of a text share their random orders
    and their single left-out words. Tokens that belong to no word, such as [CLS], always stay. If a tokenizer adds none
    and every word is deleted, the model gets one padding token.
    """

    def __init__(self, model: SparseCBM, encoder: Encoder, weights: MaskedWeights | None, text: str) -> None:
        self._model, self._weights, self.schema = model, weights, model.config.schema
        self.words: tuple[Word, ...]
        self.words, token_words = encoder.words(text)
        self._word_of = np.array([len(self.words) if word is None else word for word in token_words], dtype=np.int64)
        self._ids: Ids = encoder.encode([text]).input_ids[0].long().numpy()
        self._pad = int(encoder.tokenizer.pad_token_id)
        mask = encoder.tokenizer.mask_token_id
        self._blank = self._pad if mask is None else int(mask)
        self._pooled: dict[_Run, Float[Tensor, " hidden"]] = {}

    def logits(
        self,
        target: Target,
        kept: Bool[np.ndarray, "set word"],
        removal: str = "deletion",
        residual: bool = True,
        progress: Progress = lambda _: None,
    ) -> Float[np.ndarray, "set name"]:
        """Logits of the target's concept, or of the label, with only the words of each set kept.

        Only the passes that the target depends on run. A label has no residual if `residual` is False.
        """
        model = self._model
        passes = [term.pass_ for term in logit_terms(model, target, residual)]
        read = [self._without(row, removal) for row in kept]
        self._run([(self._shared(k), ids.tobytes()) for k in passes for ids in read], progress)
        pooled = model.label_bias.new_zeros(len(read), len(model.config.passes), model.concept_weight.shape[-1])
        for k in passes:
            pooled[:, k] = torch.stack([self._pooled[self._shared(k), ids.tobytes()] for ids in read])
        with torch.inference_mode():
            logits = model.concept_logits(pooled)
            if target.concept is not None:
                logits = logits[:, model.config.schema.concept_index(target.concept)]
            else:
                rest = model.residual_logits(pooled)
                logits = model.label(model.bottleneck(logits), rest if residual else torch.zeros_like(rest)).logits
        numbers: np.ndarray = logits.cpu().double().numpy()
        return numbers

    def _shared(self, k: int) -> int:
        """Without masks all passes are the same: the first."""
        return k if self._weights is not None else 0

    def _without(self, kept: Bool[np.ndarray, " word"], removal: str) -> Ids:
        """The tokens that remain when only some words are kept."""
        if removal not in REMOVALS:
            raise InputError(unknown_name("removal", removal, REMOVALS))
        stays = np.append(kept, True)[self._word_of]
        ids: Ids = np.where(stays, self._ids, self._blank) if removal == "replacement" else self._ids[stays]
        return ids if len(ids) else np.array([self._pad])

    def _run(self, wanted: Sequence[_Run], progress: Progress) -> None:
        """Run what has not run yet, in batches of similar length, the longest first."""
        missing = [run for run in dict.fromkeys(wanted) if run not in self._pooled]
        todo, done = sum(map(_length, missing)), 0
        if todo > MOST_TOKENS:
            raise InputError(f"Removing words would run {todo:,} tokens through the model; allowed: {MOST_TOKENS:,}. "
                             "Use a shorter text or fewer random orders.")
        for some in _batches(sorted(missing, key=lambda run: (run[0], -_length(run)))):
            progress(done / todo)
            done += sum(map(_length, some))
            for run, pooled in zip(some, self._pool(some[0][0], [ids for _, ids in some]), strict=True):
                self._pooled[run] = pooled.clone()  # a copy, so that the batch can be freed

    @torch.inference_mode()
    def _pool(self, k: int, texts: Sequence[bytes]) -> Float[Tensor, "row hidden"]:
        rows = [torch.from_numpy(np.frombuffer(text, dtype=np.int64).copy()) for text in texts]
        ids = pad_sequence(rows, batch_first=True, padding_value=self._pad).to(self._model.device)
        mask = pad_sequence([torch.ones_like(row) for row in rows], batch_first=True).to(self._model.device)
        weights = {} if self._weights is None else self._weights.of(k)
        return self._model.run_passes([weights], self._model.embed(ids), mask)[0]


def _length(run: _Run) -> int:
    return len(run[1]) // np.dtype(np.int64).itemsize


def _batches(runs: Sequence[_Run]) -> Iterator[list[_Run]]:
    """Runs of one pass that fit into memory together; they are padded to the first, which is the longest."""
    some: list[_Run] = []
    for run in runs:
        if some and (run[0] != some[0][0] or (len(some) + 1) * _length(some[0]) > BATCH_TOKENS):
            yield some
            some = []
        some.append(run)
    if some:
        yield some
