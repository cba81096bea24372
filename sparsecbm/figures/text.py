"""How labels, values, targets and numbers are written wherever a person reads them."""

import html
import re
import unicodedata
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

import numpy as np
from jaxtyping import Float

from sparsecbm.schema import ConceptSchema
from sparsecbm.types import Prediction, Receipt, Target

#: Invisible characters that belong to ordinary text: emoji are joined by them, some scripts need them.
_HARMLESS = {"\n", "\t", "\u200c", "\u200d", "\ufeff", "\u00ad"}


def visible(text: str) -> str:
    """The text with control and direction characters replaced by a visible mark, e.g. `[U+202E]`.

    Leaving such a character out would hide what the model read; leaving it in could reorder words on the screen.
    """
    return "".join(f"[U+{ord(c):04X}]" if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co") and c not in _HARMLESS
                   and not _is_emoji_tag(c) else c for c in text.replace("\r\n", "\n"))


def clipped(word: str, most: int = 24) -> str:
    """A word for a sentence; one of more than `most` characters ends with an ellipsis."""
    return word if len(word) <= most else f"{word[:most]}…"


def isolated(text: str) -> str:
    """The text between direction marks, so that its direction does not reorder what stands next to it."""
    return f"\u2068{text}\u2069"


def as_html(text: str) -> str:
    """The text for HTML content or a quoted attribute."""
    return html.escape(visible(text), quote=True)


def _is_emoji_tag(character: str) -> bool:
    return "\U000e0020" <= character <= "\U000e007f"


def label_name(label: str, schema: ConceptSchema) -> str:
    """A label as people say it, e.g. "4 stars"."""
    return schema.label_display[schema.label_index(label)]


def target_name(target: Target, schema: ConceptSchema) -> str:
    """A target as people say it, e.g. "food = Positive" or "rating = 2 stars rather than 4 stars"."""
    subject = target.concept or schema.label_title
    names = [name if target.concept else label_name(name, schema) for name in (target.name, target.against) if name]
    return f"{subject} = {' rather than '.join(names)}"


def label_with_probability(prediction: Prediction) -> str:
    """The predicted label and its probability, e.g. "4 stars (62 %)"."""
    return f"{label_name(prediction.label, prediction.schema)} ({percent(float(prediction.label_probabilities.max()))})"


def percent(share: float) -> str:
    """A probability as a percentage; 0 % and 100 % only where it is exactly that."""
    number = "<1" if 0 < share < 0.005 else ">99" if 0.995 <= share < 1 else f"{100 * share:.0f}"
    return f"{number}\u00a0%"  # a space where no line breaks


def setting_text(shares: Sequence[float], values: Sequence[str]) -> str:
    """What a concept is set to: a value, or "Negative 33 %, unknown 33 %, Positive 33 %" where none is certain."""
    if 1.0 in shares:
        return values[list(shares).index(1.0)]
    return ", ".join(f"{value} {percent(share)}" for value, share in zip(values, shares, strict=True) if share)


def reading_text(prediction: Prediction, concept: str) -> str:
    """A concept's most probable value with its probability, e.g. "Negative 81 %"; a tie names no single value."""
    shares = prediction.concept_probabilities[prediction.schema.concept_index(concept)].tolist()
    if shares.count(max(shares)) > 1:
        return setting_text(shares, prediction.schema.values)
    return f"{prediction.value(concept)} {percent(max(shares))}"


def percent_range(shares: Float[np.ndarray, " share"], digits: int = 0) -> str:
    """The range of some shares, e.g. "26 to 29 %"."""
    low, high = (f"{100 * share:.{digits}f}" for share in (shares.min(), shares.max()))
    return f"{low if low == high else f'{low} to {high}'}\u00a0%"


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun, e.g. "1 edit" or "1,200 edits"; `many` is the plural where it is not regular."""
    return f"{number:,} {one if number == 1 else many or plural(one)}"


def counted_documents(number: int, schema: ConceptSchema) -> str:
    """A number of documents as they are called, e.g. "1 ticket" or "1,200 tickets"."""
    return counted(number, schema.document, schema.documents)


def plural(noun: str) -> str:
    """What several are called, by the rule for regular nouns.

    >>> plural("rating"), plural("priority"), plural("class")
    ('ratings', 'priorities', 'classes')
    """
    if re.search(r"[^aeiou]y$", noun):
        return f"{noun[:-1]}ies"
    return f"{noun}es" if re.search(r"(s|x|ch|sh)$", noun) else f"{noun}s"


def with_article(noun: str) -> str:
    """Such as "a ticket" or "an incident"."""
    return f"{'an' if noun[:1].lower() in tuple('aeiou') else 'a'} {noun}"


def listed(names: Sequence[str]) -> str:
    """Names as people list them, e.g. "food, noise and service"."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def signed(number: float, digits: int = 2) -> str:
    """A number with its sign, such as a contribution in logits; one that rounds to zero has none."""
    text = f"{number:+.{digits}f}"
    return text[1:] if float(text) == 0 else text.replace("-", "−")


def receipt_line(receipt: Receipt, *facts: str) -> str:
    """Where a result came from, with further facts after the method."""
    return " · ".join((f"Checkpoint {receipt.checkpoint[:12]}", receipt.method, *facts,
                       f"{receipt.device} {receipt.dtype}", f"{receipt.milliseconds:.1f} ms"))


#: How words are marked that only the first, or only the second version has.
REMOVED, ADDED = "text-decoration:line-through 2px", "text-decoration:underline 2px"

_PIECES = re.compile(r"\w+|\s+|[^\w\s]")
Spans = tuple[tuple[int, int], ...]


def aligned(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[bool, slice, slice]]:
    """Both sequences cut into runs, in order: whether both have the run, and where it is in each."""
    for tag, i, i_end, j, j_end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        yield tag == "equal", slice(i, i_end), slice(j, j_end)


def changed_spans(before: str, after: str) -> tuple[Spans, Spans]:
    """Where each version has words that the other lacks, as character positions, in order."""
    old, new = (list(_PIECES.finditer(text)) for text in (before, after))
    found: tuple[list[tuple[int, int]], list[tuple[int, int]]] = [], []
    for same, in_old, in_new in aligned([piece[0] for piece in old], [piece[0] for piece in new]):
        for spans, pieces in ((found[0], old[in_old]), (found[1], new[in_new])):
            if pieces and not same:
                spans.append((pieces[0].start(), pieces[-1].end()))
    return tuple(found[0]), tuple(found[1])


def marked_html(text: str, spans: Spans, removed: bool) -> str:
    """The text, escaped, with these parts struck out if they were `removed`, else underlined as added."""
    tag, style = ("del", REMOVED) if removed else ("ins", ADDED)
    style += ";font-weight:600"
    pieces, place = [], 0
    for start, end in spans:
        pieces += [as_html(text[place:start]), f'<{tag} style="{style}">{as_html(text[start:end])}</{tag}>']
        place = end
    return ('<div dir="auto" style="white-space:pre-wrap;overflow-wrap:anywhere;max-height:14rem;overflow-y:auto">'
            f'{"".join([*pieces, as_html(text[place:])])}</div>')
