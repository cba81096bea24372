"""Text to tokens and back to words."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor
from transformers import AutoTokenizer, BatchEncoding, PreTrainedTokenizerBase

from sparsecbm.errors import CheckpointError, InputError
from sparsecbm.types import Word
from sparsecbm.validation import is_blank


@dataclass(frozen=True, eq=False)
class Encoded:
    """A padded batch of texts; `attention_mask` is 1 at real tokens and 0 at padding."""

    input_ids: Int[Tensor, "batch token"]
    attention_mask: Int[Tensor, "batch token"]

    def to(self, device: torch.device | str) -> "Encoded":
        """The same batch on another device."""
        return Encoded(self.input_ids.to(device), self.attention_mask.to(device))


class Encoder:
    """A fast Hugging Face tokenizer that pads on the right and says when it cuts a text."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, max_tokens: int) -> None:
        if not tokenizer.is_fast:
            raise CheckpointError("The tokenizer has no fast version, so tokens cannot be traced to words; "
                                  "use a model that ships a tokenizer.json.")
        if tokenizer.pad_token is None:
            tokenizer.pad_token = tokenizer.eos_token
        tokenizer.padding_side = tokenizer.truncation_side = "right"
        tokenizer.model_max_length = max_tokens
        self.tokenizer, self.max_tokens = tokenizer, max_tokens

    @classmethod
    def load(cls, source: str | Path, max_tokens: int) -> "Encoder":
        """A tokenizer from a folder, or from the Hub by its id; CheckpointError when it is missing or broken."""
        try:
            return cls(AutoTokenizer.from_pretrained(source, use_fast=True), max_tokens)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise CheckpointError(f"The tokenizer of {str(source)!r} cannot be loaded "
                                  f"({str(error).splitlines()[0] if str(error) else type(error).__name__}); "
                                  "restore tokenizer.json and tokenizer_config.json.") from None

    def save(self, folder: Path) -> None:
        """Write tokenizer.json and its settings."""
        self.tokenizer.save_pretrained(folder)

    def encode(self, texts: Sequence[str]) -> Encoded:
        """Tokens of the texts, padded to the longest; texts beyond `max_tokens` are cut. InputError on blank text."""
        for text in texts:
            if is_blank(text):
                raise InputError("The text is empty; type or paste at least one word.")
        batch = self._tokens(list(texts), padding=True, truncation=True, return_tensors="pt")
        return Encoded(batch["input_ids"], batch["attention_mask"])

    def encode_unpadded(self, texts: Sequence[str]) -> tuple[list[list[int]], list[bool]]:
        """Tokens of each text as `encode` gives them, without padding, and whether it was cut."""
        if any(is_blank(text) for text in texts):
            raise InputError("One of the texts is empty; leave it out, or type at least one word.")
        encodings = self._tokens(list(texts), truncation=True).encodings
        return [one.ids for one in encodings], [bool(one.overflowing) for one in encodings]

    def pad(self, rows: Sequence[Sequence[int]]) -> Encoded:
        """Tokens of some texts as one batch, padded to the longest."""
        lengths = torch.tensor([len(row) for row in rows])
        ids = torch.nn.utils.rnn.pad_sequence([torch.tensor(row) for row in rows], batch_first=True,
                                              padding_value=self.tokenizer.pad_token_id)
        return Encoded(ids, (torch.arange(ids.shape[1]) < lengths[:, None]).long())

    def count_tokens(self, text: str) -> int:
        """Number of tokens of the whole text, special tokens included, without any cut."""
        return len(self._tokens(text, truncation=False)["input_ids"])

    def words(self, text: str) -> tuple[tuple[Word, ...], tuple[int | None, ...]]:
        """The words that are read, and for each token the index of its word (None for special tokens)."""
        encoding = self._tokens(text, truncation=True, return_offsets_mapping=True)
        spans: dict[int, tuple[int, int]] = {}
        for word, (start, end) in zip(encoding.word_ids(), encoding["offset_mapping"], strict=True):
            if word is not None and end > start:
                first, last = spans.get(word, (start, end))
                spans[word] = (min(first, start), max(last, end))
        unknown = {word for word, token in zip(encoding.word_ids(), encoding["input_ids"], strict=True)
                   if token == self.tokenizer.unk_token_id}
        starts = {start for start, _ in spans.values()}
        index: dict[int, int] = {}
        words: list[Word] = []
        for word, (start, end) in spans.items():
            core = text[start:end]
            start, end = start + len(core) - len(core.lstrip()), end - (len(core) - len(core.rstrip()))
            while start < end < len(text) and end not in starts and _belongs_to_the_one_before(text[end]):
                end += 1  # an accent that the tokenizer dropped
            if start < end:  # byte-level tokenizers give blanks words of their own
                index[word] = len(words)
                words.append(Word(text[start:end], start, end, word in unknown))
        return tuple(words), tuple(None if word is None else index.get(word) for word in encoding.word_ids())

    def _tokens(self, text: str | list[str], **options: Any) -> BatchEncoding:
        """What the tokenizer makes of texts; `[SEP]` and its like, when a person types them, are ordinary text."""
        return self.tokenizer(text, max_length=self.max_tokens if options["truncation"] else None, verbose=False,
                              split_special_tokens=True, **options)


def _belongs_to_the_one_before(character: str) -> bool:
    """True of marks and joiners, which change how the character before them looks."""
    return unicodedata.category(character)[0] == "M" or character == "\u200d"
