"""Text to tokens and back to words."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch
from jaxtyping import Int
from torch import Tensor
from transformers import AutoTokenizer, BatchEncoding, PreTrainedTokenizerBase
from transformers.tokenization_utils_base import EncodingFast

from sparsecbm.errors import CheckpointError, InputError, in_short
from sparsecbm.figures.text import visible
from sparsecbm.types import Unread, Word
from sparsecbm.validation import is_blank

ZERO_WIDTH_JOINER = "\u200d"
#: What a tokenizer must get through: words, signs, what few vocabularies have, and what many tokenizers drop.
PROBE = "Soup, 1 (caf\u00e9) \U0001f35c \u0e14\u0e35 \ufffd"


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
        if tokenizer.pad_token is None:
            raise CheckpointError("The tokenizer has neither a padding token nor one for the end of a text, so texts "
                                  "of different length cannot be read together; name a pad_token in "
                                  "tokenizer_config.json.")
        tokenizer.padding_side = tokenizer.truncation_side = "right"
        tokenizer.model_max_length = max_tokens
        self.tokenizer, self.max_tokens = tokenizer, max_tokens
        self._dropped: dict[str, bool] = {}

    @classmethod
    def load(cls, source: str | Path, max_tokens: int) -> "Encoder":
        """A tokenizer from a folder, or from the Hub by its id; CheckpointError when it is missing or broken.

        No code that comes with a tokenizer is run.
        """
        try:
            made = AutoTokenizer.from_pretrained(source, use_fast=True, trust_remote_code=False)
            encoder = cls(made, max_tokens)
            encoder.words(PROBE)
            encoder.encode([PROBE, "x"])
        except CheckpointError:
            raise
        except BaseException as error:
            if not isinstance(error, Exception) and not _is_panic(error):
                raise
            raise CheckpointError(f"The tokenizer of {str(source)!r} cannot be used ({in_short(error)}); restore "
                                  "tokenizer.json and tokenizer_config.json.") from None
        return encoder

    def save(self, folder: Path) -> None:
        """Write tokenizer.json and its settings."""
        self.tokenizer.save_pretrained(folder)

    def encode(self, texts: Sequence[str]) -> Encoded:
        """Tokens of the texts, padded to the longest; texts beyond `max_tokens` are cut. InputError on blank text."""
        for text in texts:
            if is_blank(text):
                raise InputError("The text is empty; type or paste at least one word.")
        return self.pad([one.ids for one in self._tokens(list(texts), truncation=True).encodings])

    def encode_unpadded(self, texts: Sequence[str]) -> tuple[list[list[int]], list[bool], list[int]]:
        """Tokens of each text as `encode` gives them, without padding; whether it was cut; number of unread words."""
        if any(is_blank(text) for text in texts):
            raise InputError("One of the texts is empty; leave it out, or type at least one word.")
        encodings = self._tokens(list(texts), truncation=True).encodings
        unread = [0 if self._reads_all(text, one) else sum(bool(word.unread) for word in self._words(text, one)[0])
                  for text, one in zip(texts, encodings, strict=True)]
        return [one.ids for one in encodings], [bool(one.overflowing) for one in encodings], unread

    def pad(self, rows: Sequence[Sequence[int]]) -> Encoded:
        """Tokens of some texts as one batch, padded to the longest; a text without any is one padding token."""
        rows = [row or [self.tokenizer.pad_token_id] for row in rows]
        lengths = torch.tensor([len(row) for row in rows])
        ids = torch.nn.utils.rnn.pad_sequence([torch.tensor(row) for row in rows], batch_first=True,
                                              padding_value=self.tokenizer.pad_token_id)
        return Encoded(ids, (torch.arange(ids.shape[1]) < lengths[:, None]).long())

    def count_tokens(self, text: str) -> int:
        """Number of tokens of the whole text, special tokens included, without any cut."""
        return len(self._tokens(text, truncation=False)["input_ids"])

    def words(self, text: str) -> tuple[tuple[Word, ...], tuple[int | None, ...]]:
        """The words up to where reading ends, and for each token the index of its word (None for special tokens).

        Every character that can be seen is part of a word, also one that the tokenizer leaves out.
        """
        return self._words(text, self._tokens(text, truncation=True).encodings[0])

    def _words(self, text: str, encoding: EncodingFast) -> tuple[tuple[Word, ...], tuple[int | None, ...]]:
        spans: dict[int, tuple[int, int]] = {}
        unknown: set[int] = set()  # characters for which a placeholder stands
        for word, token, (start, end) in zip(encoding.word_ids, encoding.ids, encoding.offsets, strict=True):
            if word is not None and end > start:
                first, last = spans.get(word, (start, end))
                spans[word] = (min(first, start), max(last, end))
                if token == self.tokenizer.unk_token_id:
                    unknown.update(range(start, end))
        places = [(*_trimmed(text, *span), word) for word, span in spans.items()]
        left_out = [(start, end, None) for start, end in _between(text, places, not encoding.overflowing)]
        found: list[list[int]] = []
        index: dict[int, int] = {}
        for start, end, word in sorted([*places, *left_out], key=lambda place: place[:2]):
            if found and start <= found[-1][1] and _inseparable(text, start):
                found[-1][1] = max(end, found[-1][1])
            elif start < end and (word is not None or any(map(_shows, text[start:end]))):
                found.append([start, end])
            else:  # byte-level tokenizers give blanks words of their own
                continue
            if word is not None:
                index[word] = len(found) - 1
        dropped = {place for start, end, _ in left_out for place in range(start, end)}
        words = tuple(Word(text[start:end], start, end, self._unread(text, range(start, end), unknown, dropped))
                      for start, end in found)
        return words, tuple(None if word is None else index.get(word) for word in encoding.word_ids) or (None,)

    def _unread(self, text: str, places: range, unknown: set[int], dropped: set[int]) -> Unread:
        """How much of a word reaches the model. Marks, which many tokenizers drop, count only where they stand alone.
        """
        own = [place for place in places if _shows(text[place]) and not _joins(text[place])] or list(places)
        missing = [place in unknown or place in dropped or self._drops(text[place]) for place in own]
        if not any(missing):
            return ""
        if not all(missing):
            return "partly unread"
        return "unread" if any(place in unknown for place in own) else "unseen"

    def _reads_all(self, text: str, encoding: EncodingFast) -> bool:
        """True where no placeholder stands for anything, and the tokenizer leaves nothing out; quick."""
        return self.tokenizer.unk_token_id not in encoding.ids and not any(map(self._drops, set(text)))

    def _drops(self, character: str) -> bool:
        """True of a character that the tokenizer leaves out without a trace."""
        normalizer = self.tokenizer.backend_tokenizer.normalizer
        if normalizer is None or character.isspace() or (character.isascii() and character.isprintable()):
            return False
        if character not in self._dropped:
            self._dropped[character] = not normalizer.normalize_str(character).strip()
        return self._dropped[character]

    def _tokens(self, text: str | list[str], truncation: bool) -> BatchEncoding:
        """What the tokenizer makes of texts; `[SEP]` and its like, when a person types them, are ordinary text.

        CheckpointError where it breaks down: it is written in Rust, whose panics are no `Exception`.
        """
        try:
            return self.tokenizer(text, max_length=self.max_tokens if truncation else None, truncation=truncation,
                                  verbose=False, split_special_tokens=True)
        except BaseException as error:
            if not _is_panic(error) and type(error) is not Exception:
                raise
            raise CheckpointError(f"The tokenizer cannot read a text ({in_short(error)}); restore tokenizer.json."
                                  ) from None


def _is_panic(error: BaseException) -> bool:
    return type(error).__name__ == "PanicException"  # its module cannot be imported


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without blanks at its ends."""
    core = text[start:end]
    return start + len(core) - len(core.lstrip()), end - (len(core) - len(core.rstrip()))


