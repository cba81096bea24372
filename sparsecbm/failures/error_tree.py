"""Error slices: where the model is wrong more often, discovered by a shallow tree and validated on other documents.

A tree always finds something, so nothing that it finds counts until documents that it has not seen confirm it.
"""

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Int
from scipy.stats import hypergeom
from sklearn.tree import DecisionTreeClassifier

from sparsecbm.data.reviews import Reviews
from sparsecbm.failures.error_analysis import ErrorAnalysis, Rows
from sparsecbm.failures.outcomes import Rate
from sparsecbm.failures.slices import Slice
from sparsecbm.failures.tags import Tag
from sparsecbm.types import LABEL_TARGET

#: A column of this name says which rows are versions of one text, as CEBaB's are.
VERSIONS = "original_id"


class DiscoverySplit:
    """A source's rows in two parts: about half for discovery, the others for validation; the same at every reading.

    Versions of one text are on one side: the model errs alike on them, so they would confirm one another.
    """

    def __init__(self, reviews: Reviews) -> None:
        ids = pd.Series(reviews.ids, dtype=object)
        known = reviews.columns[VERSIONS] if VERSIONS in reviews.columns else pd.Series(index=ids.index, dtype=object)
        self._texts = known.astype(object).where(known.notna(), ids).astype(str)

    @cached_property
    def discovery(self) -> Rows:
        """The rows for discovery."""
        return np.array([hashlib.sha256(text.encode("utf-8", "replace")).digest()[0] < 128 for text in self._texts],
                        dtype=bool)

    @cached_property
    def texts(self) -> Int[np.ndarray, " row"]:
        """A number for each row, the same for versions of one text."""
        return np.asarray(pd.factorize(self._texts)[0])

    def chance(self, wrong: Rows, inside: Rows, among: Rows) -> float:
        """How often errors that fall at random would be as frequent `inside` as they are, 0..1: Fisher's exact test,
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


#: A longer conjunction is no longer something that a person can say and remember.
MOST_CONDITIONS = 3
#: Rows of a slice in each part at least: with fewer, its rate is unknown by some 20 points either way.
LEAST_SUPPORT = 20
#: Labelled rows that each part must have: room for five slices.
LEAST_ROWS = 100
#: The chance of showing any slice where errors fall at random, over all slices that are validated together. For
#: discovery, a slice must pass the same test by itself to be validated at all.
FALSE_ALARM = 0.05
#: It is defined by the label being wrong, so it explains nothing.
_GIVEN_AWAY = Tag.FIXABLE

#: A question of the tree: a concept's predicted value, a tag, or the number of words.
Question = tuple[int, int] | Tag | None


@dataclass(frozen=True)
class ErrorSlice:
    """A slice with its error rate on the discovery rows, on the validation rows, and on all rows.

    `validation` is the rate to go by: the slice was chosen because `discovery` is high. `chance` is how often errors
    that fall at random would put any of the validated slices as far above the rest, 0..1.
    """

    slice: Slice
    discovery: Rate
    validation: Rate
    overall: Rate
    chance: float


@dataclass(frozen=True)
class SliceSearch:
    """The error slices of the label, or of a concept, the worst first; there may be none.

    The error rates are of all labelled rows: `overall`, and on either side of the split. `candidates` counts the slices
    that were validated. `reason` says why there was no search, or is "".
    """

    subject: str
    overall: Rate
    discovery: Rate
    validation: Rate
    candidates: int
    slices: tuple[ErrorSlice, ...]
    reason: str = ""


def find_slices(analysis: ErrorAnalysis, subject: str = LABEL_TARGET) -> SliceSearch:
    """SliceSearch the labelled rows for slices that are wrong more often than the rest.

    On the discovery rows a classification tree is grown over predicted concepts, tags and length. Its branches, and the
    answers to each single question, that stand out there are tested on the validation rows against the other rows, at
    the level FALSE_ALARM over the number of slices tested (Bonferroni). A narrower slice is shown only where it is
    clearly worse than the wider one that holds it, and that one only where it stands out without the narrower one.
    """
    (known, wrong), split = analysis.verdicts(subject), DiscoverySplit(analysis.reviews)
    search, check = known & split.discovery, known & ~split.discovery
    found = SliceSearch(subject, Rate.of(wrong, known), Rate.of(wrong, search), Rate.of(wrong, check), 0, ())
    if reason := _too_little(found):
        return replace(found, reason=reason)
    candidates = [(one, held) for one, held in _branches(analysis, wrong, search).items()
                  if min((held & search).sum(), (held & check).sum()) >= LEAST_SUPPORT
                  and split.chance(wrong, held, search) < FALSE_ALARM]
    level, kept = FALSE_ALARM / max(len(candidates), 1), list[tuple[Slice, Rows, float]]()

    def clear(inside: Rows, among: Rows) -> bool:
        return split.chance(wrong, inside, among) < level

    for one, held in sorted(candidates, key=lambda candidate: -candidate[1].sum()):  # the wide before the narrow
        chance, rate = split.chance(wrong, held, check), Rate.of(wrong, held & check)
        wider = [rule for rule in kept if not (held & ~rule[1]).any()]
        if chance < level and rate.interval[0] > _share(found.validation) and all(clear(held, rule[1] & check)
                                                                                for rule in wider):
            kept = [rule for rule in kept if all(rule is not other for other in wider)
                    or clear(rule[1] & ~held, check & ~held)] + [(one, held, chance)]
    slices = [ErrorSlice(one, Rate.of(wrong, held & search), Rate.of(wrong, held & check), Rate.of(wrong, held & known),
                         min(1.0, chance * len(candidates))) for one, held, chance in kept]
    return replace(found, candidates=len(candidates),
                   slices=tuple(sorted(slices, key=lambda one: -_share(one.validation))))


def _share(rate: Rate) -> float:
    return rate.hits / rate.n


def _too_little(found: SliceSearch) -> str:
    """Why there is nothing to search, in a sentence; "" where there is."""
    least = min(found.discovery.n, found.validation.n)
    if least < LEAST_ROWS:
        return (f"{found.overall.n:,} texts are labelled. To discover slices in one part of them and validate them "
                f"in the other takes {LEAST_ROWS} in each; the smaller part has {least:,}.")
    if found.discovery.hits in (0, found.discovery.n):
        return f"On the discovery part, the model is {'always' if found.discovery.hits else 'never'} wrong."
    return ""


def _branches(analysis: ErrorAnalysis, wrong: Rows, search: Rows) -> dict[Slice, Rows]:
    """Every answer to a single question, and every branch of a tree grown on some rows: a slice and its rows."""
    schema, tags = analysis.reviews.schema, [tag for tag in analysis.tags.held if tag is not _GIVEN_AWAY]
    values = [(k, v) for k, concept in enumerate(schema.concepts) for v in schema.value_places(concept)
              if analysis.has_concepts]
    questions: list[Question] = [*tags, *values, None]
    columns = [analysis.words if asked is None else analysis.tags.held[asked] if isinstance(asked, Tag)
               else analysis.predicted_values[:, asked[0]] == asked[1] for asked in questions]
    table = np.stack(columns, axis=1).astype(np.float32)
    grown = DecisionTreeClassifier(max_depth=MOST_CONDITIONS, min_samples_leaf=LEAST_SUPPORT, random_state=0)
    tree: Any = grown.fit(table[search], wrong[search]).tree_
    found = [_narrower(Slice(), asked, yes, 0.5, analysis) for asked in questions[:-1] for yes in (True, False)]

    def descend(node: int, one: Slice) -> None:
        for yes, child in ((False, int(tree.children_left[node])), (True, int(tree.children_right[node]))):
            if child >= 0:
                asked, threshold = questions[tree.feature[node]], float(tree.threshold[node])
                found.append(_narrower(one, asked, yes, threshold, analysis))
                descend(child, found[-1])

    descend(0, Slice())
    return {one: one.rows(analysis) for one in found}


def _narrower(one: Slice, asked: Question, yes: bool, threshold: float, analysis: ErrorAnalysis) -> Slice:
    """The slice with one more question answered."""
    if asked is None:
        low, high = one.words
        return replace(one, words=(int(threshold) + 1, high) if yes else (low, int(threshold)))
    if isinstance(asked, Tag):
        return replace(one, tags=(*one.tags, asked)) if yes else replace(one, untagged=(*one.untagged, asked))
    schema = analysis.reviews.schema
    concept, value = schema.concepts[asked[0]], schema.values[asked[1]]
    others = tuple(pair for pair in one.predicted_values if pair[0] != concept)
    allowed = [name for subject, name in one.predicted_values if subject == concept] or schema.values_of(concept)
    return replace(one, predicted_values=(*others, *((concept, name) for name in allowed if (name == value) == yes)))
