"""The sections of a long page, one on screen at a time.

The browser draws every chart and widget of a page again when some of it changes, so what nobody looks at is not drawn.
"""

from collections.abc import Callable, Mapping

import streamlit as st

from sparsecbm.ui.session import chosen, seed_widget


def section_bar(key: str, titles: Mapping[str, str], shown: str, choose: Callable[[str], None]) -> None:
    """Let a person choose among sections by their titles; `choose` gets the name before the page runs again."""

    def pressed() -> None:
        if chosen(key):
            choose(st.session_state[key])

    st.segmented_control("Section", list(titles), key=key, default=seed_widget(key, shown), required=True,
                         format_func=lambda name: titles[name], on_change=pressed, label_visibility="collapsed",
                         width="stretch")
