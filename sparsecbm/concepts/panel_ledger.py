"""The lines of the ledger: what the model understood, what can be set, and what each contributes to a label."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from jaxtyping import Float

from sparsecbm.concepts.compute_effects import RESIDUAL, Effects, SingleEffect
from sparsecbm.concepts.contributions import Part, label_ledger, largest
from sparsecbm.concepts.panel_controls import MIX, OTHERS, chosen
from sparsecbm.figures.text import as_html, label_name, percent, signed
from sparsecbm.schema import ConceptSchema
from sparsecbm.types import InterventionResult
from sparsecbm.ui.bars import contribution_html, distribution_html
from sparsecbm.ui.component import component

_component = component(__file__)


@dataclass(frozen=True)
class Line:
    """One line: HTML on both sides, and what can be set between them.

    A concept has `options`, each with its name and its text, one of them `chosen`, and `shares` of its `values`, in
    0..1, while it is a mixture. `counted` is the state of a switch, for the line that has one.
    """

    name: str
    left: str
    right: str
    options: tuple[tuple[str, str], ...] = ()
    chosen: str | None = None
    values: tuple[str, ...] = ()
    shares: tuple[float, ...] | None = None
    counted: bool | None = None


@dataclass(frozen=True)
class Choice:
    """A list to choose one of: the kind of its press, what stands beside it, and each option's name and text."""

    name: str
    text: str
    options: tuple[tuple[str, str], ...]
    chosen: str


@dataclass(frozen=True)
class LedgerData:
    """All that is drawn. `outcome` and `next` are HTML, `edits` is text.

    Choices are of the `policy` that says what is next, and of the `label` whose contributions are shown.

    `review` tells reviews apart and `turn` is the number of the last press that was dealt with. `go` is the concept to
    check next, if any, and nothing can be set while it is `disabled`.
    """

    review: str
    turn: int
    edits: str
    undo: bool
    redo: bool
    outcome: str
    next: str
    policy: Choice
    go: str | None
    disabled: bool
    label: Choice
    lines: tuple[Line, ...]


def ledger_view(key: str, data: LedgerData, pressed: Callable[[], None], settled: Callable[[], None]) -> None:
    """Draw it; `pressed` is called when there are `presses`, and `settled` once there were none for a moment."""
    lines = [{name: part for name, part in vars(line).items() if part not in (None, ())} for line in data.lines]
    drawn = vars(data) | {"policy": vars(data.policy), "label": vars(data.label), "lines": lines}
    _component(key=key, data=drawn, on_presses_change=pressed, on_settled_change=settled)


def presses(key: str, review: str, turn: int) -> Sequence[Sequence[Any]]:
    """What was pressed after press number `turn` while a review was shown: the number of each, what it is, its details.

    What was pressed for another review, which has gone meanwhile, is left out.
    """
    found = st.session_state[key].get("presses") or ()
    return [[number, *what] for number, pressed_for, *what in found if number > turn and pressed_for == review]


def ledger_lines(
    result: InterventionResult, label: str, whose: Mapping[str, str], notes: Mapping[str, str], counted: bool
) -> tuple[Line, ...]:
    """A line for each concept, the residual where there is one, and their sum.

    `whose` says who set a concept, `notes` stand under some contributions, and `counted` whether the residual counts.
    """
    schema, ledger = result.before.schema, label_ledger(result, label)
    limit = largest(ledger)
    right = {name: contribution_html(part.before, part.after, limit) + _small(notes.get(name, ""))
             for name, part in ledger.items()}
    lines = [_concept_line(concept, result, whose[concept], right[concept]) for concept in schema.concepts]
    if result.before.residual.any():
        about = _small("what the label takes from the text beside the concepts")
        lines.append(Line(RESIDUAL, f"<b>residual</b>{about}", right[RESIDUAL], counted=counted))
    total = _sum_html(ledger["sum"], result, label)
    about = _small(f"with the bias of {signed(ledger['bias'].after)} that every review has")
    return (*lines, Line("sum", f"<b>sum</b>{about}", total))


def change_notes(effects: Sequence[SingleEffect], schema: ConceptSchema) -> dict[str, str]:
    """What each single change did by itself, and what the others do without it."""

    def top(shares: Float[np.ndarray, " label"]) -> str:
        y = int(shares.argmax())
        return f"{schema.label_display[y]} ({percent(float(shares[y]))})"

    return {one.part: f"alone: {top(one.alone)}" + (f"; without it: {top(one.without)}" if len(effects) > 1 else "")
            for one in effects}


def range_note(concept: str, label: str, effects: Effects, schema: ConceptSchema) -> str:
    """What a concept that nobody is sure of can contribute."""
    found = effects[schema.concept_index(concept), :, schema.label_index(label)]
    return f"can be anything from {signed(float(found.min()))} to {signed(float(found.max()))}"


def _concept_line(concept: str, result: InterventionResult, whose: str, right: str) -> Line:
    schema = result.before.schema
    k, choice = schema.concept_index(concept), chosen(concept, schema)
    after = result.after.concept_probabilities[k]
    left = (f'<div title="{as_html(schema.concept_help[k])}"><b>{as_html(concept)}</b> '
            f'<span style="font-size:.8rem">{as_html(whose)}</span></div>'
            + distribution_html(schema.values, result.before.concept_probabilities[k], after))
    options = (*((value, value) for value in schema.values), *OTHERS.items())
    shares = tuple(round(float(share), 4) for share in after) if choice == MIX else None
    return Line(concept, left, right, options, choice, schema.values, shares)


def _sum_html(part: Part, result: InterventionResult, label: str) -> str:
    index = result.before.schema.label_index(label)
    old, new = (percent(float(side.label_probabilities[index])) for side in (result.before, result.after))
    logit, share = signed(part.after), new
    if part.moved:
        logit, share = f"{signed(part.before)} → {logit}", f"{old} → {new}"
    said = _small(f"logit; probability of {label_name(label, result.before.schema)}: {share}")
    return f'<div style="text-align:center"><b>{logit}</b></div>{said}'


def _small(text: str) -> str:
    return f'<div style="font-size:.8rem;line-height:1.35">{as_html(text)}</div>' if text else ""
