"""Words that the model does not read as they stand: how they are named, and the sentence about them."""

from collections.abc import Mapping, Sequence

from sparsecbm.figures.text import clipped, listed
from sparsecbm.types import Unread, Word

#: More words of a kind than this are counted, not named.
MOST_NAMED = 8
#: What is said of one word, by how much of it reaches the model.
TIPS: Mapping[Unread, str] = {
    "unread": "The model cannot read this word", "partly unread": "The model reads only part of this word",
    "unseen": "The model does not see this"}


def word_name(word: Word) -> str:
    """The word for a table or a sentence; one that the model does not read as it stands says so, e.g. "🤮 [unread]"."""
    return f"{word.text} [{word.unread}]" if word.unread else word.text


def unread_text(words: Sequence[Word]) -> str:
    """Which words the model does not read as they stand, and what it sees in their place; empty where it reads all."""
    said = ["The model can read no word of this text."] if nothing_read(words) else []
    for kind, sentence in (("unread", "{} cannot read {}: it sees the same placeholder for each unread word."),
                           ("partly unread", "{} reads only part of {}."), ("unseen", "{} does not see {} at all.")):
        names = [f"“{clipped(text)}”" for text in dict.fromkeys(word.text for word in words if word.unread == kind)]
        if names:
            more = [f"{len(names) - MOST_NAMED} more"] if len(names) > MOST_NAMED else []
            said.append(sentence.format("It" if said else "The model", listed([*names[:MOST_NAMED], *more])))
    return " ".join(said)


def nothing_read(words: Sequence[Word]) -> bool:
    """True when no word reaches the model, at most punctuation: its answer then says nothing about the text."""
    return any(word.unread for word in words) and not any(
        word.unread in ("", "partly unread") and any(map(str.isalnum, word.text)) for word in words)
