"""The rows of a slice in the order that was asked for, the most telling first."""

from collections.abc import Callable, Mapping

import numpy as np
from jaxtyping import Bool, Int, Shaped

from sparsecbm.failures.judged import Judged

Key = Callable[[Judged], Shaped[np.ndarray, " row"]]


def _far_off(judged: Judged) -> Shaped[np.ndarray, " row"]:
    """Steps between the label said and the true one, then how sure the model is of it; rows without truth are last."""
    away = np.where(judged.label_known, np.abs(judged.said_labels - judged.reviews.labels), -1.0)
    return np.asarray(away + judged.predictions.label_probabilities.max(1) / 2)


#: Name in the address -> what people see, and a key of which the largest comes first; equal rows keep their order.
SORTS: Mapping[str, tuple[str, Key]] = {
    "far-off": ("label furthest off", _far_off),
    "misread": ("most concepts misread", lambda judged: np.asarray(judged.misread.sum(1))),
    "unsure": ("least sure of the label", lambda judged: -judged.predictions.margins),
    "sure": ("surest of the label", lambda judged: judged.predictions.margins),
    "long": ("longest review", lambda judged: judged.words),
    "short": ("shortest review", lambda judged: -judged.words),
    "source": ("order of the source", lambda judged: np.zeros(len(judged))),
}


def ordered(judged: Judged, rows: Bool[np.ndarray, " row"], sort: str) -> Int[np.ndarray, " shown"]:
    """Numbers of the rows, by the sort of this name."""
    numbers = np.flatnonzero(rows)
    return np.asarray(numbers[np.argsort(-SORTS[sort][1](judged)[numbers], kind="stable")])
