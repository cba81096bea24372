"""What a press in the concept panel of Interventions does, and what the label can be while a concept is not known."""

from collections.abc import Callable, Mapping, Sequence

from sparsecbm.concepts.compute_policies import POLICIES
from sparsecbm.concepts.compute_uncertainty import LabelRange
from sparsecbm.concepts.contributions import check_distribution
from sparsecbm.concepts.panel_concepts import Press
from sparsecbm.errors import InputError, unknown_name
from sparsecbm.figures.text import label_name, listed, percent
from sparsecbm.revision.edit import Override
from sparsecbm.revision.history import describe
from sparsecbm.revision.panel_session import current_result, do, read_only, redo, state, undo
from sparsecbm.schema import ConceptSchema
from sparsecbm.ui.loaded_model import load_explainer
from sparsecbm.ui.session import change, current_view

#: The panels of this part of the page: what a press draws at once, and what follows where there is some of it.
SHOWN, FIX, TABLES = "shown", "fix", "tables"


def unsure_concepts() -> tuple[str, ...]:
    """The concepts that the person does not know; one that is set counts as known."""
    return tuple(concept for concept in current_view().unsure if concept not in state().overrides)


def act(press: Press) -> None:
    """Do what one press asks for; while an earlier state is looked at, only what changes nothing but the view.
    InputError for a press that there is not."""
    views: dict[str, Callable[..., None]] = {"label": _show_label, "policy": _check_by}
    edits: dict[str, Callable[..., None]] = {
        "set": lambda concept, shares: set_concepts({concept: shares}), "reset": _reset, "unsure": _unsure,
        "residual": lambda counts: change(residual=bool(counts)), "undo": undo, "redo": redo}
    if press.what not in views | edits:
        raise InputError(unknown_name("press", press.what, (*views, *edits)))
    if press.what in views or not read_only():
        (views | edits)[press.what](*press.details)


def set_concepts(settings: Mapping[str, Sequence[float]]) -> None:
    """Set concepts to distributions, each as an edit of its own. InputError when one is none."""
    schema, before, overrides = load_explainer().schema, current_result().after, state().overrides
    for concept, shares in settings.items():
        edit = Override(concept, check_distribution(concept, shares, schema))
        do(edit, describe(edit, schema, before, overrides=overrides))
    change(unsure=tuple(name for name in current_view().unsure if name not in settings))


def _reset(concept: str) -> None:
    schema, view = load_explainer().schema, current_view()
    schema.concept_index(concept)
    change(unsure=tuple(name for name in view.unsure if name != concept))
    if concept in view.overrides:
        edit = Override(concept, None)
        do(edit, describe(edit, schema))


def _unsure(concept: str) -> None:
    _reset(concept)
    change(unsure=(*current_view().unsure, concept))


def _show_label(label: str) -> None:
    load_explainer().schema.label_index(label)
    change(label=label)


def _check_by(policy: str) -> None:
    if policy not in POLICIES:
        raise InputError(unknown_name("policy", policy, tuple(POLICIES)))
    change(policy=policy)


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
