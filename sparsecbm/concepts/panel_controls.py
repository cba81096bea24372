"""Not sure about some concepts: what the label can be, as bars with a range."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from sparsecbm.concepts.compute_override import check_distribution
from sparsecbm.concepts.compute_policies import POLICIES
from sparsecbm.concepts.compute_uncertainty import LabelRange
from sparsecbm.concepts.contributions import certain_value, move_share
from sparsecbm.errors import InputError, unknown_name
from sparsecbm.figures.text import as_html, label_name, listed, percent
from sparsecbm.revision.edit import Override
from sparsecbm.revision.history import describe
from sparsecbm.revision.panel_session import (
    amends,
    current_reading,
    current_result,
    do,
    history,
    read_only,
    redo,
    state,
    undo,
)
from sparsecbm.schema import ConceptSchema
from sparsecbm.ui.bars import range_bar_html
from sparsecbm.ui.engine import load_explainer
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


def range_html(found: LabelRange, schema: ConceptSchema) -> str:
    """Which labels can win, and the range of every label's probability."""
    rows, spoken = [], []
    for y, label in enumerate(schema.labels):
        low, high, mean = (float(shares[y]) for shares in (found.lowest, found.highest, found.expected))
        name, bounds = label_name(label, schema), f"{percent(low)} to {percent(high)}"
        spoken.append(f"{name} {bounds}, expected {percent(mean)}")
        weight = "font-weight:700" if label in found.winners else ""
        rows.append(
            f'<div style="display:grid;grid-template-columns:4.6rem 1fr 6.6rem;gap:.6rem;align-items:center;{weight}">'
            f"<span>{as_html(name)}</span>{range_bar_html(low, high, mean)}"
            f'<span style="text-align:right;white-space:nowrap">{bounds}</span></div>')
    return (f'<div style="margin-bottom:.6rem">After: <b>{as_html(winners_text(found, schema))}</b></div>'
            f'<div role="img" aria-label="{as_html("After: " + "; ".join(spoken))}" style="display:grid;gap:.3rem">'
            f'{"".join(rows)}</div>')


def winners_text(found: LabelRange, schema: ConceptSchema) -> str:
    """Which labels can be the most probable, such as: 2 stars or 3 stars, depending on food."""
    names = [label_name(label, schema) for label in found.winners]
    unknown = listed(found.concepts)
    if len(names) == 1:
        return f"{names[0]}, whatever {unknown} {'is' if len(found.concepts) == 1 else 'are'}"
    return f"{', '.join(names[:-1])} or {names[-1]}, depending on {unknown}"


def range_text(found: LabelRange, schema: ConceptSchema) -> str:
    """What band and line mean, the label to expect, and labels that win only for mixed values."""
    expected = int(found.expected.argmax())
    mixed = [label_name(label, schema) for label in found.winners if label not in found.winners_certain]
    said = (f"Band: all that the probability can be. Line: what to expect, the values weighed as the model does; most "
            f"of it for {schema.label_display[expected]} ({percent(float(found.expected[expected]))}).")
    return f"{said} {listed(mixed)} only for values in between." if mixed else said
