"""A slice: which documents of a source are shown, as a value that says itself in words."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from sparsecbm.data.spellings import cell_name
from sparsecbm.errors import InputError, unknown_name
from sparsecbm.failures.error_analysis import ErrorAnalysis, Rows
from sparsecbm.failures.outcomes import OUTCOMES, Outcome, outcome_name
from sparsecbm.failures.tags import Tag, tag_name
from sparsecbm.revision.rule import TextSays
from sparsecbm.schema import ConceptSchema

#: A person's own tags: the ids of the rows that bear each.
Marks = Mapping[str, Collection[str]]
#: Several (concept, value) or (column, cell): any of one subject's, of every subject named.
Pairs = tuple[tuple[str, str], ...]
#: An inclusive bound; None means that there is none.
Bound = int | float | None
Words = tuple[int | None, int | None]
Ranges = tuple[tuple[str, float | None, float | None], ...]


@dataclass(frozen=True)
class Slice:
    """Conditions on the rows of an error analysis; without any, all rows are in it.

    A row has one of the named `outcomes`, `true_labels`, `predicted_labels` and `ids`; for every concept or column that
    is named, one of its named `true_values`, `predicted_values` or `cells` ("" is an empty cell); all of `misread`,
    `tags`, `says` and `marks`, and none of `untagged`. `words` bounds the number of words and `ranges` number columns;
    an empty cell lies in no range.

    >>> Slice(true_labels=("2",), misread=("food",)).rows(analysis).sum()
    """

    outcomes: tuple[Outcome, ...] = ()
    true_labels: tuple[str, ...] = ()
    predicted_labels: tuple[str, ...] = ()
    true_values: Pairs = ()
    predicted_values: Pairs = ()
    misread: tuple[str, ...] = ()
    tags: tuple[Tag, ...] = ()
    untagged: tuple[Tag, ...] = ()
    says: tuple[str, ...] = ()
    words: Words = (None, None)
    cells: Pairs = ()
    ranges: Ranges = ()
    ids: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()

    @property
    def conditions(self) -> tuple[str, ...]:
        """The fields that are set."""
        return tuple(field.name for field in fields(self) if getattr(self, field.name) != field.default)

    def without(self, *names: str) -> "Slice":
        """The same slice without these fields."""
        nothing: dict[str, Any] = {field.name: field.default for field in fields(self) if field.name in names}
        return replace(self, **nothing)

    def rows(self, analysis: ErrorAnalysis, marks: Marks | None = None) -> Rows:
        """The rows that meet all conditions; InputError for a name that schema, source or model do not have."""
        held = np.ones(len(analysis), dtype=bool)
        for name in self.conditions:
            held &= _HOLDS[name](analysis, marks or {}, getattr(self, name))
        return held

    def fitting(self, analysis: ErrorAnalysis, marks: Marks | None = None) -> tuple["Slice", tuple[str, ...]]:
        """The slice without what this source cannot have, and a message for everything left out."""
        problems, changes = list[str](), dict[str, Any]()
        for name in self.conditions:
            if name == "words":  # bounds that fit every source
                continue
            kept = list[Any]()
            for part in getattr(self, name):
                try:
                    _HOLDS[name](analysis, marks or {}, (part,))
                    kept.append(part)
                except InputError as error:
                    problems.append(str(error))
            changes[name] = tuple(kept)
        return replace(self, **changes), tuple(problems)


def _all(held: Sequence[Rows]) -> Rows:
    return np.asarray(np.all(held, axis=0))


def _pairs(pairs: Pairs, held: Callable[[str, list[str]], Rows]) -> Rows:
    """All subjects at once, each with what is named of it."""
    names = dict.fromkeys(subject for subject, _ in pairs)
    return _all([held(name, [one for subject, one in pairs if subject == name]) for name in names])


def _values(analysis: ErrorAnalysis, values: Int[np.ndarray, "row concept"], pairs: Pairs) -> Rows:
    schema = analysis.reviews.schema
    return _pairs(pairs, lambda concept, named: np.isin(values[:, schema.concept_index(concept)],
                                                        [schema.value_index(value) for value in named]))


def _labels(analysis: ErrorAnalysis, labels: Int[np.ndarray, " row"], named: Sequence[str]) -> Rows:
    return np.isin(labels, [analysis.reviews.schema.label_index(label) for label in named])


def _tagged(analysis: ErrorAnalysis, tag: Tag) -> Rows:
    if tag in analysis.tags.missing:
        raise InputError(f"The tag {tag.value!r} cannot be computed here: {analysis.tags.missing[tag]} Allowed: "
                         f"{', '.join(analysis.tags.held)}. Leave it out.")
    return analysis.tags.held[tag]


@lru_cache(16)  # every text is read, and several parts of a page ask for the same rows
def _says(analysis: ErrorAnalysis, word: str) -> Rows:
    condition = TextSays(word)
    condition.check(analysis.reviews.schema)
    return condition.holds(analysis.predicted)


def _between(numbers: Float[np.ndarray, " row"], low: Bound, high: Bound) -> Rows:
    return np.asarray((numbers >= (-np.inf if low is None else low)) & (numbers <= (np.inf if high is None else high)))


def _column(analysis: ErrorAnalysis, name: str, numbers: bool) -> pd.Series:
    columns = analysis.reviews.columns
    fitting = [str(column) for column in columns if pd.api.types.is_numeric_dtype(columns[column]) == numbers]
    if name not in fitting:
        kind = "numbers" if numbers else "text"
        raise InputError(f"Column {name!r} came; allowed: {', '.join(fitting) or 'none'}, the source's columns of "
                         f"{kind}. Use one of these, or leave it out.")
    return columns[name]


def _ids(analysis: ErrorAnalysis, ids: Collection[str]) -> Rows:
    wanted = frozenset(map(cell_name, ids))  # a link or a file may have blanks around them
    return np.array([cell_name(one) in wanted for one in analysis.reviews.ids], dtype=bool)


def _marked(analysis: ErrorAnalysis, marks: Marks, mark: str) -> Rows:
    if mark not in marks:
        raise InputError(unknown_name("tag of your own", mark, tuple(marks)))
    return _ids(analysis, marks[mark])


_HOLDS: Mapping[str, Callable[[ErrorAnalysis, Marks, Any], Rows]] = {
    "outcomes": lambda analysis, _, named: np.isin(analysis.outcomes, [OUTCOMES.index(one) for one in named]),
    "true_labels": lambda analysis, _, named: _labels(analysis, analysis.reviews.labels, named),
    "predicted_labels": lambda analysis, _, named: _labels(analysis, analysis.predicted_labels, named),
    "true_values": lambda analysis, _, pairs: _values(analysis, analysis.reviews.values, pairs),
    "predicted_values": lambda analysis, _, pairs: _values(analysis, analysis.predicted_values, pairs),
    "misread": lambda analysis, _, named: _all([analysis.verdicts(concept)[1] for concept in named]),
    "tags": lambda analysis, _, tags: _all([_tagged(analysis, tag) for tag in tags]),
    "untagged": lambda analysis, _, tags: _all([~_tagged(analysis, tag) for tag in tags]),
    "says": lambda analysis, _, words: _all([_says(analysis, word) for word in words]),
    "words": lambda analysis, _, bounds: _between(analysis.words.astype(np.float64), *bounds),
    "cells": lambda analysis, _, pairs: _pairs(
        pairs, lambda name, cells: np.asarray(_column(analysis, name, numbers=False).fillna("").isin(cells))),
    "ranges": lambda analysis, _, ranges: _all(
        [_between(_column(analysis, name, numbers=True).to_numpy(dtype=np.float64), low, high)
         for name, low, high in ranges]),
    "ids": lambda analysis, _, ids: _ids(analysis, ids),
    "marks": lambda analysis, marks, named: _all([_marked(analysis, marks, mark) for mark in named]),
}


def in_words(chosen: Slice, schema: ConceptSchema) -> str:
    """Such as: true rating 2 stars, noise predicted Negative, at least 40 words; "all texts" without a condition."""
    return ", ".join(words for _, words in conditions_in_words(chosen, schema)) or "all texts"


def conditions_in_words(chosen: Slice, schema: ConceptSchema) -> tuple[tuple[str, str], ...]:
    """Every field that is set, by its name, with what it says."""
    return tuple((name, _said(name, chosen, schema)) for name in chosen.conditions)


def _said(name: str, chosen: Slice, schema: ConceptSchema) -> str:
    if name == "outcomes":
        return " or ".join(outcome_name(outcome, schema) for outcome in chosen.outcomes)
    if name in ("true_labels", "predicted_labels"):
        how = "true" if name == "true_labels" else "predicted"
        shown = [schema.label_display[schema.label_index(label)] for label in getattr(chosen, name)]
        return f"{how} {schema.label_title} {' or '.join(shown)}"
    if name in ("true_values", "predicted_values"):
        how = "truly" if name == "true_values" else "predicted"
        return ", ".join(f"{concept} {how} {values}" for concept, values in _grouped(getattr(chosen, name)).items())
    if name == "cells":
        return ", ".join(f"{column}: {cells}" for column, cells in _grouped(chosen.cells, "(empty)").items())
    if name == "words":
        return f"{_bounds(*chosen.words)} words"
    if name == "ranges":
        return ", ".join(f"{column} {_bounds(low, high)}" for column, low, high in chosen.ranges)
    if name == "says":
        return " and ".join(f"says “{word}”" for word in chosen.says)
    if name == "misread":
        return f"{_and(chosen.misread)} misread"
    if name in ("tags", "untagged"):
        tags = [tag_name(tag, schema) for tag in getattr(chosen, name)]
        return _and(tags) if name == "tags" else f"not {' and not '.join(tags)}"
    if name == "ids":
        return f"id {chosen.ids[0]}" if len(chosen.ids) == 1 else f"one of {len(chosen.ids):,} ids"
    return f"tagged {_and([f'“{mark}”' for mark in chosen.marks])}"


def _grouped(pairs: Pairs, empty: str = "") -> Mapping[str, str]:
    """Every subject with what is named of it."""
    return {name: " or ".join(one or empty for subject, one in pairs if subject == name) for name, _ in pairs}


def _bounds(low: Bound, high: Bound) -> str:
    if low is None or high is None:
        return f"at most {high:,g}" if low is None else f"at least {low:,g}"
    return f"{low:,g}" if low == high else f"{low:,g} to {high:,g}"


def _and(names: Sequence[str]) -> str:
    return " and ".join(names)
