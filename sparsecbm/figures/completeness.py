"""How far word scores account for what they explain: one limit, and one sentence about it, wherever they are shown."""

import math

from sparsecbm.figures.names import percent, signed
from sparsecbm.types import Attribution

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
