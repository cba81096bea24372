"""A closer look: one pair by layer and module, one layer's heads and neurons, and where a concept is most alone."""

from functools import partial

import pandas as pd
import streamlit as st

from sparsecbm.explain.overlap import most_exclusive
from sparsecbm.explainer import Explainer
from sparsecbm.export.table import as_cell
from sparsecbm.figures.escaping import as_html
from sparsecbm.figures.exclusive import exclusive_table, head_map, neuron_map, unit_table
from sparsecbm.figures.pairs import pair_bars, pair_table, pair_text
from sparsecbm.subnetworks.counts import ARRAYS, MaskCounts
from sparsecbm.subnetworks.overlap import ExclusiveUnit, MaskOverlap
from sparsecbm.ui.cell_view import cell_pages
from sparsecbm.ui.chart import chart, chart_foot, table_fold, title
from sparsecbm.ui.markdown import as_markdown
from sparsecbm.ui.session import seed_widget
from sparsecbm.ui.shell import is_dark, note
from sparsecbm.ui.subnetworks.neuron_view import neuron_pages
from sparsecbm.ui.subnetworks.selection import KEPT, Selection, chosen_pair, shown_passes
from sparsecbm.ui.table_html import table_html

PAIR_HELP = (
    "Each bar is one part of the network: the weights that both subnetworks use, that only the first uses, and that "
    "only the second uses, as percent of the part's weights."
)
HEAD_HELP = (
    "An attention head decides which words look at which. The number is the share of the head's used weights that only "
    "this concept uses; 0 means that it has none to itself here."
)
NEURON_HELP = (
    "Each thin column is one feed-forward neuron, a place where the layer keeps one feature. The colour is the share "
    "of the weights into and out of it, among those used, that only this concept uses. Point at it for the counts."
)
LIST_HELP = (
    "The heads and neurons with the most weights that only this concept uses: where to look first for what the model "
    "does for this concept alone."
)
_PAIR, _LAYER, _CONCEPT = "subnetworks:pair", "subnetworks:layer", "subnetworks:concept"
_HEADS, _NEURONS = "subnetworks:heads", "subnetworks:neurons"
#: The map of densities, whose rows are the layers.
DENSITY = "subnetworks:density"
_LAYER_HINT = "Press a cell of the right chart above, or choose a layer there, to see it here."
_ALL = ""


def closer_look(explainer: Explainer, selection: Selection) -> None:
    """The drill-down: what is chosen, and nothing before that."""
    overlap = explainer.overlap()
    pair = chosen_pair(selection, overlap)
    st.markdown("### A closer look")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        if len(shown_passes(selection, overlap)) > 1:
            _pair_choice(selection, overlap, pair)
        layers = [_ALL, *overlap.layers.units]
        st.selectbox("Layer", layers, layers.index(seed_widget(_LAYER, selection.layer or _ALL)), key=_LAYER,
                     width=180, format_func=lambda layer: f"layer {layer}" if layer else "all layers",
                     on_change=lambda: KEPT.change(layer=st.session_state[_LAYER] or None))
    if pair is None:
        note("Press a cell of the left chart above, or choose a pair here, to see where the two overlap.")
    else:
        st.markdown(as_markdown(pair_text(overlap.total, *pair)))
        _pair_by_part(explainer, selection.layer, pair)
    _layer(explainer, selection.layer)
    _lists(explainer, selection, pair)


def modules_of(overlap: MaskOverlap, layer: str | None) -> MaskCounts:
    """A unit per part of a layer, such as `query`, in one layer or over all of them."""
    if layer is None:
        return overlap.modules
    rows = [row for row, name in enumerate(overlap.layer) if name == layer]
    roles, matrices = tuple(overlap.role[row] for row in rows), overlap.matrices
    counts = MaskCounts(roles, matrices.passes, **{name: getattr(matrices, name)[rows] for name in ARRAYS})
    return counts.summed(roles)


