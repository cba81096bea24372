"""What a person presses in the ledger: concepts set to a value, a mixture, not sure, or as the model read them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from sparsecbm.edits.description import describe
from sparsecbm.edits.edit import Override
from sparsecbm.errors import InputError, unknown_name
from sparsecbm.intervene.override import check_distribution
from sparsecbm.intervene.policies import POLICIES
from sparsecbm.schema import ConceptSchema
from sparsecbm.ui.engine import load_explainer
from sparsecbm.ui.interventions.reading import current_reading, current_result
from sparsecbm.ui.interventions.session import amends, do, history, read_only, redo, state, undo
from sparsecbm.ui.mixing import certain_value, move_share
from sparsecbm.ui.session import change, current_view

#: What a concept can be besides set to one of its values; no value of a concept is called so.
MIX, NOT_SURE, AS_READ = ":mix", ":unsure", ":read"
OTHERS = {MIX: "Mix", NOT_SURE: "Not sure", AS_READ: "As read"}
#: The panels of this part of the page: what a move draws at once, and what follows where there is some of it.
SHOWN, FIX, TABLES = "shown", "fix", "tables"
_MIXING = "interventions:mixing"


def chosen(concept: str, schema: ConceptSchema) -> str:
    """The value that a concept is set to, or what it is instead."""
    shares = state().overrides.get(concept)
    certain = None if shares is None else certain_value(shares)
    if concept in _mixing() or (shares is not None and certain is None):
        return MIX
    if certain is not None:
        return schema.values[certain]
    return NOT_SURE if concept in current_view().unsure else AS_READ


def unsure_concepts() -> tuple[str, ...]:
    """The concepts that the person does not know; one that is set counts as known."""
    return tuple(concept for concept in current_view().unsure if concept not in state().overrides)


def act(what: str, *details: Any) -> None:
    """Do what one press asks for; while an earlier state is looked at, only what changes nothing but the view.
    InputError for a press that there is not."""
    looks: dict[str, Callable[..., None]] = {"label": _show_label, "policy": _check_by}
    actions: dict[str, Callable[..., None]] = {
        "set": _set, "share": _share, "residual": _count_residual, "undo": undo, "redo": redo}
    if what not in looks | actions:
        raise InputError(unknown_name("press", what, (*looks, *actions)))
    if what in looks or not read_only():
        (looks | actions)[what](*details)


def set_concepts(settings: Mapping[str, Sequence[float]]) -> None:
    """Set concepts to distributions, each as a new edit. InputError when one is none."""
    for concept, shares in settings.items():
        _put(Override(concept, check_distribution(concept, shares, load_explainer().schema)))
    change(unsure=tuple(name for name in current_view().unsure if name not in settings))


def _set(concept: str, choice: str) -> None:
    schema, view, sliders = load_explainer().schema, current_view(), _mixing()
    schema.concept_index(concept)
    others = tuple(name for name in view.unsure if name != concept)
    st.session_state[_MIXING] = view.text, (sliders | {concept} if choice == MIX else sliders - {concept})
    change(unsure=(*others, concept) if choice == NOT_SURE else others)
    if choice not in OTHERS:
        index = schema.value_index(choice)
        set_concepts({concept: [float(value == index) for value in range(len(schema.values))]})
    elif choice != MIX and concept in view.overrides:
        _put(Override(concept, None))


def _share(concept: str, index: int, share: float) -> None:
    before = current_result().after.concept_probabilities[load_explainer().schema.concept_index(concept)]
    st.session_state[_MIXING] = current_view().text, _mixing() | {concept}
    set_concepts({concept: move_share(before.tolist(), index, share)})


def _count_residual(counted: bool) -> None:
    change(residual=bool(counted))


def _show_label(label: str) -> None:
    load_explainer().schema.label_index(label)
    change(label=label)


def _check_by(policy: str) -> None:
    if policy not in POLICIES:
        raise InputError(unknown_name("policy", policy, tuple(POLICIES)))
    change(policy=policy)


def _put(edit: Override) -> None:
    explainer, base = load_explainer(), current_reading().after
    until_then = history().at(history().position - amends(edit))  # an edit that it takes the place of is left out
    do(edit, describe(edit, base.schema, explainer.override(base, until_then.overrides).after))


def _mixing() -> frozenset[str]:
    """Concepts whose sliders are open though they may be certain: a share is being moved."""
    text, concepts = st.session_state.get(_MIXING, ("", frozenset()))
    return concepts if text == current_view().text else frozenset()
