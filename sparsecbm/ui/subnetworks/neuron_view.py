"""Every neuron of a layer as a thin column of a picture: one Streamlit component, drawn in place."""

from collections.abc import Sequence
from typing import Any

from sparsecbm.ui.component import component

_component = component(__file__)


def neuron_pages(
    key: str, pages: Sequence[tuple[str, str, dict[str, Any]]], shown: int | None, follows: str, hint: str
) -> None:
    """One of many layers: what is seen in words, a title and a `figures.exclusive.neuron_map` of each.

    Which one, is as of `cell_pages`.
    """
    _component(key=key, data={
        "pages": [{"label": label, "title": title, **drawn} for label, title, drawn in pages], "shown": shown,
        "follows": follows, "hint": hint})
