"""The outcome, the ledger and its controls as one Streamlit component: a move of a control draws it in a tenth of the
time that as many elements of Streamlit's own take.

Its script and style are the two files beside this one. They are trusted code, and so is the HTML that reaches them: it
is made by our figures, which escape what they are given.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

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
