"""Documents of any source under one schema: what predictions are compared with, and what documents are sorted by.

Samples, released data sets and users' tables all end here. A source whose concepts are not those of the schema that is
asked for is refused.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from sparsecbm.data.cebab import split_of, votes_in
from sparsecbm.data.columns import Columns
from sparsecbm.data.own_table import MOST_ROWS, load_table
from sparsecbm.data.records import Reject
from sparsecbm.data.samples import load_samples, sample_split
from sparsecbm.data.sources import Row, read_rows, split_name
from sparsecbm.data.split import Split
from sparsecbm.data.table_source import TableSource
from sparsecbm.errors import DataError
from sparsecbm.schema import CEBAB, ConceptSchema
from sparsecbm.validation import is_blank

#: The most other columns that are kept, and of each of their cells so many characters.
MOST_COLUMNS, MOST_CELL = 20, 200
#: What CEBaB has on a review besides its votes: the first of these are columns, the others facts of the restaurant.
_CEBAB_COLUMNS = ("is_original", "edit_type", "edit_goal", "original_id")
#: Text such as "007" is a name and no number.
_LEADING_ZERO = re.compile(r"0\d")
_RESTAURANT, _RESTAURANT_COLUMNS = "opentable_metadata", ("cuisine", "price_tier", "dining_style", "region")


@dataclass(frozen=True, eq=False)
class Reviews:
    """A source that was read: a split with whatever else is known of its documents, a row each, in its order.

    `agreement` is the share of raters, 0..1, who chose the majority, of the label and then of each concept, nan where
    it is not known; None when nothing is known of raters. `columns` are the source's others, `rejects` the rows that
    could not be used. `digest` is a hash of all content.
    """

    name: str
    split: Split
    columns: pd.DataFrame
    agreement: Float[np.ndarray, "row subject"] | None = None
    rejects: tuple[Reject, ...] = ()

    def __len__(self) -> int:
        return len(self.split)

    @property
    def schema(self) -> ConceptSchema:
        """The names behind the indices."""
        return self.split.schema

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """Unique, and the same at every reading."""
        return tuple(self.split.dataset["id"])

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """The documents."""
        return tuple(self.split.texts)

    @property
    def labels(self) -> Int[np.ndarray, " row"]:
        """Index of every row's gold label, -1 where it is not known."""
        return self.split.labels

    @property
    def values(self) -> Int[np.ndarray, "row concept"]:
        """Index of every concept's gold value, -1 where it is not known."""
        return self.split.concepts

    @property
    def has_labels(self) -> bool:
        """True when the label of some row is known."""
        return bool((self.labels >= 0).any())

    @property
    def has_values(self) -> bool:
        """True when some concept of some row is known."""
        return bool((self.values >= 0).any())

    @property
    def notes(self) -> tuple[str, ...]:
        """How it was read, a line for each fact."""
        return tuple(self.split.report.lines())

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the documents, their labels, the columns and the names behind the indices."""
        schema = self.schema
        content = json.dumps([schema.concepts, schema.values, schema.labels, self.ids, self.split.texts,
                              self.labels.tolist(), self.values.tolist(), self.columns.to_dict("list")], default=str)
        return hashlib.sha256(content.encode("utf-8", "replace")).hexdigest()


def sample_reviews(schema: ConceptSchema) -> Reviews:
    """The samples that ship with the project, with their kind; DataError when they were written for another schema."""
    split = sample_split(schema)
    return Reviews("our samples", split, pd.DataFrame({"kind": [sample.kind for sample in load_samples(schema)]}))


def cebab_reviews(source: str | Path, split: str, schema: ConceptSchema) -> Reviews:
    """A split of CEBaB, from where `load_cebab` reads, with its raters' agreement and its facts of each review."""
    _same_concepts(CEBAB, schema)
    name = split_name(split)
    rows, where = read_rows(source, name)
    read, first = split_of(rows, where, source, name), dict[str, Row]()
    for row in rows:
        if not is_blank(str(row["description"] or "")):
            first.setdefault(row["id"], row)
    kept = [first[name] for name in read.dataset["id"]]
    subjects = [("review_label_distribution", CEBAB.labels),
                *((f"{concept}_aspect_label_distribution", CEBAB.values) for concept in CEBAB.concepts)]
    votes = [[votes_in(row, column, names, f"{where}, row {row['id']!r}") for column, names in subjects]
             for row in kept]
    agreement = np.array([[max(shares) if shares else np.nan for shares in row] for row in votes])
    cells = [{column: row.get(column) for column in _CEBAB_COLUMNS}
             | {column: _restaurant(row).get(column) for column in _RESTAURANT_COLUMNS} for row in kept]
    return Reviews(f"CEBaB {name}", read, _frame(cells, (*_CEBAB_COLUMNS, *_RESTAURANT_COLUMNS)), agreement)


def split_reviews(
    title: str, load: Callable[[str | Path, str], Split], of: ConceptSchema, source: str | Path, split: str,
    schema: ConceptSchema,
) -> Reviews:
    """A split of a data set, titled so, of which no more is known than what `load` gives; its concepts are those of
    `of`."""
    _same_concepts(of, schema)
    read = load(source, split)
    return Reviews(f"{title} {read.name}", read, pd.DataFrame(index=range(len(read))))


def table_reviews(
    name: str, table: TableSource, columns: Columns, schema: ConceptSchema, most_rows: int = MOST_ROWS
) -> Reviews:
    """A user's table; rows that cannot be used, such as those with a label outside the schema, are in `rejects`.

    DataError when no row can be used, a column is not there, or there are more than `most_rows`.
    """
    columns = columns.of_table(table.columns, table.label)
    used = frozenset(columns.used)
    also = tuple(column for column in table.columns if column not in used)[:MOST_COLUMNS]
    read, cells, rejects = load_table(table, replace(columns, also=also), schema, most_rows)
    return Reviews(name, read, _frame(cells, also), None, rejects)


def _same_concepts(of: ConceptSchema, schema: ConceptSchema) -> None:
    if of != schema:
        raise DataError(f"{of.name} has the concepts {', '.join(of.concepts)}; allowed: those of the loaded model, "
                        f"{', '.join(schema.concepts)}, with a {schema.label_title} of {', '.join(schema.labels)}. "
                        "Load another model, or choose another source.")


def _restaurant(row: Row) -> Mapping[str, Any]:
    facts = row.get(_RESTAURANT)
    return facts if isinstance(facts, dict) else {}


def _frame(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> pd.DataFrame:
    """Cells as columns of numbers, where all that are filled are numbers, or of text; nested cells count as empty.

    A column without a filled cell is left out.
    """
    columns = {}
    for name in names:
        cells = [_cell(row.get(name)) for row in rows]
        filled = [cell for cell in cells if cell is not None]
        if filled:
            numbers = pd.to_numeric(pd.Series(cells, dtype=object), errors="coerce").to_numpy(dtype=float)
            names_only = any(isinstance(cell, str) and _LEADING_ZERO.match(cell) for cell in filled)
            columns[name] = pd.Series(numbers) if np.isfinite(numbers).sum() == len(filled) and not names_only \
                else pd.Series([None if cell is None else str(cell) for cell in cells], dtype=object)
    return pd.DataFrame(columns, index=range(len(rows)))


def _cell(value: object) -> str | float | None:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return float(value) if value == value else None
    return value.strip()[:MOST_CELL] if isinstance(value, str) and not is_blank(value) else None
