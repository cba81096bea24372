"""Every neuron of a layer as a thin column of a picture: one Streamlit component, drawn in place."""

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np

from sparsecbm.figures.exclusive import percent_colours
from sparsecbm.ui.component import component

_component = component(__file__)


def neuron_pages(
    key: str, pages: Mapping[str, tuple[str, str, dict[str, Any]]], shown: str | None, dark: bool, follows: str,
    hint: str,
) -> None:
    """One of many layers: what is seen in words, a title and a `figures.exclusive.neuron_map` of each.

    Which one, is as of `cell_pages`.
    """
    _component(key=key, data={
        "pages": {name: {"label": label, "title": title, **drawn, "own": _packed(drawn["own"]),
                         "used": _packed(drawn["used"])} for name, (label, title, drawn) in pages.items()},
        "shown": shown, "colours": percent_colours(dark), "follows": follows, "hint": hint})


def _packed(counts: np.ndarray) -> str:
    """Counts as the browser reads them soonest: 32 bits each, one row after the other."""
    return base64.b64encode(np.ascontiguousarray(counts, "<u4").tobytes()).decode()
