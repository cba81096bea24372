"""What the arms let do: concepts set or marked as not sure, subnetworks revised, and all of it undone."""

import streamlit as st

from sparsecbm.figures.escaping import as_html
from sparsecbm.schema import ConceptSchema
from sparsecbm.studies.log import Action, Shown
from sparsecbm.studies.run import Step
from sparsecbm.ui.bars import distribution_html
from sparsecbm.ui.shell import note
from sparsecbm.ui.studies.arms import shares_of
from sparsecbm.ui.studies.participant_act import Revising, act_button

_WIDTHS = (1, 1.1)


def concept_rows(schema: ConceptSchema, step: Step, first: Shown, last: Shown, settable: bool) -> None:
    """What the model reads of each concept; where it is `settable`, with buttons that correct it."""
    with st.container(border=True):
        st.markdown("**What the model reads**" + (", and what you can correct" if settable else ""))
        for concept in schema.concepts:
            if settable:
                _settable(schema, step, concept, first, last)
            else:
                _reading(schema, concept, first, last, "")
        if settable:
            _undo(step)


def revision_row(schema: ConceptSchema, step: Step, position: int) -> None:
    """Choose a concept and what the model should read of it; its weights are changed until it does."""
    with st.container(border=True):
        st.markdown("**Revise the part of the model that reads a concept**")
        with st.container(horizontal=True, vertical_alignment="bottom"):
            names = f"study:{position}:revised", f"study:{position}:value"
            st.selectbox("Concept", schema.concepts, key=names[0], width=150)
            st.selectbox("Should be read as", schema.values, key=names[1], width=150)
            act_button("Revise", step, "revise", fields=Revising(concept=names[0], value=names[1]))
        made = [f"{entry.concept} to {entry.to}" for entry in step.edits.revisions]
        note("Revised: " + ", ".join(as_html(one) for one in made) + "." if made
             else "Nothing revised yet. This takes a few seconds, and changes nothing for anybody else.")


def _settable(schema: ConceptSchema, step: Step, concept: str, first: Shown, last: Shown) -> None:
    edits = step.edits
    given, unsure = edits.overrides.get(concept), concept in edits.unsure
    whose = "not sure" if unsure else "as read" if given is None else "set by you"
    reading, buttons = st.columns(_WIDTHS, vertical_alignment="center")
    with reading:
        _reading(schema, concept, first, last, whose)
    with buttons, st.container(horizontal=True, gap="xsmall"):
        for value in schema.values:
            _choice(value, given == value, step, "set", concept, value)
        _choice("Not sure", unsure, step, "unsure", concept)
        act_button("As read", step, "reset", concept=concept, disabled=given is None and not unsure)


def _choice(label: str, chosen: bool, step: Step, action: Action, concept: str, to: str | None = None) -> None:
    mark = ":material/check:" if chosen else None
    act_button(label, step, action, concept=concept, to=to, disabled=chosen, icon=mark)


def _undo(step: Step) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        act_button("Undo", step, "undo", disabled=not step.edits.undoable, icon=":material/undo:")
        count = step.edits.undoable
        note("Nothing changed yet." if not count else f"{count} change{'s' if count > 1 else ''} can be undone.")


def _reading(schema: ConceptSchema, concept: str, first: Shown, last: Shown, whose: str) -> None:
    state = f' <span style="font-size:.8rem;opacity:.8">{as_html(whose)}</span>' if whose else ""
    about = as_html(schema.concept_help[schema.concept_index(concept)])
    st.html(f'<div title="{about}" style="margin-bottom:.2rem"><b>{as_html(concept)}</b>{state}</div>'
            + distribution_html(schema.values, shares_of(schema, first, concept), shares_of(schema, last, concept)))
