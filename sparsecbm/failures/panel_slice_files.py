"""A slice as a file, and what such a file says of documents, found again by their ids.

In CSV, text that a spreadsheet would run as a formula is protected; reading it undoes that.
"""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int

from sparsecbm.data.columns import ID_NAME, column_called, folded
from sparsecbm.data.records import Record
from sparsecbm.data.reviews import Reviews
from sparsecbm.data.spellings import cell_name
from sparsecbm.data.table_source import open_table
from sparsecbm.errors import DataError, InputError
from sparsecbm.export.values import as_cell
from sparsecbm.failures.error_analysis import ErrorAnalysis
from sparsecbm.failures.outcomes import OUTCOMES
from sparsecbm.failures.slice_address import to_params
from sparsecbm.failures.slices import Marks, Slice, in_words
from sparsecbm.figures.text import visible

FORMAT = "sparsecbm slice 1"
#: What stands between tags in one cell.
_BETWEEN = " | "
_TAGS = "tags"


@dataclass(frozen=True)
class Imported:
    """The ids of a file that are in a source, once each, how many others the file has, and a person's tags by id."""

    ids: tuple[str, ...]
    unknown: int
    marks: Mapping[str, frozenset[str]]


def slice_csv(analysis: ErrorAnalysis, rows: Int[np.ndarray, " shown"], marks: Marks) -> str:
    """The rows as a table, in their order; every text neutralised."""
    output = io.StringIO()
    writer = csv.writer(output, lineterminator="\n")
    for number, row in enumerate(_rows(analysis, rows, marks)):
        if not number:
            writer.writerow(map(as_cell, row))
        writer.writerow(as_cell(_BETWEEN.join(cell) if isinstance(cell, list) else cell) for cell in row.values())
    return output.getvalue()


def slice_json(
    analysis: ErrorAnalysis, chosen: Slice, rows: Int[np.ndarray, " shown"], marks: Marks, checkpoint: str
) -> str:
    """The rows, the slice that they are, and the source and checkpoint that they belong to."""
    reviews = analysis.reviews
    return json.dumps({
        "format": FORMAT, "source": reviews.name, "digest": reviews.digest, "checkpoint": checkpoint,
        "slice": to_params(chosen), "in_words": in_words(chosen, reviews.schema),
        "rows": _rows(analysis, rows, marks)}, ensure_ascii=False, indent=1)


def read_slice(path: Path, reviews: Reviews) -> Imported:
    """The documents that a file of `slice_csv` or `slice_json`, or any table with a column `id`, names.

    InputError when it names no review of the source; DataError when it cannot be read.
    """
    rows = _json_rows(path) if path.suffix.lower() == ".json" else _table_rows(path)
    written = {cell_name(spelt): name for name in reviews.ids for spelt in (visible(name), name)}
    ids, unknown, marks = dict[str, None](), 0, dict[str, set[str]]()
    for given, tags in rows:
        name = written.get(cell_name(given))
        if name is None:
            unknown += 1
            continue
        ids[name] = None
        for tag in tags:
            marks.setdefault(tag, set()).add(name)
    if not ids:
        raise InputError(f"None of the {unknown:,} ids in {path.name} is one of {reviews.name}; allowed: a slice of "
                         f"these texts, with ids such as {reviews.ids[0][:60]!r}. Open the source that it was "
                         "exported from.")
    return Imported(tuple(ids), unknown, {tag: frozenset(names) for tag, names in marks.items()})


def _rows(analysis: ErrorAnalysis, rows: Int[np.ndarray, " shown"], marks: Marks) -> list[dict[str, Any]]:
    """Every row with its gold and predicted answers; None where there is no gold one. Probabilities are 0..1."""
    reviews, found, schema = analysis.reviews, analysis.predictions, analysis.reviews.schema
    margins = found.margins

    def one(row: int) -> dict[str, Any]:
        cells: dict[str, Any] = {
            ID_NAME: reviews.ids[row], "text": reviews.texts[row], "outcome": str(OUTCOMES[analysis.outcomes[row]]),
            "true_label": _named(schema.labels, reviews.labels[row]),
            "label": schema.labels[analysis.predicted_labels[row]],
            "probability": float(found.label_probabilities[row].max()), "margin": float(margins[row]),
        }
        for k, concept in enumerate(schema.concepts):
            cells[f"true_{concept}"] = _named(schema.values, reviews.values[row, k])
            if analysis.has_concepts:
                cells[f"concept_{concept}"] = schema.values[analysis.predicted_values[row, k]]
        cells["smart_tags"] = [str(tag) for tag, held in analysis.tags.held.items() if held[row]]
        cells[_TAGS] = [mark for mark, ids in sorted(marks.items()) if reviews.ids[row] in ids]
        for name, column in reviews.columns.items():
            cell = column.iloc[row]
            cells[f"column_{name}"] = None if cell is None or cell != cell else cell
        return cells

    return [one(row) for row in rows.tolist()]


def _named(names: Sequence[str], index: np.integer[Any]) -> str | None:
    return names[int(index)] if index >= 0 else None


def _table_rows(path: Path) -> list[tuple[Any, list[str]]]:
    table = open_table(path)
    name = column_called(ID_NAME, table.columns, table.label)
    tags = next((column for column in table.columns if folded(column) == _TAGS), None)
    return [(record.cells.get(name), [tag for tag in str(record.cells.get(tags or _TAGS) or "").split(_BETWEEN) if tag])
            for record in table.records([name] if tags is None else [name, tags]) if isinstance(record, Record)]


def _json_rows(path: Path) -> list[tuple[Any, list[str]]]:
    try:
        rows = json.loads(path.read_bytes())["rows"]
        return [(row[column_called(ID_NAME, tuple(row))], [str(tag) for tag in row.get(_TAGS) or ()]) for row in rows]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, DataError):
        raise InputError(f"{path.name} is no exported slice; allowed: the JSON or CSV that *Export* writes, or a table "
                         "with a column id. Export the slice again.") from None
