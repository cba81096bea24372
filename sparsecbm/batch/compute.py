"""A batch: predictions for every row of a table, in bounded memory, which can be stopped and continued."""

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from sparsecbm.batch.compute_outputs import check_output, output_schema, output_table
from sparsecbm.batch.compute_parts import Counts, Parts
from sparsecbm.data.columns import Columns
from sparsecbm.data.own_table import TextRow, lost_lines, text_rows
from sparsecbm.data.records import Reject
from sparsecbm.data.table_source import TableSource
from sparsecbm.paths import keep_apart
from sparsecbm.revision.edit import MaskChange
from sparsecbm.schema import ConceptSchema
from sparsecbm.service import Explainer
from sparsecbm.types import Predictions

#: A window is read, predicted in batches of like length, and kept as a part: at most so many rows and characters.
WINDOW_ROWS, WINDOW_CHARACTERS = 1024, 1_000_000

Progress = Callable[[float], None]


@dataclass(frozen=True)
class BatchModel:
    """The model of a batch. `key` identifies it, and `concepts` is False where it has none.

    `predict` takes texts and a function that is called with the share done, 0..1. `familiarity` identifies what its
    `unlike` was measured with.
    """

    key: str
    schema: ConceptSchema
    concepts: bool
    predict: Callable[[Sequence[str], Progress], Predictions]
    familiarity: str = ""

    @classmethod
    def of(cls, explainer: Explainer, changes: Sequence[MaskChange] = ()) -> "BatchModel":
        """A loaded model, with `changes` as after these mask changes, such as those of a patch."""
        checkpoint, key = explainer.checkpoint, explainer.checkpoint.hash
        if changes:
            key += "+" + hashlib.sha256("".join(change.digest for change in changes).encode()).hexdigest()
        return cls(key, explainer.schema, checkpoint.kind != "black_box",
                   lambda texts, progress: explainer.predict_texts(texts, changes, progress),
                   "" if changes else checkpoint.familiarity)


@dataclass(frozen=True)
class BatchReport:
    """What became of a batch. `before` counts the rows that earlier runs had done; `seconds` are this run's.

    `rejects` is the file of the rows that could not be used, None where all could.
    """

    output: Path
    rejects: Path | None
    counts: Counts
    before: int
    seconds: float
    notes: tuple[str, ...]
    model: str

    @property
    def rows_per_second(self) -> float:
        """Rows that this run read, the rejected ones too, for each second of it."""
        return (self.counts.read - self.before) / self.seconds

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        counts = self.counts
        return {
            "output": str(self.output), "rejects": None if self.rejects is None else str(self.rejects),
            "rows": counts.read, "predicted": counts.predicted, "rejected": counts.rejected,
            "truncated": counts.truncated, "rows_before": self.before, "seconds": self.seconds,
            "rows_per_second": self.rows_per_second, "notes": list(self.notes), "checkpoint": self.model,
        }


def predict_table(
    table: TableSource,
    columns: Columns,
    model: BatchModel,
    output: Path,
    text: bool = False,
    restart: bool = False,
    progress: Progress = lambda _: None,
) -> BatchReport:
    """Write what a model says of every row, in the table's order, to a .parquet, .csv or .jsonl file.

    With `text`, the texts are written too. Rows that cannot be used go to `OUTPUT.rejects.jsonl` with their line and
    the reason. `progress` gets the share done, 0..1, and may raise Cancelled: the parts that are done stay in
    `OUTPUT.parts`, and the same call goes on from there. InputError when such parts are of another table, model or
    choice of columns, or the output is there already, unless `restart` replaces it.
    """
    started = time.perf_counter()
    check_output(output)
    of = {"input": table.digest, "encoding or separator": table.form, "checkpoint or patch": model.key,
          "familiarity file": model.familiarity,
          "choice of columns": f"{columns.text!r}, {columns.id!r}, {'with' if text else 'without'} texts"}
    parts, form = Parts(output), output_schema(model.schema, model.concepts, text)
    keep_apart(parts.written, [table.label])
    with parts.held(of, restart):
        before, share = parts.state.counts.read, 0.0
        for window in _windows(islice(text_rows(table, columns), before, None)):
            rows = [row for row in window if isinstance(row, TextRow)]
            until = window[-1].share

            def report(done: float, since: float = share, until: float = until) -> None:
                progress(since + done * (until - since))

            found = model.predict([row.text for row in rows], report)
            rejects = [row for row in window if isinstance(row, Reject)]
            parts.add(output_table(rows, found, model.concepts, text), rejects, int(found.truncated.sum()))
            share = until
            progress(share)
        counts = parts.state.counts
        parts.finish(form)
    lost = tuple(f"{count:,} {what}" for what, count in lost_lines(parts.lost()).items())
    return BatchReport(output, parts.rejects if counts.rejected else None, counts, before,
                       time.perf_counter() - started, (*table.notes, *lost), model.key)


def _windows(rows: Iterator[TextRow | Reject]) -> Iterator[list[TextRow | Reject]]:
    """The rows in their order, some at a time."""
    window, characters = list[TextRow | Reject](), 0
    for row in rows:
        window.append(row)
        characters += len(row.text if isinstance(row, TextRow) else row.content)
        if len(window) == WINDOW_ROWS or characters >= WINDOW_CHARACTERS:
            yield window
            window, characters = [], 0
    if window:
        yield window
