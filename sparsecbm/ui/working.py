"""How far slow work is, with a way to stop it."""

from collections.abc import Callable

import streamlit as st

from sparsecbm.figures.names import percent
from sparsecbm.ui.job import Job


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
