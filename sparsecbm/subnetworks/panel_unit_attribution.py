"""The heads and neurons of one concept's subnetwork that contribute most to the answer for a review.

The panel is one fragment. Its scores are of the model as it is, whatever the knock-out below has taken out.
"""

import numpy as np
import streamlit as st

from sparsecbm.figures.text import label_name
from sparsecbm.service import Explainer
from sparsecbm.subnetworks.figure_units import (
    attribution_name,
    colour_limit,
    head_score_map,
    strongest_heads_text,
    units_table,
)
from sparsecbm.subnetworks.panel_knockout import link_to_explain
from sparsecbm.subnetworks.panel_layer import unknown_parts
from sparsecbm.subnetworks.panel_selection import STATE, Selection
from sparsecbm.subnetworks.panel_unit import unit_look
from sparsecbm.subnetworks.unit_attribution import Unit, UnitAttribution
from sparsecbm.types import Prediction, Target
from sparsecbm.ui.chart import chart, title
from sparsecbm.ui.loaded_model import load_explainer
from sparsecbm.ui.safe_text import as_markdown
from sparsecbm.ui.session import current_view, seed_widget
from sparsecbm.ui.shell import errors_shown, is_dark
from sparsecbm.ui.view import View
from sparsecbm.words.figure import legend_html

PANEL_HELP = (
    "A concept's subnetwork processes a text in many small steps. An **attention head** lets each word look at "
    "others; a **neuron** responds to one feature of a word. A score estimates how much the answer would lose, in "
    "logits, without that head or neuron: plus supports the answer, minus opposes it. It is gradient × activation, "
    "the slope at this text times how active the part is, for all of them at once; below, the one that you choose "
    "is taken out and its effect measured. Scores of different layers overlap, because a layer works on the output of "
    "those before it, so they do not add up to the answer."
)
QUESTION_HELP = (
    "Why the model gives the concept this value, or what the concept then adds to the label. What it adds depends on "
    "its probabilities, and where the model is sure of it, small steps hardly move those: the scores are then near "
    "zero, and only the measured effect counts."
)
MAP_HELP = (
    "A row per layer, the first after the word embeddings on top, and a column per attention head. Blue (+) "
    "supports the answer, orange (−) opposes it. Press a cell to see through which words the head does so."
)
LIST_HELP = (
    "The largest scores, whatever their sign. *Percent its own* is how much of the part's used weights only this "
    "concept uses: a part with a large score that is mostly its own is where this concept is computed."
)
MOST_LISTED = 10
#: The model, review, target and pass that scores are of.
AttributionQuery = tuple[str, str, Target, str]
_CONCEPT, _ADDS, _UNIT, _PICK = (f"subnetworks:unit:{name}" for name in ("concept", "adds", "unit", "pick"))


def unit_attribution_panel() -> None:
    """Choice of concept, all heads as a map, the strongest heads and neurons, and one of them in detail."""
    st.fragment(_panel)()


def strongest_concept(prediction: Prediction) -> str:
    """The concept that moves the predicted label most, either way."""
    moved = np.abs(prediction.contributions[:, prediction.schema.label_index(prediction.label)])
    return prediction.schema.concepts[int(moved.argmax())]


def _panel() -> None:
    st.markdown("### Heads and neurons behind the answer", help=PANEL_HELP)
    with errors_shown():
        explainer, view, selection = load_explainer(), current_view(), STATE.current
        if not view.text.strip():
            st.info("**No text is open.** Open one on the Explain page and come back: then you see which heads and "
                    "neurons contribute to its answer, and through which words.", icon=":material/edit:")
            link_to_explain()
            return
        STATE.write()
        prediction = explainer.predict(view.text)
        if not view.residual:
            prediction = explainer.without_residual(prediction)
        concept, target = _question(prediction, selection)
        with st.spinner("Scoring every head and neuron…"):
            found = explainer.attribute_units(view.text, target, concept)
        if not found.heads.layers and not found.neurons.layers:
            unknown_parts()
            return
        _scores(explainer, found, view, prediction)


def _question(prediction: Prediction, selection: Selection) -> tuple[str, Target]:
    """The concept, and the target: its answer, or what it adds to the label."""
    schema = prediction.schema
    concept = selection.leaning or strongest_concept(prediction)
    questions = {False: f"why {concept} = {prediction.value(concept)}",
             True: f"what it adds to {label_name(prediction.label, schema)}"}
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        st.segmented_control("Through the subnetwork of", schema.concepts, key=_CONCEPT, required=True,
                             default=seed_widget(_CONCEPT, concept), format_func=as_markdown,
                             on_change=lambda: STATE.change(leaning=st.session_state[_CONCEPT]))
        st.segmented_control("Question", list(questions), key=_ADDS, default=seed_widget(_ADDS, selection.adds),
                             required=True, help=QUESTION_HELP, format_func=lambda adds: as_markdown(questions[adds]),
                             on_change=lambda: STATE.change(adds=st.session_state[_ADDS]))
    return concept, Target(None, prediction.label) if selection.adds else Target(concept, prediction.value(concept))


def _scores(explainer: Explainer, found: UnitAttribution, view: View, prediction: Prediction) -> None:
    name = attribution_name(found, prediction.schema)
    query = (explainer.checkpoint.hash, view.text, found.target, found.through)
    heads, neurons = found.strongest("head", MOST_LISTED), found.strongest("neuron", MOST_LISTED)
    unit = _chosen_unit(query, (*heads, *neurons)[0])
    concept = prediction.schema.concept_index(found.through)

    def share(one: Unit) -> float:
        counts = explainer.layer_overlap(one.layer)
        own = (counts.heads if one.kind == "head" else counts.neurons).exclusive_share
        return float(own[one.number, concept])

    st.markdown(f"**{as_markdown(strongest_heads_text(found, name))}** Press a cell, or choose below, to see "
                "through which words a head or neuron acts and what becomes of the answer without it.")
    if heads:
        title("Every attention head", MAP_HELP)
        every = found.strongest("head", found.heads.scores.size)
        st.html(legend_html(colour_limit(found), is_dark(), name))
        chart(head_score_map(found, name, unit), units_table(found, every, share), "subnetworks:head-map",
              f"Scores of all {len(every)} attention heads for {name}. {strongest_heads_text(found, name)}",
              lambda cell: choose_unit(query, Unit("head", found.heads.layers[cell[0]], cell[1])))
    options = list(dict.fromkeys((*heads, *neurons, unit)))
    st.selectbox("Head or neuron", options, options.index(seed_widget(_PICK, unit)), key=_PICK, width=340,
                 format_func=str, on_change=lambda: choose_unit(query, st.session_state[_PICK]))
    unit_look(explainer, found, unit, view, prediction, share(unit))
    for column, units in zip(st.columns(2, gap="medium"), (heads, neurons), strict=True):
        if units:
            with column:
                title(f"Strongest {units[0].kind}s", LIST_HELP)
                st.dataframe(units_table(found, units, share), hide_index=True,
                             column_config={"score": st.column_config.NumberColumn(format="%+.3f")},
                             alt=f"The {units[0].kind}s with the largest scores for {name}")


def _chosen_unit(query: AttributionQuery, first: Unit) -> Unit:
    """The unit that was chosen for this query; the strongest for any other."""
    chosen_for, unit = st.session_state.get(_UNIT, (None, first))
    return unit if chosen_for == query else first


def choose_unit(query: AttributionQuery, unit: Unit) -> None:
    """Show this unit in detail for the query. For callbacks."""
    st.session_state[_UNIT] = (query, unit)
