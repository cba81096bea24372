"""What can be taken out, chosen by a person: a subnetwork, its own part, a layer, a head, or some neurons."""

import streamlit as st

from sparsecbm.explain.overlap import most_exclusive
from sparsecbm.explainer import Explainer
from sparsecbm.subnetworks.knockout import KnockOut

KINDS = {
    "own": "a concept's own part", "whole": "a whole subnetwork", "layer": "a layer", "head": "an attention head",
    "neurons": "a group of neurons",
}
KIND_HELP = (
    "**A concept's own part**: the weights that no other concept uses. **A whole subnetwork**: the common core goes "
    "with it, so every concept suffers. **A layer** or **a head**: all its weights, whoever uses them. **A group of "
    "neurons**: those feed-forward neurons of a layer that a concept has most to itself."
)
WITHIN_HELP = (
    "Every concept is read in a pass of its own. Weights can go out of all passes, or only out of one concept's: then "
    "the others are read as before."
)
#: Neurons of a group at first, and at most.
USUAL_NEURONS, MOST_NEURONS = 50, 5000
_KEY = "subnetworks:take"
_EVERYWHERE = ""


def take_out_form(explainer: Explainer) -> KnockOut:
    """The controls, and what they ask for."""
    overlap = explainer.overlap()
    passes, layers = overlap.total.passes, overlap.layers.units
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        kind = st.selectbox("Take out", list(KINDS), key=f"{_KEY}:kind", format_func=lambda name: KINDS[name],
                            width=220, help=KIND_HELP)
        whose, layer, head, neurons = None, None, None, None
        if kind in ("own", "whole"):
            whose = st.selectbox("Whose", passes, key=f"{_KEY}:whose", width=170)
        else:
            layer = int(st.selectbox("Of layer", layers, key=f"{_KEY}:layer", width=110))
        if kind == "head":
            heads = explainer.layer_overlap(layer or 0).heads.units
            if heads:
                head = int(st.selectbox("Head", heads, key=f"{_KEY}:head", width=110))
        if kind == "neurons":
            neurons = _neurons(explainer, layer or 0)
        within = st.selectbox("Out of", [_EVERYWHERE, *passes], key=f"{_KEY}:within", width=190, help=WITHIN_HELP,
                              format_func=lambda name: f"the pass of {name}" if name else "every pass")
    return KnockOut(whose, kind == "own", layer, head, neurons, within or None)


def in_words(one: KnockOut) -> str:
    """A knock-out as people say it."""
    if one.subnetwork is not None:
        what = f"{one.subnetwork}'s own part" if one.exclusive else f"the whole subnetwork of {one.subnetwork}"
        where = "" if one.layer is None else f" in layer {one.layer}"
    elif one.head is not None:
        what, where = f"head {one.head}", f" of layer {one.layer}"
    elif one.neurons is not None:
        count = len(one.neurons)
        what, where = f"{count} neuron{'' if count == 1 else 's'}", f" of layer {one.layer}"
    else:
        what, where = "all weights" if one.layer is None else f"layer {one.layer}", ""
    return what + where + ("" if one.within is None else f", for {one.within} only")


def _neurons(explainer: Explainer, layer: int) -> tuple[int, ...]:
    """So many neurons of a layer, those that a concept has most to itself."""
    found, concepts = explainer.layer_overlap(layer), explainer.overlap().concepts
    most = min(MOST_NEURONS, len(found.neurons.units))
    concept = st.selectbox("Most exclusive to", concepts, key=f"{_KEY}:concept", width=170)
    if not most:
        return ()
    number = st.number_input("How many", 1, most, min(USUAL_NEURONS, most), key=f"{_KEY}:number:{most}", width=130)
    return tuple(sorted(unit.unit for unit in most_exclusive([found], concepts.index(concept), "neurons", most=number)))
