"""How far word scores account for what they explain: one limit, and one sentence about it, wherever they are shown."""

import math
from collections.abc import Iterable, Sequence
from typing import Protocol, runtime_checkable

from sparsecbm.figures.colour import shading
from sparsecbm.figures.text import as_html, percent, signed
from sparsecbm.types import Attribution, Word

#: Words at least this share of the strongest one get their score printed, and so get a sign that needs no colour.
PRINTED_FROM = 0.2
#: Weaker words stay unshaded.
SHADED_FROM = 0.06
#: A score of this many logits or less never gets the full colour, even if it is the strongest.
LEAST_LIMIT = 0.2


@runtime_checkable
class Scored(Protocol):
    """Words of a text, with a score each: an attribution, or what was kept of one."""

    @property
    def words(self) -> Sequence[Word]:
        """In the order of the text."""

    @property
    def scores(self) -> Iterable[float]:
        """In logits."""


def heatmap_html(
    attribution: Scored, text: str, limit: float, dark: bool | None, truncated: bool = False, height: str = "22rem"
) -> str:
    """The whole text; `limit` is the score, in logits, that gets the full colour. `dark` is as in `shading`.

    What follows the last word that the model read is shown struck out when the text was `truncated`. A text that needs
    more than `height` scrolls.
    """
    parts, position = [], 0
    for word, score in zip(attribution.words, attribution.scores, strict=True):
        parts.append(as_html(text[position:word.start]))
        parts.append(_word(text[word.start:word.end], float(score), limit, dark))
        position = word.end
    rest = as_html(text[position:])
    if truncated and rest.strip():
        rest = f'<s style="opacity:.55" title="The model did not read this">{rest}</s>'
    return (f'<div dir="auto" style="white-space:pre-wrap;overflow-wrap:anywhere;line-height:2.1;font-size:1.02rem;'
            f'max-height:{height};overflow-y:auto">{"".join(parts)}{rest}</div>')


def legend_html(limit: float, dark: bool | None, subject: str) -> str:
    """What the colours mean, with the scores at both ends."""
    scale = "".join(f'<span style="display:inline-block;width:1.1rem;height:.8rem;{shading(step / 4, dark)}"></span>'
                    for step in range(-4, 5))
    subject = as_html(subject)
    return (f'<div style="display:flex;flex-wrap:wrap;gap:.5rem;align-items:center;font-size:.85rem">'
            f"<span>− speaks against {subject} ({signed(-limit)})</span>"
            f'<span style="border:1px solid rgba(128,128,128,.5);line-height:0">{scale}</span>'
            f"<span>+ speaks for {subject} ({signed(limit)})</span></div>")


def full_colour(attributions: Iterable[Attribution]) -> float:
    """The score, in logits, that gets the full colour: the strongest one, whole or part, unless none is worth shouting
    about."""
    arrays = (array for a in attributions for array in (a.scores, *a.parts.values()) if len(array))
    return max([LEAST_LIMIT, *(float(abs(array).max()) for array in arrays)])


def effect_text(share: float) -> str:
    """What a word does whose score is this share of the one with the full colour; "it" is the target."""
    if abs(share) < SHADED_FROM:
        return "hardly matters"
    return "speaks for it" if share > 0 else "speaks against it"


def _word(word: str, score: float, limit: float, dark: bool | None) -> str:
    share = score / limit
    shown = as_html(word)
    tip = f"{signed(score)}: {effect_text(share)}"
    if abs(share) < SHADED_FROM:
        return f'<span title="{tip}">{shown}</span>'
    mark = ""
    if abs(share) >= PRINTED_FROM:
        mark = f'<sup style="font-size:.68em;margin-left:.15em"><bdi>{signed(score)}</bdi></sup>'
    return (f'<span title="{tip}" style="{shading(share, dark)};border-radius:.25rem;padding:.12em .2em">'
            f'{shown}{mark}</span>')


#: Scores that miss more than this share of the difference are shown with a warning.
AMBER_FROM = 0.05


def far_from_complete(attribution: Attribution) -> bool:
    """True when the scores, added up, miss too much of f(x) - f(baseline) to be read without a warning."""
    return attribution.relative_gap > AMBER_FROM


def gap_text(attribution: Attribution) -> str:
    """The completeness gap beside the difference that it is a gap of, both in logits, and its share of that."""
    gap, share = attribution.completeness_gap, attribution.relative_gap
    text = f"completeness gap {_least(gap, 0.001, '.3f')} of {signed(attribution.difference)}"
    return text if math.isinf(share) else f"{text} ({_least(100 * share, 0.1, '.1f')}\u00a0%)"


def miss_text(attribution: Attribution) -> str:
    """The warning of scores that are far from complete."""
    if math.isinf(attribution.relative_gap):
        return "the scores move, but the review as a whole moves nothing"
    return f"the scores miss {percent(attribution.relative_gap)} of the difference"


def _least(number: float, step: float, form: str) -> str:
    """The number; one that would round to zero, but is not, as less than the smallest step."""
    return f"<{step}" if 0 < number < step / 2 else format(number, form)
