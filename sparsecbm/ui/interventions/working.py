"""How far slow work is, with a way to stop it."""

from collections.abc import Callable

import streamlit as st

from sparsecbm.figures.names import percent
from sparsecbm.ui.job import Job


def work_state(job: Job, key: str, cancel: Callable[[], None] | None) -> None:
    """A bar and a button while a job runs, nothing otherwise. `key` starts the keys of both; without `cancel` the work
    is so short that there is nothing to stop."""
    with st.container(horizontal=True, vertical_alignment="center", key=f"{key}:work"):
        title, share = job.progress
        if job.running:
            st.progress(share, f"{title}: {percent(share)}", width=400)
            if cancel is not None:
                st.button("Cancel", on_click=cancel, key=f"{key}:cancel")
