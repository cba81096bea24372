"""The participant's own clock: when each button was pressed, and how much time is left for a case.

Both are measured in the browser from when a case was opened; after a reload they go on from what the server knows. The
same script warns before marks that were not sent are lost, and says when the server does not answer.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from sparsecbm.studies.compute_service import new_key
from sparsecbm.studies.log import now
from sparsecbm.studies.protocol import LONGEST
from sparsecbm.ui.component import component

_component = component(__file__)
_PRESSES, _LEFT = "study:presses", "study:left"
#: Presses that this session has dealt with.
_DEALT_WITH = "study:dealt-with"


@dataclass(frozen=True)
class Press:
    """A press of a button as the browser reports it.

    key          the browser's random key of it; a press that is sent twice has the same one
    button       the style class of the button
    elapsed_ms   time since the case was opened; None where there is no case, or where the browser said nothing
    client_time  the participant's own clock
    """

    key: str
    button: str = ""
    elapsed_ms: int | None = None
    client_time: str | None = None

    def is_of(self, key: str) -> bool:
        """True when the button with this key was pressed."""
        return self.button == f"st-key-{re.sub(r'[^a-zA-Z0-9_-]', '-', key.strip())}"


def press_times(screen: str, elapsed_ms: int | None, form: str) -> None:
    """In a form: have every press of a button bring its time along.

    `screen` names the case at hand, `elapsed_ms` how long it has been open (None where there is none), and `form` the
    set of marks that are not sent yet. The second of two quick presses does nothing when the button that it hits came
    only after the first.
    """
    _component(key=_PRESSES, data={"screen": screen, "elapsed": elapsed_ms, "form": form,
                                   "drawn": now().timestamp()})


def last_press() -> Press:
    """The last press that the browser reported; of an unknown button where it reported none."""
    state: Any = st.session_state.get(_PRESSES) or {}
    return press_of(state.get("press") or {})


def press_of(values: Mapping[str, Any]) -> Press:
    """A press from what the browser says of it, of which only what fits is taken."""

    def text(name: str) -> str | None:
        value = values.get(name)
        return value if isinstance(value, str) and 0 < len(value) <= LONGEST["id"] else None

    elapsed = values.get("elapsed")
    return Press(text("key") or new_key(), text("button") or "", elapsed if isinstance(elapsed, int) else None,
                 text("time"))


def dealt_with(press: Press) -> bool:
    """True when this session has dealt with a press."""
    return press.key in _dealt_with()


def deal_with(press: Press) -> None:
    """From now on it has."""
    _dealt_with().add(press.key)


def _dealt_with() -> set[str]:
    keys: set[str] = st.session_state.setdefault(_DEALT_WITH, set())
    return keys


def countdown(screen: str, left_ms: int, limit_s: int, over: Callable[[], None]) -> None:
    """Outside of forms: the time that is left, and `over` once there is none."""
    _component(key=_LEFT, data={"screen": screen, "left": left_ms, "limit": limit_s}, on_over_change=over)
