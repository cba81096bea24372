"""What the Failures page shows, as a value, and how the address holds it."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

import numpy as np
from jaxtyping import Bool, Int, Shaped

from sparsecbm.failures.error_analysis import ErrorAnalysis
from sparsecbm.failures.slice_address import FIELDS as SLICE_FIELDS
from sparsecbm.failures.slice_address import to_params
from sparsecbm.failures.slices import Slice
from sparsecbm.fields import Field, whole_number
from sparsecbm.schema import ConceptSchema
from sparsecbm.ui.page_state import MOST_ENCODED, PageState

Key = Callable[[ErrorAnalysis], Shaped[np.ndarray, " row"]]


def _far_off(analysis: ErrorAnalysis) -> Shaped[np.ndarray, " row"]:
    """Steps between the label said and the true one, then how sure the model is of it; rows without truth are last."""
    away = np.where(analysis.label_known, np.abs(analysis.predicted_labels - analysis.reviews.labels), -1.0)
    return np.asarray(away + analysis.predictions.label_probabilities.max(1) / 2)


#: Name in the address -> what people see, and a key of which the largest comes first; equal rows keep their order.
SORTS: Mapping[str, tuple[str, Key]] = {
    "far-off": ("label furthest off", _far_off),
    "misread": ("most concepts misread", lambda analysis: np.asarray(analysis.misread.sum(1))),
    "unsure": ("least sure of the label", lambda analysis: -analysis.predictions.margins),
    "sure": ("surest of the label", lambda analysis: analysis.predictions.margins),
    "long": ("longest text", lambda analysis: analysis.words),
    "short": ("shortest text", lambda analysis: -analysis.words),
    "source": ("order of the source", lambda analysis: np.zeros(len(analysis))),
}


def ordered(analysis: ErrorAnalysis, rows: Bool[np.ndarray, " row"], sort: str) -> Int[np.ndarray, " shown"]:
    """Numbers of the rows, by the sort of this name."""
    numbers = np.flatnonzero(rows)
    return np.asarray(numbers[np.argsort(-SORTS[sort][1](analysis)[numbers], kind="stable")])


_MOST_PAGES = 1_000_000
#: What can be done with a source.
SECTIONS = {"find": "Find failures", "label": "Label texts"}


@dataclass(frozen=True)
class Looking:
    """A source, what is done with it, the slice of it in force, and its table. `open` is the id of the review that is
    read, if any.

    `source` is empty for what a session starts with; `page` counts from 1.
    """

    source: str = ""
    slice: Slice = Slice()
    sort: str = next(iter(SORTS))
    page: int = 1
    open: str | None = None
    section: str = next(iter(SECTIONS))


def fits_address(chosen: Slice) -> bool:
    """True when a slice is short enough to travel in a link."""
    return len(urlencode(to_params(chosen), doseq=True, errors="replace")) <= MOST_ENCODED


@dataclass(frozen=True)
class Known:
    """What can be chosen among."""

    schema: ConceptSchema
    sources: Collection[str]


def _slice_field(field: Field) -> Field:
    """A field of a slice as one of the page's."""
    allowed = field.allowed
    return replace(field, attribute=f"slice.{field.attribute or field.name}",
                   read=lambda given, known: field.read(given, known.schema),
                   allowed=(lambda known: allowed(known.schema)) if callable(allowed) else allowed)


#: How the address holds it.
FIELDS = (
    Field("source", allowed=lambda known: known.sources),
    Field("sort", allowed=SORTS),
    Field("page", whole_number(_MOST_PAGES)),
    Field("open"),
    Field("section", allowed=SECTIONS),
    *map(_slice_field, SLICE_FIELDS),
)
_SLICE_NAMES = tuple(field.name for field in SLICE_FIELDS)
STATE = PageState("failures", Looking(), FIELDS,
                  left_out=lambda looking: () if fits_address(looking.slice) else _SLICE_NAMES)
