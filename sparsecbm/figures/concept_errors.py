"""How concepts are misread: by the value that is told, and which two in the same review."""

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from sparsecbm.failures.confusion import ConceptErrors
from sparsecbm.failures.rates import Rate
from sparsecbm.figures.cells import Cells
from sparsecbm.figures.names import percent, percent_range
from sparsecbm.figures.plotly_text import plain
from sparsecbm.schema import ConceptSchema

Chosen = tuple[tuple[int, int], ...]


def errors_by_value(errors: ConceptErrors, schema: ConceptSchema, title: str, chosen: Chosen = ()) -> Cells:
    """Of each concept (row) and true value (column), the share that is misread; printed with the reviews of that
    value."""
    wrong, told = errors.wrong, errors.told
    printed = [[f"{percent(w / t)} of {t:,}" if t else "" for w, t in zip(*pair, strict=True)]
               for pair in zip(wrong.tolist(), told.tolist(), strict=True)]
    hover = [[_rate(Rate(int(wrong[k, v]), int(told[k, v])), f"{plain(concept)} truly {plain(value)}", "is misread")
              for v, value in enumerate(schema.values)] for k, concept in enumerate(schema.concepts)]
    return Cells(_shares(wrong, told), schema.concepts, schema.values, title, printed, hover, chosen=chosen,
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
    """Misread and told reviews of each concept and value, with what chance leaves open."""
    rows = []
    for k, concept in enumerate(schema.concepts):
        for v, value in enumerate(schema.values):
            rate = Rate(int(errors.wrong[k, v]), int(errors.told[k, v]))
            low, high = (round(100 * bound, 1) for bound in rate.interval)
            rows.append({"concept": concept, "true value": value, "misread": rate.hits, "reviews": rate.n,
                         "percent": None if rate.share is None else round(100 * rate.share, 1),
                         "95 % from": low, "95 % to": high})
    return pd.DataFrame(rows)


def together_table(errors: ConceptErrors, schema: ConceptSchema) -> pd.DataFrame:
    """For every two concepts, the reviews in which both are misread beside those expected if they erred apart."""
    rows = []
    for i, first in enumerate(schema.concepts):
        for j, second in enumerate(schema.concepts[i + 1:], start=i + 1):
            rows.append({"concept": first, "other": second, "both misread": int(errors.together[i, j]),
                         "expected by chance": round(expected_together(errors)[i, j], 1),
                         "reviews where both are told": int(errors.both_told[i, j])})
    return pd.DataFrame(rows, columns=["concept", "other", "both misread", "expected by chance",
                                       "reviews where both are told"])


def expected_together(errors: ConceptErrors) -> Float[np.ndarray, "concept other"]:
    """Reviews in which two concepts would both be misread, did each err at its rate without regard to the other."""
    rates = np.diag(errors.together) / np.maximum(np.diag(errors.both_told), 1)
    return np.asarray(rates[:, None] * rates[None] * errors.both_told)


def errors_text(errors: ConceptErrors, schema: ConceptSchema) -> str:
    """How often each concept is misread, in one line."""
    return "; ".join(f"{concept} {errors.together[k, k]:,} of {errors.both_told[k, k]:,}"
                     for k, concept in enumerate(schema.concepts))


def _shares(hits: Int[np.ndarray, "row column"], of: Int[np.ndarray, "row column"]) -> Float[np.ndarray, "row column"]:
    return np.asarray(np.divide(hits, of, out=np.full(hits.shape, np.nan), where=of > 0))


def _together(errors: ConceptErrors, names: tuple[str, ...], i: int, j: int) -> str:
    one, other = plain(names[i]), plain(names[j])
    if i == j:
        return _rate(Rate(int(errors.together[i, i]), int(errors.both_told[i, i])), one, "is misread")
    return (f"{one} and {other} are both misread in {errors.together[i, j]:,} of the {errors.both_told[i, j]:,} "
            f"reviews<br>where both are told; erring apart, they would be in {expected_together(errors)[i, j]:.1f}")


def _rate(rate: Rate, subject: str, what: str) -> str:
    if rate.share is None:
        return f"no review tells {subject}"
    return (f"{subject} {what} in {rate.hits:,} of {rate.n:,} reviews<br>{percent(rate.share)} (95 % interval "
            f"{percent_range(np.array(rate.interval))})")
