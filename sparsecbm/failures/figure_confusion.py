"""Confusions as pictures: gold against predicted labels, misread values, and concepts misread together."""

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from sparsecbm.failures.error_analysis import ConceptErrors
from sparsecbm.failures.outcomes import Rate
from sparsecbm.figures.cell_table import Cells
from sparsecbm.figures.style import plain
from sparsecbm.figures.text import counted, counted_documents, percent, percent_range
from sparsecbm.schema import ConceptSchema

Counts = Int[np.ndarray, "label label"]


def confusion_map(
    counts: Counts, schema: ConceptSchema, title: str, chosen: tuple[tuple[int, int], ...] = ()
) -> Cells:
    """True labels in rows, predicted ones in columns; the diagonal is right. A row without a review stays blank."""
    totals = counts.sum(1, keepdims=True)
    shares = np.divide(counts, totals, out=np.full(counts.shape, np.nan), where=totals > 0)
    names = schema.label_display
    printed = [[f"{count:,}" for count in row] for row in counts.tolist()]
    hover = [[_hover(counts, schema, i, j) for j in range(len(names))] for i in range(len(names))]
    return Cells(shares, names, names, title, printed, hover, chosen=chosen,
                 axes=(f"true {schema.label_title}", f"{schema.label_title} predicted"))


def confusion_table(counts: Counts, schema: ConceptSchema) -> pd.DataFrame:
    """The same as numbers, with the reviews of every true label and how many of them are right."""
    names = schema.label_display
    rates = [Rate(int(row[k]), int(row.sum())) for k, row in enumerate(counts)]
    return pd.DataFrame({f"true {schema.label_title}": names,
                         **{f"predicted {name}": counts[:, k] for k, name in enumerate(names)},
                         "texts": counts.sum(1),
                         "right, percent": [None if rate.share is None else round(100 * rate.share, 1)
                                            for rate in rates]})


def confusion_text(counts: Counts, schema: ConceptSchema) -> str:
    """How many labels are right, and what goes wrong most."""
    title, total, wrong = schema.label_title, int(counts.sum()), int(counts.sum() - np.trace(counts))
    if not total:
        return f"None of these {schema.documents} has a labelled {title}."
    if not wrong:
        return f"The {title} is right in all {total:,} labelled {schema.documents}."
    return f"The {title} is wrong in {wrong:,} of {counted_documents(total, schema)}. {common_error(counts, schema)}"


def common_error(counts: Counts, schema: ConceptSchema) -> str:
    """The most common confusion, and how many of the errors are by one step where labels have an order; "" without."""
    off = counts - np.diag(np.diag(counts))
    wrong = int(off.sum())
    if not wrong:
        return ""
    i, j = np.unravel_index(int(off.argmax()), off.shape)
    said = (f"The most common error: {schema.label_display[i]} predicted as {schema.label_display[j]}, {off[i, j]:,} "
            f"of {counts[i].sum():,}.")
    if len(schema.labels) > 2:
        near = int(np.trace(counts, 1) + np.trace(counts, -1))
        said += f" Of all {counted(wrong, 'error')}, {near:,} {'is' if near == 1 else 'are'} off by one step."
    return said


def _hover(counts: Counts, schema: ConceptSchema, i: int, j: int) -> str:
    true, given, rate = schema.label_display[i], schema.label_display[j], Rate(int(counts[i, j]), int(counts[i].sum()))
    if rate.share is None:
        return f"no {plain(schema.document)} whose {plain(schema.label_title)} is {plain(true)}"
    return (f"truly {plain(true)}, predicted {plain(given)}{': right' if i == j else ''}<br>{rate.hits:,} of "
            f"{plain(counted_documents(rate.n, schema))}, {percent(rate.share)} (95 % interval "
            f"{percent_range(np.array(rate.interval))})")


Chosen = tuple[tuple[int, int], ...]


def errors_by_value(errors: ConceptErrors, schema: ConceptSchema, title: str, chosen: Chosen = ()) -> Cells:
    """Of each concept (row) and true value (column), the share that is misread; printed with the reviews of that
    value."""
    wrong, labelled = errors.wrong, errors.labelled
    printed = [[f"{percent(w / t)} of {t:,}" if t else "" for w, t in zip(*pair, strict=True)]
               for pair in zip(wrong.tolist(), labelled.tolist(), strict=True)]
    hover = [[_rate(Rate(int(wrong[k, v]), int(labelled[k, v])), f"{plain(concept)} truly {plain(value)}", "is misread")
              for v, value in enumerate(schema.values)] for k, concept in enumerate(schema.concepts)]
    return Cells(_shares(wrong, labelled), schema.concepts, schema.values, title, printed, hover, chosen=chosen,
                 axes=("concept", "true value"))


