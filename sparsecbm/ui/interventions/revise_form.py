"""The form of a revision: what a concept should be, and how much may be exchanged for it."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from sparsecbm.edits.history import State
from sparsecbm.explainer import Explainer
from sparsecbm.figures.names import percent
from sparsecbm.intervene.revision import DEFAULT_PORTION, DEFAULT_STEPS, MOST_PORTION, MOST_STEPS
from sparsecbm.ui.engine import predicted
from sparsecbm.ui.interventions.session import read_only
from sparsecbm.ui.markdown import as_markdown
from sparsecbm.ui.session import current_view

#: The start of all keys of the panel.
FORM = "interventions:revise"
PORTION_HELP = "The most that may be exchanged, in percent of the active weights of each matrix."
WAY_HELP = (
    "**Until it agrees** exchanges step by step, stops when the concept is as wanted, and takes back what was not "
    "needed. **One step** exchanges the whole portion at once."
)
ONE_STEP, UNTIL = "One step", "Until it agrees"


@dataclass(frozen=True)
class Asked:
    """A revision that was asked for, and after which changes of this session's it is to be made."""

    text: str
    concept: str
    value: str
    portion: float
    steps: int
    smallest: bool
    residual: bool
    after: tuple[str, ...]


def revision_form(explainer: Explainer, now: State, ask: Callable[[Asked], None]) -> None:
    """Draw the form; its button has `ask` called with what it says."""
    schema, view = explainer.schema, current_view()
    reading = explainer.predict_changed(view.text, now.changes) if now.changes else predicted(explainer, view.text)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key=f"{FORM}:form"):
        concept = st.selectbox("Concept", schema.concepts, key=f"{FORM}:concept", width=170)
        k, is_read = schema.concept_index(concept), reading.value(concept)
        share = float(reading.concept_probabilities[k].max())
        others = [value for value in schema.values if value != is_read]
        value = st.selectbox("Should be", schema.values, schema.value_index(others[0]), width=150,
                             key=f"{FORM}:value:{k}")
        portion = st.slider("At most, percent", 0.1, 100 * MOST_PORTION, 100 * DEFAULT_PORTION, 0.1, "%.1f %%",
                            key=f"{FORM}:portion", width=200, help=PORTION_HELP)
        way = st.segmented_control("How", (UNTIL, ONE_STEP), key=f"{FORM}:way", required=True, default=UNTIL,
                                   help=WAY_HELP)
        steps = st.number_input("Steps at most", 1, MOST_STEPS, DEFAULT_STEPS, key=f"{FORM}:steps", width=130,
                                disabled=way == ONE_STEP)
        asked = Asked(view.text, concept, value, round(portion / 100, 4), 1 if way == ONE_STEP else int(steps),
                      way != ONE_STEP, view.residual, digests(now))
        st.button("Revise", key=f"{FORM}:do", type="primary", on_click=ask, args=(asked,),
                  disabled=read_only() or is_read == value)
    name, read_as = as_markdown(concept), as_markdown(is_read)
    if is_read == value:
        st.markdown(f":material/check_circle: **{name}** is read as **{read_as}** already ({percent(share)}): there is "
                    "nothing to revise.")
    else:
        st.markdown(f"**{name}** is now read as **{read_as}** ({percent(share)}).")


def digests(now: State) -> tuple[str, ...]:
    """What tells the revisions in force from others."""
    return tuple(change.digest for change in now.changes)
