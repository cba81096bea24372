"""The choice of a source, and its predictions as work that goes on while the page is left."""

from collections.abc import Callable

import streamlit as st

from sparsecbm.data.reviews import Reviews
from sparsecbm.explainer import Explainer
from sparsecbm.failures.slices import Slice
from sparsecbm.ui.engine import load_explainer
from sparsecbm.ui.failures.explore import explore
from sparsecbm.ui.failures.filters import BOX_PIXELS
from sparsecbm.ui.failures.looking import to_address
from sparsecbm.ui.failures.own import own_form
from sparsecbm.ui.failures.source import OWN, source_titles
from sparsecbm.ui.failures.state import (
    KEPT,
    look,
    opened_looking,
    predict_all,
    predicted_already,
    the_reviews,
    the_source,
)
from sparsecbm.ui.job import Job, Progress, Work
from sparsecbm.ui.markdown import as_markdown
from sparsecbm.ui.session import chosen, seed_widget, session_job
from sparsecbm.ui.shell import errors_shown, note
from sparsecbm.ui.working import look_after, want, work_state

#: A source is predicted for so long, in seconds, after its page was last seen.
GOES_ON = 1800.0
#: Of the rows that could not be used, so many are listed.
MOST_SHOWN = 200
_SOURCE = "failures:source"


def failures_panel(explainer: Explainer) -> None:
    """The source, its predictions, and what there is to see of them."""
    KEPT.write(to_address(opened_looking(explainer)))
    KEPT.notices()
    titles = source_titles(explainer.schema)
    top = st.container(horizontal=True, vertical_alignment="bottom", gap="small")
    top.selectbox("Reviews", list(titles), list(titles).index(seed_widget(_SOURCE, the_source())), key=_SOURCE,
                  width=430, format_func=titles.__getitem__, on_change=_chosen)
    reviews = None
    with errors_shown():
        if the_source() == OWN:
            own_form(explainer)
        reviews = the_reviews()
    if reviews is not None:
        with top:
            _how_read(reviews)
        look_after(_job(), predicting, _job(), reviews, "failures", KEPT.run_again)
        if _job().result(predicting_work(explainer, reviews)):
            explore()


def _how_read(reviews: Reviews) -> None:
    """How the source was read, and what of it could not be used."""
    many = len(reviews.rejects)
    label = f"{many:,} row{'s' if many > 1 else ''} could not be used" if many else "How it was read"
    with st.popover(label, icon=":material/warning:" if many else ":material/info:"), \
            st.container(width=BOX_PIXELS):
        for line in reviews.notes:
            note(as_markdown(line))
        if reviews.rejects:
            st.dataframe({"line": [one.number for one in reviews.rejects[:MOST_SHOWN]],
                          "reason": [one.reason for one in reviews.rejects[:MOST_SHOWN]],
                          "content": [one.content[:200] for one in reviews.rejects[:MOST_SHOWN]]},
                         hide_index=True, alt="Rows that could not be used, with the reason")


def predicting(job: Job, reviews: Reviews, key: str, run_again: Callable[[], None], looking: bool) -> None:
    """A panel to look after: a source is predicted, and how far that is; `key` starts the keys of its buttons."""
    with errors_shown():
        explainer = load_explainer()
        want(job, [predicting_work(explainer, reviews)], looking, run_again)
        done = predicted_already(explainer, reviews)
        work_state(job, key, job.cancel, f"{done:,} of {len(reviews):,} reviews are predicted, and kept.")


def predicting_work(explainer: Explainer, reviews: Reviews) -> Work:
    """The predictions of a source; equal keys mean equal work, whichever page asks for it."""
    def run(progress: Progress) -> bool:
        return predict_all(explainer, reviews, progress)

    return Work(("failures", explainer.checkpoint.hash, reviews.digest), f"Predicting {len(reviews):,} reviews", run)


def _job() -> Job:
    return session_job("failures", GOES_ON)


def _chosen() -> None:
    source = st.session_state[_SOURCE]
    if chosen(_SOURCE):
        look(source=source, slice=Slice(), page=1, open=None)
