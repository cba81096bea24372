"""Two versions of a text: which words both have, and which only one of them."""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from sparsecbm.figures.text import as_html

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
