"""The attention heads and neurons of a layer, and those that are most exclusive to one concept."""

import base64
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from sparsecbm.figures.text import as_html
from sparsecbm.service import Explainer
from sparsecbm.subnetworks.compute_overlap import most_exclusive
from sparsecbm.subnetworks.counts import MaskCounts
from sparsecbm.subnetworks.figure_units import exclusive_table, head_map, neuron_map, percent_colours, unit_table
from sparsecbm.subnetworks.overlap import ExclusiveUnit
from sparsecbm.subnetworks.panel_selection import STATE, Selection
from sparsecbm.ui.cells import cell_pages
from sparsecbm.ui.chart import chart_foot, table_fold, title
from sparsecbm.ui.component import component
from sparsecbm.ui.safe_text import as_markdown, table_html
from sparsecbm.ui.session import seed_widget
from sparsecbm.ui.shell import is_dark, note

_component = component(__file__)


def neuron_pages(
    key: str, pages: Mapping[str, tuple[str, str, dict[str, Any]]], shown: str, dark: bool, follows: str
) -> None:
    """One of many layers, each with its words for a screen reader, its title and its `neuron_map`; which one is shown
    works as in `cell_pages`."""
    _component(key=key, data={
        "pages": {name: {"label": label, "title": title, **drawn, "own": _packed(drawn["own"]),
                         "used": _packed(drawn["used"])} for name, (label, title, drawn) in pages.items()},
        "shown": shown, "colours": percent_colours(dark), "follows": follows, "hint": ""})


def _packed(counts: np.ndarray) -> str:
    """Counts as the browser reads them fastest: 32 bits each, one row after the other."""
    return base64.b64encode(np.ascontiguousarray(counts, "<u4").tobytes()).decode()


HEAD_HELP = (
    "An attention head decides which words look at which. The number is the share of the head's used weights that only "
    "this concept uses; 0 means that none is its own."
)
NEURON_HELP = (
    "Each thin column is one feed-forward neuron, a place where the layer keeps one feature. The colour is the share "
    "of the weights into and out of it, among those used, that only this concept uses. Point at it for the counts."
)
LIST_HELP = (
    "The heads and neurons with the most weights that only this concept uses: where to look first for what the model "
    "computes for this concept alone."
)
#: The map of densities, whose rows are the layers in their order from 0.
DENSITY = "subnetworks:density"
_HEADS, _NEURONS, _CONCEPT = "subnetworks:heads", "subnetworks:neurons", "subnetworks:concept"


def layer_detail(explainer: Explainer, layer: str) -> None:
    """The heads and neurons of a layer; the browser has every layer's, and turns to one that is pressed by itself."""
    found = {name: explainer.layer_overlap(int(name)) for name in explainer.overlap().layers.units}  # as the map's rows
    heads = {name: one.heads for name, one in found.items() if one.heads.units}
    neurons = {name: one.neurons for name, one in found.items() if one.neurons.units}
    if heads:
        _heads(heads, layer)
    if neurons:
        _neurons(neurons, layer)
    if not heads and not neurons:
        unknown_parts()


def _heads(layers: Mapping[str, MaskCounts], shown: str) -> None:
    title("Attention heads of a layer", HEAD_HELP)
    pages = {name: (_most_alt(heads, "head", name), head_map(
        heads, f"Layer {name}: share of each head's used weights that one concept has to itself"))
        for name, heads in layers.items()}
    cell_pages(_HEADS, pages, shown, is_dark(), DENSITY, "")
    alt, cells = pages[shown]
    chart_foot(cells, partial(str, cells.title), unit_table(layers[shown], "head"), _HEADS, alt)


def _neurons(layers: Mapping[str, MaskCounts], shown: str) -> None:
    title("Feed-forward neurons of a layer", NEURON_HELP)
    pages = {name: (_most_alt(neurons, "neuron", name), f"Layer {name}", neuron_map(neurons))
             for name, neurons in layers.items()}
    neuron_pages(_NEURONS, pages, shown, is_dark(), DENSITY)
    table_fold(unit_table(layers[shown], "neuron"), _NEURONS, pages[shown][0])


def most_exclusive_units(explainer: Explainer, selection: Selection, pair: tuple[int, int] | None) -> None:
    """The heads and neurons with the most weights of one concept's own part."""
    overlap = explainer.overlap()
    concepts = overlap.concepts
    first = None if pair is None else overlap.total.passes[pair[0]]
    concept = selection.concept or (first if first in concepts else concepts[0])
    where = "in all layers" if selection.layer is None else f"in layer {selection.layer}"
    layers = [explainer.layer_overlap(int(unit)) for unit in overlap.layers.units
              if selection.layer in (None, unit)]
    k = concepts.index(concept)
    heads, neurons = most_exclusive(layers, k, "heads"), most_exclusive(layers, k, "neurons")
    if not heads and not neurons:
        note("This backbone has no heads or neurons that are known here.")
        return
    title(f"Heads and neurons of one concept alone, {where}", LIST_HELP)
    st.segmented_control("Concept", concepts, key=_CONCEPT, default=seed_widget(_CONCEPT, concept), required=True,
                         format_func=as_markdown,
                         on_change=lambda: STATE.change(concept=st.session_state[_CONCEPT]))
    for column, units, kind in zip(st.columns(2, gap="large"), (heads, neurons), ("head", "neuron"), strict=True):
        with column:
            st.html(_list_html(units, kind, concept))


def unknown_parts() -> None:
    """Say that this backbone's heads and neurons are not known."""
    st.info("The parts of this backbone have unknown names, so its heads and neurons cannot be distinguished.",
            icon=":material/info:")


def _list_html(units: tuple[ExclusiveUnit, ...], kind: str, concept: str) -> str:
    table = exclusive_table(units, kind)
    what = f"{kind.title()}s with the most weights that only {concept} uses"
    rows = [[str(cell) for cell in row] for row in table.itertuples(index=False)]
    return f"<b>{as_html(what)}</b>{table_html(what, [str(name) for name in table], rows)}"


def _most_alt(counts: MaskCounts, kind: str, layer: str) -> str:
    """The unit where each concept is most alone, in words."""
    share = counts.exclusive_share
    return f"Layer {layer}, the {kind} with the largest share of its own: " + ", ".join(
        f"{name} {kind} {counts.units[int(share[:, k].argmax())]} with {100 * share[:, k].max():.0f} percent"
        for k, name in enumerate(counts.passes[: share.shape[1]]))
