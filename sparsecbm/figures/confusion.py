"""Labels as told against labels as given: every cell with its count, coloured by its share of the true label."""

import numpy as np
import pandas as pd
from jaxtyping import Int

from sparsecbm.failures.rates import Rate
from sparsecbm.figures.cells import Cells
from sparsecbm.figures.names import percent, percent_range
from sparsecbm.figures.plotly_text import plain
from sparsecbm.schema import ConceptSchema

Counts = Int[np.ndarray, "label label"]


def confusion_map(
    counts: Counts, schema: ConceptSchema, title: str, chosen: tuple[tuple[int, int], ...] = ()
) -> Cells:
    """True labels in rows, given ones in columns; the diagonal is right. A row without a review stays blank."""
    totals = counts.sum(1, keepdims=True)
    shares = np.divide(counts, totals, out=np.full(counts.shape, np.nan), where=totals > 0)
    names = schema.label_display
    printed = [[f"{count:,}" for count in row] for row in counts.tolist()]
    hover = [[_hover(counts, schema, i, j) for j in range(len(names))] for i in range(len(names))]
    return Cells(shares, names, names, title, printed, hover, chosen=chosen,
                 axes=(f"true {schema.label_title}", f"{schema.label_title} given"))


def confusion_table(counts: Counts, schema: ConceptSchema) -> pd.DataFrame:
    """The same as numbers, with the reviews of every true label and how many of them are right."""
    names = schema.label_display
    rates = [Rate(int(row[k]), int(row.sum())) for k, row in enumerate(counts)]
    return pd.DataFrame({f"true {schema.label_title}": names,
                         **{f"given {name}": counts[:, k] for k, name in enumerate(names)},
                         "reviews": counts.sum(1),
                         "right, percent": [None if rate.share is None else round(100 * rate.share, 1)
                                            for rate in rates]})


def confusion_text(counts: Counts, schema: ConceptSchema) -> str:
    """How many are right, how many of the wrong ones are off by one where labels have an order, and the worst pair."""
    title, total, wrong = schema.label_title, int(counts.sum()), int(counts.sum() - np.trace(counts))
    if not total:
        return f"The true {title} is told of none of these reviews."
    if not wrong:
        return f"The {title} is right in all {total:,} reviews of which it is told."
    said = f"The {title} is wrong in {wrong:,} of {total:,} reviews ({percent(wrong / total)})"
    if len(schema.labels) > 2:
        near = int(np.trace(counts, 1) + np.trace(counts, -1))
        said += f", {near:,} of them by one step"
    off = counts - np.diag(np.diag(counts))
    i, j = np.unravel_index(int(off.argmax()), off.shape)
    return (f"{said}. Most often {schema.label_display[i]} is taken for {schema.label_display[j]}: {off[i, j]:,} of "
            f"{counts[i].sum():,}.")


def _hover(counts: Counts, schema: ConceptSchema, i: int, j: int) -> str:
    true, given, rate = schema.label_display[i], schema.label_display[j], Rate(int(counts[i, j]), int(counts[i].sum()))
    if rate.share is None:
        return f"no review whose {plain(schema.label_title)} is {plain(true)}"
    return (f"truly {plain(true)}, given {plain(given)}{': right' if i == j else ''}<br>{rate.hits:,} of {rate.n:,} "
            f"reviews, {percent(rate.share)} (95 % interval {percent_range(np.array(rate.interval))})")
