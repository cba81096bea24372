"""What the review's answer leans on: heads and neurons of one concept's subnetwork by gradient x activation.

The panel is one fragment. What it finds is of the model as it is, whatever the live knock-out below has out.
"""

import numpy as np
import streamlit as st

from sparsecbm.figures.text import label_name
from sparsecbm.service import Explainer
from sparsecbm.subnetworks.figure_unit_attribution import (
    colour_limit,
    leaning_map,
    leaning_name,
    leaning_text,
    units_table,
)
from sparsecbm.subnetworks.panel_knockout import link_to_explain
from sparsecbm.subnetworks.panel_layer import unknown_parts
from sparsecbm.subnetworks.panel_selection import STATE, Selection
from sparsecbm.subnetworks.panel_unit import unit_look
from sparsecbm.subnetworks.units import Leaning, Unit
from sparsecbm.types import Prediction, Target
from sparsecbm.ui.chart import chart, title
from sparsecbm.ui.engine import load_explainer, predicted
from sparsecbm.ui.session import current_view, seed_widget
from sparsecbm.ui.shell import errors_shown, is_dark
from sparsecbm.ui.text import as_markdown
from sparsecbm.ui.view import View
from sparsecbm.words.figure import legend_html

PANEL_HELP = (
    "A review passes through a concept's subnetwork in many small steps. An **attention head** looks from each word at "
    "others and carries something over; a **neuron** notes one feature of a word. A score says how much the answer "
    "would lose, in logits, without that head or neuron: plus is for the answer, minus against it. It is an estimate "
    "(gradient × activation: the slope at this review times how active the part is), made for all of them at once; "
    "below, the one that you choose is really taken out and measured. Scores of different layers overlap, for a layer "
    "works on what those before it made, so they do not add up to the answer."
)
QUESTION_HELP = (
    "Why the model gives the concept this value; or what the concept then adds to the label. What it adds goes by its "
    "probabilities, and where the model is sure of it, those hardly move with small steps: the scores are then near "
    "zero, and only what is measured tells."
)
MAP_HELP = (
    "A row per layer, the first after the word embeddings on top, and a column per attention head. Blue (+) speaks for "
    "the answer, orange (−) against it. Press a cell to see the words that the head reads."
)
LIST_HELP = (
    "The largest scores, whatever their sign. *Percent its own* is how much of the part's used weights only this "
    "concept uses: a part that matters much and is its own is where this concept is made."
)
MOST_LISTED = 10
#: Of which model, review, target and pass something was asked.
Asked = tuple[str, str, Target, str]
_CONCEPT, _ADDS, _UNIT, _PICK = (f"subnetworks:leaning:{name}" for name in ("concept", "adds", "unit", "pick"))


def leaning_panel() -> None:
    """Choice of concept, all heads as a map, the strongest heads and neurons, and one of them looked at closely."""
    st.fragment(_panel)()


def strongest_concept(prediction: Prediction) -> str:
    """The concept that moves the predicted label most, either way."""
    moved = np.abs(prediction.contributions[:, prediction.schema.label_index(prediction.label)])
    return prediction.schema.concepts[int(moved.argmax())]


def _panel() -> None:
    st.markdown("### Which heads and neurons does the answer lean on?", help=PANEL_HELP)
    with errors_shown():
        explainer, view, selection = load_explainer(), current_view(), STATE.current
        if not view.text.strip():
            st.info("**There is no review at hand.** Open one on the Explain page and come back: then you see which "
                    "heads and neurons its answer leans on, and which words they read.", icon=":material/edit:")
            link_to_explain()
            return
        STATE.write()
        prediction = predicted(explainer, view.text)
        if not view.residual:
            prediction = explainer.without_residual(prediction)
        concept, target = _question(prediction, selection)
        with st.spinner("Looking at every head and neuron…"):
            found = explainer.leaning(view.text, target, concept)
        if not found.heads.layers and not found.neurons.layers:
            unknown_parts()
            return
        _scores(explainer, found, view, prediction)


def _question(prediction: Prediction, selection: Selection) -> tuple[str, Target]:
    """The concept, and whether its answer or what it adds to the label is looked at."""
    schema = prediction.schema
    concept = selection.leaning or strongest_concept(prediction)
    asked = {False: f"why {concept} = {prediction.value(concept)}",
             True: f"what it adds to {label_name(prediction.label, schema)}"}
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        st.segmented_control("Through the subnetwork of", schema.concepts, key=_CONCEPT, required=True,
                             default=seed_widget(_CONCEPT, concept), format_func=as_markdown,
                             on_change=lambda: STATE.change(leaning=st.session_state[_CONCEPT]))
        st.segmented_control("Question", list(asked), key=_ADDS, default=seed_widget(_ADDS, selection.adds),
                             required=True, help=QUESTION_HELP, format_func=lambda adds: as_markdown(asked[adds]),
                             on_change=lambda: STATE.change(adds=st.session_state[_ADDS]))
    return concept, Target(None, prediction.label) if selection.adds else Target(concept, prediction.value(concept))


def _scores(explainer: Explainer, found: Leaning, view: View, prediction: Prediction) -> None:
    name = leaning_name(found, prediction.schema)
    asked = (explainer.checkpoint.hash, view.text, found.target, found.through)
    heads, neurons = found.strongest("head", MOST_LISTED), found.strongest("neuron", MOST_LISTED)
    unit = _chosen_unit(asked, (*heads, *neurons)[0])
    concept = prediction.schema.concept_index(found.through)

    def share(one: Unit) -> float:
        counts = explainer.layer_overlap(one.layer)
        own = (counts.heads if one.kind == "head" else counts.neurons).exclusive_share
        return float(own[one.number, concept])

    st.markdown(f"**{as_markdown(leaning_text(found, name))}** Press a cell, or choose below, to see which words a "
                "head or neuron reads and what becomes of the answer without it.")
    if heads:
        title("Every attention head", MAP_HELP)
        every = found.strongest("head", found.heads.scores.size)
        st.html(legend_html(colour_limit(found), is_dark(), name))
        chart(leaning_map(found, name, unit), units_table(found, every, share), "subnetworks:leaning-map",
              f"Scores of all {len(every)} attention heads for {name}. {leaning_text(found, name)}",
              lambda cell: _choose(asked, Unit("head", found.heads.layers[cell[0]], cell[1])))
    options = list(dict.fromkeys((*heads, *neurons, unit)))
    st.selectbox("Look closer at", options, options.index(seed_widget(_PICK, unit)), key=_PICK, width=340,
                 format_func=str, on_change=lambda: _choose(asked, st.session_state[_PICK]))
    unit_look(explainer, found, unit, view, prediction, share(unit))
    for column, units in zip(st.columns(2, gap="medium"), (heads, neurons), strict=True):
        if units:
            with column:
                title(f"Strongest {units[0].kind}s", LIST_HELP)
                st.dataframe(units_table(found, units, share), hide_index=True,
                             column_config={"score": st.column_config.NumberColumn(format="%+.3f")},
                             alt=f"The {units[0].kind}s with the largest scores for {name}")


def _chosen_unit(asked: Asked, first: Unit) -> Unit:
    """What was chosen for this very question; the strongest for any other."""
    question, unit = st.session_state.get(_UNIT, (None, first))
    return unit if question == asked else first


def _choose(asked: Asked, unit: Unit) -> None:
    st.session_state[_UNIT] = (asked, unit)
