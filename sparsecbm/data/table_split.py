"""A split of a user's table, as its schema says: its rows checked, its texts in no other split."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import Int

from sparsecbm.data.columns import column_called
from sparsecbm.data.own_table import NOT_ANNOTATED_NOTE, load_table
from sparsecbm.data.records import Reject
from sparsecbm.data.spellings import cell_name, meaning
from sparsecbm.data.split import Split, normalised
from sparsecbm.data.stratified import groups_of, stratified
from sparsecbm.data.table_schema import SPLITS, TableSchema, read_table_schema
from sparsecbm.data.table_source import open_table
from sparsecbm.errors import DataError, unknown_name

#: Every row of a table, which is not split: to score, or to learn from, a table as a whole.
ALL = "all"
#: Fewer rows of a table cannot be split.
LEAST_ROWS = 10

#: Names that a column of splits may use, where the schema does not say.
SPLIT_CELLS = {"train": ("train", "training"), "dev": ("dev", "validation", "valid", "val"),
               "test": ("test", "held-out", "heldout")}
#: So many rows are named in an error.
_NAMED = 5


def load_table_split(
    place: str | Path, split: str, schema: str | Path | TableSchema, weight_column: str | None = None
) -> Split:
    """Read train, dev, test or, as `all`, every row of a table; `weight_column` is used instead of the schema's.

    A text that comes several times, in any case and spacing, is in one split only: rows that are dealt by chance stay
    together, and of rows that a column splits, the ones in the split that is held out longest. DataError where table
    and schema disagree, or the table does not have what can be learned.
    """
    asked = schema if isinstance(schema, TableSchema) else read_table_schema(Path(schema))
    name = "dev" if split == "validation" else split
    if name not in (*SPLITS, ALL):
        raise DataError(unknown_name("split", split, (*SPLITS, ALL)))
    weight = weight_column or asked.weight
    table = open_table(place, split=asked.hub_split)
    columns = asked.columns
    if weight is not None and weight not in columns.also:
        columns = replace(columns, also=(*columns.also, weight))
    read, cells, rejects = load_table(table, columns, asked.schema)
    _check_names(rejects, table.label)

    def column(name: str) -> list[str]:
        spelt = column_called(name, table.columns, table.label)
        return [cell_name(row.get(spelt)) for row in cells]

    if weight is not None:
        read = read.weighted(_weights(column(weight), weight, table.label))
    if name == ALL:
        return read.select(range(len(read)), {}, ALL)
    check_content(read)
    rule = asked.splits
    if rule.column is not None:
        found = _by_column(read, column(rule.column), rule.column, rule.cells or SPLIT_CELLS)
    else:
        keys: list[list[str | None]] = [[normalised(text) for text in read.texts]]
        if rule.group is not None:
            keys.append([cell or None for cell in column(rule.group)])
        groups = groups_of(*keys)
        found = stratified(np.column_stack([read.labels, read.concepts]), groups, rule.shares, rule.seed)
    rows = np.flatnonzero(found == SPLITS.index(name)).tolist()
    if not rows:
        raise DataError(f"{table.label} has no row of split {name}; allowed: one that has rows: "
                        f"{', '.join(there(found)) or 'none'}. Choose one, or change the schema's splits.")
    gone = {"in another split": int(((found >= 0) & (found != SPLITS.index(name))).sum()),
            "in no split": int((found == _NOWHERE).sum()),
            "the same text is in a split that is held out": int((found == _TWICE).sum())}
    return _with_own_notes(read.select(rows, {why: count for why, count in gone.items() if count}, name))


def _with_own_notes(split: Split) -> Split:
    """The split with the number of its own rows that are not annotated, instead of the whole table's."""
    missing = {NOT_ANNOTATED_NOTE.format(what): len(split) - count for what, count in split.annotated.items()}
    notes = {note: count for note, count in (dict(split.report.notes) | missing).items() if count}
    return replace(split, report=replace(split.report, notes=notes))