def errors_together(errors: ConceptErrors, schema: ConceptSchema, title: str, chosen: Chosen = ()) -> Cells:
    """Where a concept (row) is misread, the share in which another one (column) is misread in the same review.

    Printed are the reviews in which both are; on the diagonal, those in which the concept is.
    """
    names, together = schema.concepts, errors.together
    alone = np.diag(together)
    printed = [[f"{count:,}" for count in row] for row in together.tolist()]
    hover = [[_together(errors, names, i, j) for j in range(len(names))] for i in range(len(names))]
    return Cells(_shares(together, np.broadcast_to(alone[:, None], together.shape)), names, names, title, printed,
                 hover, chosen=chosen, axes=("misread", "misread as well"))


def value_table(errors: ConceptErrors, schema: ConceptSchema) -> pd.DataFrame:
    """Misread and labelled reviews of each concept and value, with 95 % intervals."""
    rows = []
    for k, concept in enumerate(schema.concepts):
        for v, value in enumerate(schema.values):
            rate = Rate(int(errors.wrong[k, v]), int(errors.labelled[k, v]))
            low, high = (round(100 * bound, 1) for bound in rate.interval)
            rows.append({"concept": concept, "true value": value, "misread": rate.hits, "texts": rate.n,
                         "percent": None if rate.share is None else round(100 * rate.share, 1),
                         "95 % from": low, "95 % to": high})
    return pd.DataFrame(rows)


def together_table(errors: ConceptErrors, schema: ConceptSchema) -> pd.DataFrame:
    """For every two concepts, the reviews in which both are misread, and those expected if they erred independently."""
    rows = []
    for i, first in enumerate(schema.concepts):
        for j, second in enumerate(schema.concepts[i + 1:], start=i + 1):
            rows.append({"concept": first, "other": second, "both misread": int(errors.together[i, j]),
                         "expected by chance": round(expected_together(errors)[i, j], 1),
                         "texts where both are labelled": int(errors.both_labelled[i, j])})
    return pd.DataFrame(rows, columns=["concept", "other", "both misread", "expected by chance",
                                       "texts where both are labelled"])


def expected_together(errors: ConceptErrors) -> Float[np.ndarray, "concept other"]:
    """Reviews in which two concepts would both be misread, if each erred at its rate independently of the other."""
    rates = np.diag(errors.together) / np.maximum(np.diag(errors.both_labelled), 1)
    return np.asarray(rates[:, None] * rates[None] * errors.both_labelled)


def errors_text(errors: ConceptErrors, schema: ConceptSchema) -> str:
    """How often each concept is misread, in one line."""
    return "; ".join(f"{concept} {errors.together[k, k]:,} of {errors.both_labelled[k, k]:,}"
                     for k, concept in enumerate(schema.concepts))


def _shares(hits: Int[np.ndarray, "row column"], of: Int[np.ndarray, "row column"]) -> Float[np.ndarray, "row column"]:
    return np.asarray(np.divide(hits, of, out=np.full(hits.shape, np.nan), where=of > 0))


def _together(errors: ConceptErrors, names: tuple[str, ...], i: int, j: int) -> str:
    one, other = plain(names[i]), plain(names[j])
    if i == j:
        return _rate(Rate(int(errors.together[i, i]), int(errors.both_labelled[i, i])), one, "is misread")
    return (f"{one} and {other} are both misread in {errors.together[i, j]:,} of the {errors.both_labelled[i, j]:,} "
            f"texts<br>where both are labelled; independent errors would be in {expected_together(errors)[i, j]:.1f}")


def _rate(rate: Rate, subject: str, what: str) -> str:
    if rate.share is None:
        return f"no text is labelled {subject}"
    return (f"{subject} {what} in {rate.hits:,} of {rate.n:,} texts<br>{percent(rate.share)} (95 % interval "
            f"{percent_range(np.array(rate.interval))})")
