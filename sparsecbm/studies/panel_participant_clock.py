"""The participant's own clock: when each click was made, and how much time is left for a case.

Both are measured in the browser, from when a case was opened; after a reload they go on from what the server knows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from sparsecbm.ui.component import component

_component = component(__file__)
_CLICKS, _LEFT = "study:clicks", "study:left"


@dataclass(frozen=True)
class Clicked:
    """When a click was made: milliseconds since the case was opened, and the participant's own clock.

    None where there is no case, or where the browser said nothing.
    """

    elapsed_ms: int | None
    client_time: str | None


def click_times(screen: str, elapsed_ms: int | None) -> None:
    """In a form: have every click on it bring its time along.

    `screen` tells what is drawn, and `elapsed_ms` how long its case has been open, None where it is of no case. The
    second of two quick clicks does nothing when what it would press came only after the first.
    """
    _component(key=_CLICKS, data={"screen": screen, "elapsed": elapsed_ms})


def last_click() -> Clicked:
    """When the click was made that a callback of a form is called for."""
    told: dict[str, Any] = (st.session_state.get(_CLICKS) or {}).get("click") or {}
    elapsed, time = told.get("elapsed"), told.get("time")
    return Clicked(elapsed if isinstance(elapsed, int) else None, time if isinstance(time, str) else None)


def countdown(screen: str, left_ms: int, limit_s: int, over: Callable[[], None]) -> None:
    """Outside of forms: the time that is left, and `over` once there is none."""
    _component(key=_LEFT, data={"screen": screen, "left": left_ms, "limit": limit_s}, on_over_change=over)
