"""Two versions of a text with the words marked that only one of them has."""

import re
from difflib import SequenceMatcher

from sparsecbm.figures.text import as_html

_PIECES = re.compile(r"\w+|\s+|[^\w\s]")
Spans = tuple[tuple[int, int], ...]


def changed_spans(before: str, after: str) -> tuple[Spans, Spans]:
    """Where each version has words that the other has not, as character positions, in order.

    Words between two changed ones are kept; marks that touch are one.
    """
    old, new = (list(_PIECES.finditer(text)) for text in (before, after))
    found: tuple[list[tuple[int, int]], list[tuple[int, int]]] = [], []
    matcher = SequenceMatcher(None, [piece[0] for piece in old], [piece[0] for piece in new], autojunk=False)
    for tag, i, i_end, j, j_end in matcher.get_opcodes():
        if tag != "equal":
            for spans, pieces in ((found[0], old[i:i_end]), (found[1], new[j:j_end])):
                if pieces:
                    spans.append((pieces[0].start(), pieces[-1].end()))
    return tuple(found[0]), tuple(found[1])


def marked_html(text: str, spans: Spans, removed: bool) -> str:
    """The text with these parts struck out, when they were removed, or underlined as added; all of it escaped."""
    tag, line = ("del", "line-through") if removed else ("ins", "underline")
    style = f"text-decoration:{line} 2px;font-weight:600"
    pieces, place = [], 0
    for start, end in spans:
        pieces += [as_html(text[place:start]), f'<{tag} style="{style}">{as_html(text[start:end])}</{tag}>']
        place = end
    return ('<div dir="auto" style="white-space:pre-wrap;overflow-wrap:anywhere;max-height:14rem;overflow-y:auto">'
            f'{"".join([*pieces, as_html(text[place:])])}</div>')