def export_button(explainer: Explainer) -> None:
    """All pairs in total, by layer and by module as one CSV file, made when the button is pressed."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("Save the overlap of every pair:", width="content")
        st.download_button("CSV table", partial(overlap_csv, explainer), "overlap.csv", "text/csv", on_click="ignore",
                           key="subnetworks:save", icon=":material/download:")
        st.markdown("or as JSON: `python -m sparsecbm overlap --json`", width="content")


def overlap_csv(explainer: Explainer) -> str:
    """Every pair, the residual's too, in total, by layer and by module; names are safe for spreadsheets."""
    overlap = explainer.overlap()
    size = len(overlap.total.passes)
    return pairs_csv(overlap, [(i, j) for i in range(size) for j in range(i + 1, size)],
                     checkpoint=explainer.checkpoint.hash)


def pairs_csv(overlap: MaskOverlap, pairs: list[tuple[int, int]], **sources: str) -> str:
    """Some pairs of passes in total, by layer and by module, and in front of each row where the masks come from."""
    tables = []
    for part, counts in (("total", overlap.total), ("layer", overlap.layers), ("module", overlap.modules)):
        table = pair_table(counts, pairs, "unit")
        table.insert(0, "part", part)
        tables.append(table)
    whole = pd.concat(tables, ignore_index=True)
    for place, (name, source) in enumerate(sources.items()):
        whole.insert(place, name, source)
    return str(whole.map(as_cell).to_csv(index=False, lineterminator="\n"))


def unknown_parts() -> None:
    """Say that this backbone's heads and neurons are not known."""
    st.info("The parts of this backbone have names that are not known here, so its heads and neurons cannot be told "
            "apart.", icon=":material/info:")


def _pair_choice(selection: Selection, overlap: MaskOverlap, pair: tuple[int, int] | None) -> None:
    names = overlap.total.passes
    size = len(shown_passes(selection, overlap))
    pairs = [None, *((i, j) for i in range(size) for j in range(size) if i < j or (i, j) == pair)]
    if pair is not None and pair[0] > pair[1]:
        pairs.remove((pair[1], pair[0]))
    st.selectbox("Pair", pairs, pairs.index(seed_widget(_PAIR, pair)), key=_PAIR, width=320,
                 format_func=lambda chosen: "no pair" if chosen is None else " and ".join(names[k] for k in chosen),
                 on_change=_pair_chosen, args=(names,))


def _pair_chosen(names: tuple[str, ...]) -> None:
    pair = st.session_state[_PAIR]
    KEPT.change(pair=None if pair is None else tuple(names[k] for k in pair))


def _pair_by_part(explainer: Explainer, layer: str | None, pair: tuple[int, int]) -> None:
    overlap, dark = explainer.overlap(), is_dark()
    one, other = (overlap.total.passes[k] for k in pair)
    names = f"{one} and {other}"
    left, right = st.columns(2, gap="medium")
    with left:
        title("By layer", PAIR_HELP)
        rows = tuple(f"layer {unit}" for unit in overlap.layers.units)
        chart(pair_bars(overlap.layers, *pair, rows, f"{names}, by layer", dark),
              pair_table(overlap.layers, [pair], "layer"), "subnetworks:by-layer",
              _alt(overlap.layers, pair, f"What {names} share, by layer"))
    with right:
        counts = modules_of(overlap, layer)
        where = "in all layers" if layer is None else f"in layer {layer}"
        title(f"By module, {where}", PAIR_HELP)
        chart(pair_bars(counts, *pair, _said(counts.units), f"{names}, by module {where}", dark),
              pair_table(counts, [pair], "module"), "subnetworks:by-module",
              _alt(counts, pair, f"What {names} share {where}, by module"))


