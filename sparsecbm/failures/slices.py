"""A slice in plain words."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from sparsecbm.errors import InputError, unknown_name
from sparsecbm.failures.error_analysis import Judged, Rows
from sparsecbm.failures.outcomes import OUTCOMES, Outcome, outcome_name
from sparsecbm.failures.tags import Tag, tag_name
from sparsecbm.revision.conditions import TextSays
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
    """Which rows are looked at; without conditions, all.

    Of `outcomes`, `true` and `said` labels and `ids` a row has any of those named. Of concepts as `told` and as `read`,
    and of text columns' `cells`, any of those named of one concept or column, for every one named; "" is an empty cell.
    A row has every one of `misread`, `tags`, `says` and `marks`, and none of `untagged`. `words` bounds the number of
    words and `ranges` number columns; an empty cell lies in no range.
    """

    outcomes: tuple[Outcome, ...] = ()
    true: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    told: Pairs = ()
    read: Pairs = ()
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
        """The fields that say something."""
        return tuple(field.name for field in fields(self) if getattr(self, field.name) != field.default)

    def without(self, *names: str) -> "Slice":
        """The same slice with these fields saying nothing."""
        nothing: dict[str, Any] = {field.name: field.default for field in fields(self) if field.name in names}
        return replace(self, **nothing)

    def rows(self, judged: Judged, marks: Marks | None = None) -> Rows:
        """Which rows all conditions hold of; InputError for a name that the schema, the source or the model has not."""
        held = np.ones(len(judged), dtype=bool)
        for name in self.conditions:
            held &= _HOLDS[name](judged, marks or {}, getattr(self, name))
        return held

    def fitting(self, judged: Judged, marks: Marks | None = None) -> tuple["Slice", tuple[str, ...]]:
        """The slice without what cannot be used of this source, and a message for everything left out."""
        problems, changes = list[str](), dict[str, Any]()
        for name in self.conditions:
            if name == "words":  # bounds that fit every source
                continue
            kept = list[Any]()
            for part in getattr(self, name):
                try:
                    _HOLDS[name](judged, marks or {}, (part,))
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


def _values(judged: Judged, values: Int[np.ndarray, "row concept"], pairs: Pairs) -> Rows:
    schema = judged.reviews.schema
    return _pairs(pairs, lambda concept, named: np.isin(values[:, schema.concept_index(concept)],
                                                        [schema.value_index(value) for value in named]))


def _labels(judged: Judged, labels: Int[np.ndarray, " row"], named: Sequence[str]) -> Rows:
    return np.isin(labels, [judged.reviews.schema.label_index(label) for label in named])


def _tagged(judged: Judged, tag: Tag) -> Rows:
    if tag in judged.tags.missing:
        raise InputError(f"The tag {tag.value!r} cannot be told here: {judged.tags.missing[tag]} Allowed: "
                         f"{', '.join(judged.tags.held)}. Leave it out.")
    return judged.tags.held[tag]


@lru_cache(16)  # every text is read, and several parts of a page ask for the same rows
def _says(judged: Judged, word: str) -> Rows:
    condition = TextSays(word)
    condition.check(judged.reviews.schema)
    return condition.holds(judged.readings)


def _between(numbers: Float[np.ndarray, " row"], low: Bound, high: Bound) -> Rows:
    return np.asarray((numbers >= (-np.inf if low is None else low)) & (numbers <= (np.inf if high is None else high)))


def _column(judged: Judged, name: str, numbers: bool) -> pd.Series:
    columns = judged.reviews.columns
    fitting = [str(column) for column in columns if pd.api.types.is_numeric_dtype(columns[column]) == numbers]
    if name not in fitting:
        kind = "numbers" if numbers else "text"
        raise InputError(f"Column {name!r} came; allowed: {', '.join(fitting) or 'none'}, the source's columns of "
                         f"{kind}. Use one of these, or leave it out.")
    return columns[name]


def _ids(judged: Judged, ids: Collection[str]) -> Rows:
    wanted = frozenset(ids)
    return np.array([one in wanted for one in judged.reviews.ids], dtype=bool)


def _marked(judged: Judged, marks: Marks, mark: str) -> Rows:
    if mark not in marks:
        raise InputError(unknown_name("tag of your own", mark, tuple(marks)))
    return _ids(judged, marks[mark])


_HOLDS: Mapping[str, Callable[[Judged, Marks, Any], Rows]] = {
    "outcomes": lambda judged, _, named: np.isin(judged.outcomes, [OUTCOMES.index(one) for one in named]),
    "true": lambda judged, _, named: _labels(judged, judged.reviews.labels, named),
    "said": lambda judged, _, named: _labels(judged, judged.said_labels, named),
    "told": lambda judged, _, pairs: _values(judged, judged.reviews.values, pairs),
    "read": lambda judged, _, pairs: _values(judged, judged.read_values, pairs),
    "misread": lambda judged, _, named: _all([judged.verdicts(concept)[1] for concept in named]),
    "tags": lambda judged, _, tags: _all([_tagged(judged, tag) for tag in tags]),
    "untagged": lambda judged, _, tags: _all([~_tagged(judged, tag) for tag in tags]),
    "says": lambda judged, _, words: _all([_says(judged, word) for word in words]),
    "words": lambda judged, _, bounds: _between(judged.words.astype(np.float64), *bounds),
    "cells": lambda judged, _, pairs: _pairs(
        pairs, lambda name, cells: np.asarray(_column(judged, name, numbers=False).fillna("").isin(cells))),
    "ranges": lambda judged, _, ranges: _all(
        [_between(_column(judged, name, numbers=True).to_numpy(dtype=np.float64), low, high)
         for name, low, high in ranges]),
    "ids": lambda judged, _, ids: _ids(judged, ids),
    "marks": lambda judged, marks, named: _all([_marked(judged, marks, mark) for mark in named]),
}


def in_words(chosen: Slice, schema: ConceptSchema) -> str:
    """Such as: true rating 2 stars, read as noise Negative, more than 40 words; "all reviews" without a condition."""
    return ", ".join(words for _, words in conditions_in_words(chosen, schema)) or "all reviews"


def conditions_in_words(chosen: Slice, schema: ConceptSchema) -> tuple[tuple[str, str], ...]:
    """Every field that says something, by its name, with what it says."""
    return tuple((name, _said(name, chosen, schema)) for name in chosen.conditions)


def _said(name: str, chosen: Slice, schema: ConceptSchema) -> str:
    if name == "outcomes":
        return " or ".join(outcome_name(outcome, schema) for outcome in chosen.outcomes)
    if name in ("true", "said"):
        how = "true" if name == "true" else "given"
        shown = [schema.label_display[schema.label_index(label)] for label in getattr(chosen, name)]
        return f"{how} {schema.label_title} {' or '.join(shown)}"
    if name in ("told", "read"):
        how = "truly" if name == "told" else "read as"
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
