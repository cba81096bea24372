"""Two halves of a source, one to look for something in and one to see whether it holds there, too."""

import hashlib
from functools import cached_property

import numpy as np
import pandas as pd
from jaxtyping import Int
from scipy.stats import hypergeom

from sparsecbm.data.reviews import Reviews
from sparsecbm.failures.judged import Rows

#: A column of this name tells which rows are versions of one text, as CEBaB's are.
VERSIONS = "original_id"


class Halves:
    """About half of a source's rows, the same ones at every reading and in any order, and the others.

    Versions of one text are on one side: the model errs on them alike, so they would confirm one another.
    """

    def __init__(self, reviews: Reviews) -> None:
        ids = pd.Series(reviews.ids, dtype=object)
        known = reviews.columns[VERSIONS] if VERSIONS in reviews.columns else pd.Series(index=ids.index, dtype=object)
        self._texts = known.astype(object).where(known.notna(), ids).astype(str)

    @cached_property
    def first(self) -> Rows:
        """The rows of the first half."""
        return np.array([hashlib.sha256(text.encode("utf-8", "replace")).digest()[0] < 128 for text in self._texts],
                        dtype=bool)

    @cached_property
    def texts(self) -> Int[np.ndarray, " row"]:
        """A number for each row, the same for versions of one text."""
        return np.asarray(pd.factorize(self._texts)[0])

    def chance(self, wrong: Rows, inside: Rows, among: Rows) -> float:
        """How often errors that fall at random would be so frequent `inside` as they are, 0..1: Fisher's exact test,
        one-sided, of the rows inside against the others `among` which they are.

        Versions of one text err alike and count for less than as many texts would: all counts are divided by the design
        effect, as Rao and Scott do (1992, Biometrics 48, 577-585). Without versions that is 1.
        """
        inside = inside & among
        off = wrong[inside] - (wrong[inside].sum() + 1) / (inside.sum() + 2)  # never all zero, as from the mean it may
        by_text = np.bincount(self.texts[inside], weights=off)
        effect = max(1.0, float((by_text**2).sum() / (off**2).sum()))
        rows, errors, drawn, hits = (round(float(part.sum()) / effect) for part in (
            among, wrong & among, inside, wrong & inside))
        return float(hypergeom.sf(hits - 1, rows, errors, drawn))
