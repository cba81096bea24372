"""Do participants agree beyond chance? Krippendorff's alpha, which takes any number of answers for a case."""

from collections.abc import Iterable, Sequence

import numpy as np


def krippendorff_alpha(answers: Iterable[Sequence[str]]) -> float | None:
    """Alpha for nominal answers, given by case: 1 when all agree, 0 when as often as by chance, below it when less.

    Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", section C: alpha = 1 - D_o / D_e from the matrix of
    coincidences within cases. Cases with fewer than two answers say nothing and are left out. None where nothing is
    left, or only one answer was ever given: then there is no chance to be better than.
    """
    cases = [list(given) for given in answers if len(given) > 1]
    names = sorted({answer for given in cases for answer in given})
    if len(names) < 2:
        return None
    coincidences = np.zeros((len(names), len(names)))
    for given in cases:
        counts = np.array([given.count(name) for name in names], dtype=float)
        coincidences += (np.outer(counts, counts) - np.diag(counts)) / (len(given) - 1)
    sums, total = coincidences.sum(0), coincidences.sum()
    observed = total - np.trace(coincidences)
    expected = (total**2 - (sums**2).sum()) / (total - 1)
    return float(1 - observed / expected)
