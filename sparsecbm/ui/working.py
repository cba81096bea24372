"""Slow work of a panel: asked for beside the page, looked at until it is done, with a way to stop it."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from sparsecbm.figures.names import percent
from sparsecbm.ui.job import LOOK_AGAIN, PATIENCE, Job, Work


def look_after(job: Job, panel: Callable[..., None], *shown: Any, key: str | None = None) -> None:
    """Draw a panel as a fragment, and while its job runs again and again; it gets `shown`, and whether that is so."""
    running = job.running
    st.fragment(panel, key=key, run_every=LOOK_AGAIN if running else None)(*shown, running)


def want(job: Job, works: Sequence[Work], looking: bool, run_again: Callable[[], None]) -> None:
    """In such a panel: have works done, and the page run again where its looking has to begin or to end."""
    job.want(works, 0.0 if looking else PATIENCE)
    if job.running != looking:
        run_again()


def work_state(job: Job, key: str, cancel: Callable[[], None] | None, stopped: str | None = None) -> None:
    """A bar and a button while a job runs; in one container, so that nothing below it moves its place.

    `key` starts the keys of both; without `cancel` the work is so short that there is nothing to stop. `stopped` is
    what to say of work that the user stopped and may take up again, None where that is not offered.
    """
    with st.container(horizontal=True, vertical_alignment="center", key=f"{key}:work"):
        title, share = job.progress
        if job.running:
            st.progress(share, f"{title}: {percent(share)}", width=400)
            if cancel is not None:
                st.button("Cancel", on_click=cancel, key=f"{key}:cancel")
        elif stopped is not None and job.stopped:
            st.markdown(f":material/stop_circle: Stopped. {stopped}")
            st.button("Run again", on_click=job.again, key=f"{key}:again")
