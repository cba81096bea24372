"""The heat map: words coloured by their scores, and what the colours and the completeness gap mean.

Every view of coloured words, in the app and in exported files, takes the look of a word from `look_of`.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from sparsecbm.figures.style import shading
from sparsecbm.figures.text import as_html, percent, signed
from sparsecbm.types import Attribution, Unread, Word
from sparsecbm.words.unread import TIPS, nothing_read, unread_text

#: Words with at least this share of the full colour have their score printed, so that the sign needs no colour.
PRINTED_FROM = 0.2
#: Weaker words stay unshaded.
SHADED_FROM = 0.06
#: A score of this many logits or less never gets the full colour, even if it is the strongest.
LEAST_LIMIT = 0.2
#: A score that rounds to zero speaks neither for nor against.
_LEAST_NAMED = 0.005
_BOX = "border-radius:.25rem;padding:.12em .2em"
#: A box of its own, so that the line through a removed word does not cross its score.
_MARK = "font-size:.68em;margin-inline-start:.15em;display:inline-block"
#: A word that the model does not read as it stands.
_UNREAD = "border:1.5px dashed currentColor;border-radius:.25rem"


@runtime_checkable
class Scored(Protocol):
    """Words of a text with a score each: an attribution, or the part of one that a deck stores."""

    @property
    def words(self) -> Sequence[Word]:
        """In the order of the text."""

    @property
    def scores(self) -> Iterable[float]:
        """In logits."""


@dataclass(frozen=True)
class WordLook:
    """How a word with a score looks: CSS, empty for a weak word; the printed score, if it is printed; a tooltip.

    `unread` words have a dashed frame.
    """

    style: str
    mark: str
    tip: str
    effect: str
    unread: Unread = ""

    def html(self, word: str, decoration: str = "", mark: str | None = None, tip: str | None = None) -> str:
        """The word as a span, escaped; `decoration` is more CSS, `mark` and `tip` replace the look's own."""
        mark = self.mark if mark is None else mark
        css = ";".join(filter(None, (self.style, self.style and _BOX, self.unread and _UNREAD, decoration)))
        style = f' style="{css}"' if css else ""
        score = f'<sup style="{_MARK}"><bdi>{mark}</bdi></sup>' if mark else ""
        tips = filter(None, (self.tip if tip is None else tip, TIPS.get(self.unread)))
        return f'<span title="{as_html("; ".join(tips))}"{style}>{as_html(word)}{score}</span>'


def look_of(score: float, limit: float, dark: bool | None, unread: Unread = "") -> WordLook:
    """The look of a word; `limit` is the score, in logits, that gets the full colour. `dark` is as in `shading`."""
    share, number = score / limit, signed(score)
    shaded, printed = abs(share) >= SHADED_FROM, abs(share) >= PRINTED_FROM
    effect = "hardly matters" if not shaded else "speaks for it" if share > 0 else "speaks against it"
    style = shading(share, dark) if shaded else ""
    return WordLook(style, number if printed else "", f"{number}: {effect}", effect, unread)


def unread_html(words: Sequence[Word]) -> str:
    """The sentence about words that the model does not read, with their frame; empty where it reads all."""
    text = unread_text(words)
    if not text:
        return ""
    sample = f'<span aria-hidden="true" style="{_UNREAD};padding:0 .3em">word</span>'
    weight = ";font-weight:600" if nothing_read(words) else ""
    return (f'<div role="note" style="font-size:.85rem;margin-top:.3rem;overflow-wrap:anywhere{weight}">{sample} '
            f"{as_html(text)}</div>")


def heatmap_html(
    scored: Scored, text: str, limit: float, dark: bool | None, truncated: bool = False, height: str = "22rem"
) -> str:
    """The whole text with its words coloured; `limit` and `dark` are as in `look_of`.

    What follows the last word that the model read is struck out when the text was `truncated`. A text that needs more
    than `height` scrolls.
    """
    parts, position = [], 0
    for word, score in zip(scored.words, scored.scores, strict=True):
        parts.append(as_html(text[position:word.start]))
        parts.append(look_of(float(score), limit, dark, word.unread).html(text[word.start:word.end]))
        position = word.end
    rest = as_html(text[position:])
    if truncated and rest.strip():
        rest = f'<s style="opacity:.55" title="The model did not read this">{rest}</s>'
    return (f'<div dir="auto" style="white-space:pre-wrap;overflow-wrap:anywhere;line-height:2.1;font-size:1.02rem;'
            f'max-height:{height};overflow-y:auto">{"".join(parts)}{rest}</div>')


def legend_html(limit: float, dark: bool | None, subject: str, words: Sequence[Word] = ()) -> str:
    """What the colours mean, with the scores at both ends, and which of the words the model does not read."""
    scale = "".join(f'<span style="display:inline-block;width:1.1rem;height:.8rem;{shading(step / 4, dark)}"></span>'
                    for step in range(-4, 5))
    subject = as_html(subject)
    return (f'<div style="display:flex;flex-wrap:wrap;gap:.5rem;align-items:center;font-size:.85rem">'
            f"<span>against {signed(-limit)}</span>"
            f'<span style="border:1px solid rgba(128,128,128,.5);line-height:0">{scale}</span>'
            f"<span>{signed(limit)} for {subject}</span></div>{unread_html(words)}")


def full_colour(attributions: Iterable[Attribution]) -> float:
    """The score, in logits, that gets the full colour: the strongest one, whole or part, but at least
    LEAST_LIMIT."""
    arrays = (array for a in attributions for array in (a.scores, *a.parts.values()) if len(array))
    return max([LEAST_LIMIT, *(float(abs(array).max()) for array in arrays)])


def strongest_words(
    scored: Scored, most: int, least: float = _LEAST_NAMED
) -> tuple[tuple[tuple[Word, float], ...], tuple[tuple[Word, float], ...]]:
    """The words with the highest and with the lowest scores, at most so many each way, if they reach `least` logits."""
    ranked = sorted(((word, float(score)) for word, score in zip(scored.words, scored.scores, strict=True)),
                    key=lambda named: -named[1])
    return (tuple(named for named in ranked[:most] if named[1] >= least),
            tuple(named for named in ranked[: -most - 1 : -1] if named[1] <= -least))


#: Scores that miss more than this share of the difference are shown with a warning.
AMBER_FROM = 0.05


def far_from_complete(attribution: Attribution) -> bool:
    """True when the scores, added up, miss too much of f(x) - f(baseline) to be read without a warning."""
    return attribution.relative_gap > AMBER_FROM


def gap_text(attribution: Attribution) -> str:
    """The completeness gap and the difference that it is part of, both in logits, and its share of the difference."""
    gap, share = attribution.completeness_gap, attribution.relative_gap
    text = f"completeness gap {_least(gap, 0.001, '.3f')} of {signed(attribution.difference)}"
    return text if math.isinf(share) else f"{text} ({_least(100 * share, 0.1, '.1f')}\u00a0%)"


def miss_text(attribution: Attribution) -> str:
    """The warning of scores that are far from complete."""
    if math.isinf(attribution.relative_gap):
        return "the words have scores, but the text as a whole makes no difference"
    return f"the scores miss {percent(attribution.relative_gap)} of the difference"


def _least(number: float, step: float, form: str) -> str:
    """The number; one that would round to zero, but is not, as less than the smallest step."""
    return f"<{step}" if 0 < number < step / 2 else format(number, form)
