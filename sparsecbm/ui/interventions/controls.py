"""The controls of the concepts: set to a value, a mixture, not sure, or as the model read it.

A move of a control draws the live panels and leaves the controls alone: the browser shows it already.
"""

from collections.abc import Mapping

import numpy as np
import streamlit as st

from sparsecbm.edits.description import describe
from sparsecbm.edits.edit import Override
from sparsecbm.schema import ConceptSchema
from sparsecbm.ui.concept_row import share_sliders
from sparsecbm.ui.engine import load_explainer
from sparsecbm.ui.interventions.reading import current_reading, current_result
from sparsecbm.ui.interventions.session import amends, do, follow, history, read_only, refresh, state
from sparsecbm.ui.interventions.strip import BUTTONS, buttons_changed
from sparsecbm.ui.markdown import as_markdown
from sparsecbm.ui.mixing import certain_value
from sparsecbm.ui.session import change, current_view, run_again, seed_widget

#: What a concept can be besides set to one of its values; no value of a concept is called so.
MIX, NOT_SURE, AS_READ = ":mix", ":unsure", ":read"
_NAMES = {MIX: "Mix", NOT_SURE: "Not sure", AS_READ: "As read"}
_MIXING, _RESIDUAL = "interventions:mixing", "interventions:residual"
_CONTROLS, SLIDERS, FIX, TABLES = "controls", "sliders", "fix", "tables"

def concept_controls(heights: Mapping[str, int]) -> None:
    """A control for each concept and the switch of the residual, each as high as its line of the ledger, in pixels."""
    st.fragment(_controls, key=follow(_CONTROLS))(heights)


def mixture_sliders() -> None:
    """Sliders for every concept that is a mixture."""
    st.fragment(_sliders, key=follow(SLIDERS))()


def control_key(concept: str) -> str:
    """The key of a concept's control."""
    return f"interventions:set:{concept}"


def unsure_concepts() -> tuple[str, ...]:
    """The concepts that the person does not know; one that is set counts as known."""
    return tuple(concept for concept in current_view().unsure if concept not in state().overrides)


def set_concepts(settings: Mapping[str, tuple[float, ...]]) -> None:
    """Set concepts to distributions, each as a new edit."""
    for concept, shares in settings.items():
        _put(Override(concept, shares))
    change(unsure=tuple(name for name in current_view().unsure if name not in settings))


def _controls(heights: Mapping[str, int]) -> None:
    schema = load_explainer().schema
    for name, height in heights.items():
        with st.container(height=height, border=False, vertical_alignment="center"):
            if name in schema.concepts:
                _control(name, schema)
            else:
                st.toggle("Count the residual", seed_widget(_RESIDUAL, current_view().residual), key=_RESIDUAL,
                          on_change=_residual_switched)


def _control(concept: str, schema: ConceptSchema) -> None:
    key = control_key(concept)
    st.segmented_control(f"Set {concept} to", (*schema.values, *_NAMES), key=key, required=True, wrap=True,
                         default=seed_widget(key, _chosen(concept, schema)), label_visibility="collapsed",
                         format_func=lambda name: _NAMES.get(name, name), disabled=read_only(),
                         on_change=_changed, args=(concept, schema))


def _sliders() -> None:
    schema = load_explainer().schema
    mixed = [concept for concept in schema.concepts if _chosen(concept, schema) == MIX]
    if not mixed or read_only():
        return
    after = current_result().after
    for concept in mixed:
        st.markdown(f"**Mix {as_markdown(concept)}**: move one share; the others make room.")
        with st.container(horizontal=True, gap="medium"):
            shares = np.asarray(after.concept_probabilities[schema.concept_index(concept)], dtype=np.float64)
            share_sliders(concept, shares, schema, "interventions", _mixed)


def _chosen(concept: str, schema: ConceptSchema) -> str:
    shares = state().overrides.get(concept)
    certain = None if shares is None else certain_value(shares)
    if concept in _mixing() or (shares is not None and certain is None):
        return MIX
    if certain is not None:
        return schema.values[certain]
    return NOT_SURE if concept in current_view().unsure else AS_READ


def _changed(concept: str, schema: ConceptSchema) -> None:
    choice, view, sliders = st.session_state[control_key(concept)], current_view(), _mixing()
    mixed = MIX in (choice, _chosen(concept, schema))
    others = tuple(name for name in view.unsure if name != concept)
    st.session_state[_MIXING] = view.text, (sliders | {concept} if choice == MIX else sliders - {concept})
    change(unsure=(*others, concept) if choice == NOT_SURE else others)
    if choice in schema.values:
        set_concepts({concept: tuple(float(choice == value) for value in schema.values)})
    elif choice != MIX and concept in view.overrides:
        _put(Override(concept, None))
    _moved(sliders=mixed)


def _mixed(concept: str, shares: tuple[float, ...]) -> None:
    st.session_state[_MIXING] = current_view().text, _mixing() | {concept}
    set_concepts({concept: shares})
    _moved(sliders=True)


def _moved(sliders: bool) -> None:
    """Draw what a move changes, and no more: there is little time for it."""
    panels = {BUTTONS: buttons_changed(), SLIDERS: sliders, FIX: current_view().wanted is not None,
              TABLES: st.session_state.get(tables_key(), False)}
    refresh(*(panel for panel, changed in panels.items() if changed), live=True)


def tables_key() -> str:
    """The key of the fold with the tables."""
    return "interventions:tables"


def _mixing() -> frozenset[str]:
    """Concepts whose sliders are open though they may be certain: a share is being moved."""
    text, concepts = st.session_state.get(_MIXING, ("", frozenset()))
    return concepts if text == current_view().text else frozenset()


def _residual_switched() -> None:
    change(residual=st.session_state[_RESIDUAL])
    run_again()


def _put(edit: Override) -> None:
    explainer, base = load_explainer(), current_reading().after
    until_then = history().at(history().position - amends(edit))  # an edit that it takes the place of is left out
    do(edit, describe(edit, base.schema, explainer.override(base, until_then.overrides).after))