def _layer(explainer: Explainer, layer: str | None) -> None:
    """Every layer is sent: a browser turns to the one that is pressed in the map of densities by itself."""
    names = explainer.overlap().layers.units
    found = [explainer.layer_overlap(int(name)) for name in names]
    shown = None if layer is None else names.index(layer)
    if not any(one.heads.units or one.neurons.units for one in found):
        unknown_parts()
        return
    title("Attention heads of a layer", HEAD_HELP)
    heads = [(_most_alt(one.heads, "head", name), head_map(one.heads, _heads_title(name)))
             for name, one in zip(names, found, strict=True)]
    cell_pages(_HEADS, heads, shown, is_dark(), DENSITY, _LAYER_HINT)
    if shown is not None:
        alt, cells = heads[shown]
        chart_foot(cells.figure, partial(str, cells.title), unit_table(found[shown].heads, "head"), _HEADS, alt)
    title("Feed-forward neurons of a layer", NEURON_HELP)
    neurons = [(_most_alt(one.neurons, "neuron", name), f"Layer {name}", neuron_map(one.neurons, is_dark()))
               for name, one in zip(names, found, strict=True)]
    neuron_pages(_NEURONS, neurons, shown, DENSITY, _LAYER_HINT)
    if shown is not None:
        table_fold(unit_table(found[shown].neurons, "neuron"), _NEURONS, neurons[shown][0])


def _lists(explainer: Explainer, selection: Selection, pair: tuple[int, int] | None) -> None:
    overlap = explainer.overlap()
    concepts = overlap.concepts
    first = None if pair is None else overlap.total.passes[pair[0]]
    concept = selection.concept or (first if first in concepts else concepts[0])
    where = "in all layers" if selection.layer is None else f"in layer {selection.layer}"
    title(f"Where one concept is most alone, {where}", LIST_HELP)
    st.segmented_control("Concept", concepts, key=_CONCEPT, default=seed_widget(_CONCEPT, concept), required=True,
                         format_func=as_markdown,
                         on_change=lambda: KEPT.change(concept=st.session_state[_CONCEPT]))
    layers = [explainer.layer_overlap(int(unit)) for unit in overlap.layers.units
              if selection.layer in (None, unit)]
    k = concepts.index(concept)
    heads, neurons = most_exclusive(layers, k, "heads"), most_exclusive(layers, k, "neurons")
    columns = "".join(_list_html(units, kind, concept) for units, kind in ((heads, "head"), (neurons, "neuron")))
    st.html(f'<div style="display:grid;grid-template-columns:1fr 1fr;gap:1.5rem">{columns}</div>')
    if not heads and not neurons:
        note("This backbone has no heads or neurons that are known here.")


def _list_html(units: tuple[ExclusiveUnit, ...], kind: str, concept: str) -> str:
    table = exclusive_table(units, kind)
    what = f"{kind.title()}s with the most weights that only {concept} uses"
    rows = [[str(cell) for cell in row] for row in table.itertuples(index=False)]
    return f"<div><b>{as_html(what)}</b>{table_html(what, [str(name) for name in table], rows)}</div>"


def _said(roles: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(role.replace("_", " ") for role in roles)


def _alt(counts: MaskCounts, pair: tuple[int, int], what: str) -> str:
    return f"{what}, Jaccard: " + ", ".join(f"{unit} {counts.jaccard[row][pair]:.2f}"
                                            for row, unit in enumerate(counts.units))


def _heads_title(layer: str) -> str:
    return f"Layer {layer}: share of each head's used weights that one concept has to itself"


def _most_alt(counts: MaskCounts, kind: str, layer: str) -> str:
    """The unit where each concept is most alone, in words."""
    share = counts.exclusive_share
    return f"Layer {layer}, the {kind} with the largest share of its own: " + ", ".join(
        f"{name} {kind} {counts.units[int(share[:, k].argmax())]} with {100 * share[:, k].max():.0f} percent"
        for k, name in enumerate(counts.passes[: share.shape[1]]))
