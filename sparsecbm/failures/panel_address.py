"""What is looked at on the Failures page, as a value, and its two-way translation to the address bar."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

import numpy as np
from jaxtyping import Bool, Int, Shaped

from sparsecbm.errors import unknown_name
from sparsecbm.failures.error_analysis import ErrorAnalysis
from sparsecbm.failures.slice_address import PARTS, from_params, to_params
from sparsecbm.failures.slices import Slice
from sparsecbm.schema import ConceptSchema
from sparsecbm.ui.page_state import Address, unknown_parts
from sparsecbm.ui.view import MOST_ENCODED

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
    "long": ("longest review", lambda analysis: analysis.words),
    "short": ("shortest review", lambda analysis: -analysis.words),
    "source": ("order of the source", lambda analysis: np.zeros(len(analysis))),
}


def ordered(analysis: ErrorAnalysis, rows: Bool[np.ndarray, " row"], sort: str) -> Int[np.ndarray, " shown"]:
    """Numbers of the rows, by the sort of this name."""
    numbers = np.flatnonzero(rows)
    return np.asarray(numbers[np.argsort(-SORTS[sort][1](analysis)[numbers], kind="stable")])


SOURCE, SORT, PAGE, OPEN = "source", "sort", "page", "open"
NAMES = (SOURCE, SORT, PAGE, OPEN, *PARTS)
_MOST_PAGES = 1_000_000


@dataclass(frozen=True)
class Looking:
    """A source, the slice of it in force, and its table. `open` is the id of the review that is read, if any.

    `source` is empty for what a session starts with; `page` counts from 1.
    """

    source: str = ""
    slice: Slice = Slice()
    sort: str = next(iter(SORTS))
    page: int = 1
    open: str | None = None


def to_address(looking: Looking) -> dict[str, str | list[str]]:
    """The parts of the address that restore it; what every session starts with is left out, and a slice that no
    address has room for, too."""
    others = {SOURCE: looking.source or None, SORT: None if looking.sort == Looking.sort else looking.sort,
              PAGE: None if looking.page == 1 else str(looking.page), OPEN: looking.open}
    parts: dict[str, str | list[str]] = {name: part for name, part in others.items() if part is not None}
    return parts | dict(to_params(looking.slice)) if fits_address(looking.slice) else parts


def fits_address(chosen: Slice) -> bool:
    """True when a slice is short enough to travel in a link."""
    return len(urlencode(to_params(chosen), doseq=True, errors="replace")) <= MOST_ENCODED


def from_address(
    parts: Address, schema: ConceptSchema, sources: Collection[str]
) -> tuple[Looking, tuple[str, ...]]:
    """What an address says, and one message for every part that could not be used. Good parts are kept."""
    problems = unknown_parts(parts, NAMES)
    last = {name: given[-1] for name, given in parts.items() if given}
    found = Looking()
    for name, allowed in ((SOURCE, tuple(sources)), (SORT, tuple(SORTS))):
        if name in last and last[name] not in allowed:
            problems.append(f"{unknown_name(name, last[name], allowed)} (The address says {name}={last[name]}.)")
        elif name in last:
            found = replace(found, **{name: last[name]})  # type: ignore[arg-type]
    page = last.get(PAGE, "1")
    if page.isascii() and page.isdigit() and 1 <= int(page[:9]) <= _MOST_PAGES:
        found = replace(found, page=int(page[:9]))
    else:
        problems.append(f"The address says {PAGE}={page}; allowed: a whole number from 1.")
    chosen, unusable = from_params(parts, schema)
    return replace(found, slice=chosen, open=last.get(OPEN)), (*problems, *unusable)