def there(found: Int[np.ndarray, " row"]) -> list[str]:
    """The splits that some row is in."""
    return [name for place, name in enumerate(SPLITS) if (found == place).any()]


def check_content(read: Split) -> None:
    """DataError for too few rows, a label that fewer than two rows bear, or a concept or value that never varies."""
    schema, where = read.schema, read.report.source
    if len(read) < LEAST_ROWS:
        raise DataError(f"{where} has {len(read)} usable rows; allowed: {LEAST_ROWS} or more, to learn from some and "
                        "score on others. Add rows.")
    bearing = Counter(read.labels.tolist())
    few = [label for y, label in enumerate(schema.labels) if bearing[y] < 2]
    if few:
        count = bearing[schema.labels.index(few[0])]
        raise DataError(f"{where}: {schema.label_title} {few[0]!r} comes in {count} row{'' if count == 1 else 's'}; "
                        "allowed: at least 2, one to learn from and one to score. Remove it from the schema with its "
                        "rows, add rows, or put its cells under another label.")
    for k, concept in enumerate(schema.concepts):
        said = set(read.concepts[:, k].tolist())
        unsaid = [value for value in schema.values_of(concept) if schema.value_index(value) not in said]
        if len(schema.values_of(concept)) - len(unsaid) < 2:
            only = ", ".join(value for value in schema.values_of(concept) if value not in unsaid) or "nothing"
            raise DataError(f"{where}: concept {concept!r} says {only} wherever it is annotated; allowed: a concept "
                            "that varies. Remove it from the schema, or annotate other rows.")
        if unsaid:
            raise DataError(f"{where}: {unsaid[0]!r} is a value of {concept!r} in the schema, but no row has it; "
                            "allowed: values that come in the table. Remove it, or correct its cells.")


_NOWHERE, _TWICE = -1, -2


def _by_column(
    read: Split, cells: Sequence[str], column: str, names: Mapping[str, Sequence[str]]
) -> Int[np.ndarray, " row"]:
    """The split that each row names; a text of several splits stays in the last of them."""
    spelt = {cell: SPLITS.index(name) for name, said in names.items() for cell in said}
    found = list[int]()
    for number, cell in enumerate(cells):
        known = meaning(cell, tuple(spelt))
        if known is None:
            raise DataError(f"{read.report.source}: {column} is {cell[:60]!r} in row {read.dataset['id'][number]!r}; "
                            f"allowed: {', '.join(spelt)}, or empty to leave the row out. Correct it, or name it in "
                            "the schema's splits.")
        found.append(spelt.get(known, _NOWHERE))
    texts = [normalised(text) for text in read.texts]
    last = dict[str, int]()
    for text, split in zip(texts, found, strict=True):
        last[text] = max(split, last.get(text, _NOWHERE))
    return np.array([split if split in (_NOWHERE, last[text]) else _TWICE
                     for text, split in zip(texts, found, strict=True)])


def _weights(cells: Sequence[str], column: str, where: str) -> list[float]:
    found = list[float]()
    for cell in cells:
        try:
            weight = float(cell.replace(",", "."))
        except ValueError:
            weight = 0.0
        if not 0 < weight < float("inf"):
            raise DataError(f"{where}: the weight in {column!r} is {cell[:60]!r}; allowed: a number above 0 in every "
                            "row. Correct it, or remove the row.")
        found.append(weight)
    return found


def _check_names(rejects: Sequence[Reject], where: str) -> None:
    """DataError where cells are no names of the schema: table and schema disagree."""
    wrong = [one for one in rejects if one.kind == "name outside the schema"]
    if wrong:
        said = "; ".join(f"line {one.number}: {one.reason.rpartition(', or empty')[0]}" for one in wrong[:_NAMED])
        more = f" and {len(wrong) - _NAMED:,} more" if len(wrong) > _NAMED else ""
        raise DataError(f"{where} and the schema disagree in {len(wrong):,} rows ({said}{more}). Correct the table, or "
                        "add cells to the schema.")