def _between(text: str, places: Sequence[tuple[int, int, int]], whole: bool) -> Iterator[tuple[int, int]]:
    """What is not blank outside these places, up to the last one, or in the `whole` text."""
    reached = 0
    for start, end, _ in sorted([*places, *([(len(text), len(text), -1)] if whole else [])]):
        yield from ((reached + run.start(), reached + run.end()) for run in re.finditer(r"\S+", text[reached:start]))
        reached = max(reached, end)


def _inseparable(text: str, place: int) -> bool:
    """True where no word can begin: at a mark or joiner, behind a joiner, and at a letter behind a mark."""
    if place >= len(text):
        return False
    before, here = text[place - 1 : place], text[place]
    return _joins(here) or before == ZERO_WIDTH_JOINER or (_is_mark(before) and here.isalpha())


def _joins(character: str) -> bool:
    """True of what changes how the character before it looks: marks, joiners, the letters of a flag."""
    return character == ZERO_WIDTH_JOINER or _is_mark(character) or "\U000e0020" <= character <= "\U000e007f"


def _is_mark(character: str) -> bool:
    return bool(character) and unicodedata.category(character)[0] == "M"


@cache
def _shows(character: str) -> bool:
    """True of a character that takes room on the screen, if only as a note of its number."""
    return visible(character) != character or not is_blank(character)
