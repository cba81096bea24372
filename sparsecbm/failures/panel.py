"""The choice of a source, and its predictions as work that goes on while the page is left."""

import streamlit as st

from sparsecbm.data.catalogue import OWN
from sparsecbm.data.reviews import Reviews
from sparsecbm.failures.error_analysis import ErrorAnalysis, Rows
from sparsecbm.failures.outcomes import Rate
from sparsecbm.failures.panel_address import fits_address, ordered
from sparsecbm.failures.panel_filters import BOX_PIXELS, filter_bar
from sparsecbm.failures.panel_own_table import own_form
from sparsecbm.failures.panel_pictures import pictures
from sparsecbm.failures.panel_predictions import GOES_ON, prediction_progress, prediction_work
from sparsecbm.failures.panel_row import open_review
from sparsecbm.failures.panel_saved import save_bar
from sparsecbm.failures.panel_state import (
    STATE,
    analysis,
    look,
    marks,
    opened_looking,
    the_reviews,
    the_slice,
    the_source,
)
from sparsecbm.failures.panel_table import rows_table
from sparsecbm.failures.slices import Slice
from sparsecbm.figures.text import percent
from sparsecbm.service import Explainer
from sparsecbm.ui.loaded_model import load_explainer
from sparsecbm.ui.session import chosen, seed_widget, session_job
from sparsecbm.ui.shell import errors_shown, note
from sparsecbm.ui.sources import source_titles
from sparsecbm.ui.tasks import Job, polling_fragment
from sparsecbm.ui.text import as_markdown


def explore() -> None:
    """What the source at hand has to show."""
    st.fragment(_panel)()


def _panel() -> None:
    with errors_shown():
        explainer, found = load_explainer(), analysis()
        _fit(found)
        STATE.write()
        _truth(found.reviews, explainer)
        looking, own = STATE.current, marks()
        rows = looking.slice.rows(found, own)
        filter_bar(found)
        if not fits_address(looking.slice):
            note(":material/link_off: This slice is too long for a link: save it by name, or export it.")
        save_bar(found, rows, slice_line(found, rows))
        with st.container():  # always there: if the pictures moved, they would be built anew and lose the keyboard
            if not looking.slice.conditions:
                note(":material/ads_click: Press a bar or a cell, or filter: the table below shows those reviews.")
        pictures(found)
        numbers = ordered(found, rows, looking.sort)
        left, right = st.columns([1.3, 1] if looking.open else [3, 1], gap="medium")
        with left, st.container(key="failures:rows"):
            rows_table(found, numbers)
        with right, st.container(border=True):
            open_review(explainer, found, numbers, looking.open)


def slice_line(found: ErrorAnalysis, rows: Rows) -> str:
    """How many rows the slice has and how often the model is wrong on them, beside the whole source."""
    title, every = found.reviews.schema.label_title, Rate.of(found.label_wrong, found.label_known)
    line = f"**{int(rows.sum()):,} of {len(found):,} reviews**"
    if not every.n:
        return f"{line}; the true {as_markdown(title)} is not told of any."
    rate = found.error_rate(rows)
    if rate.share is None:
        return f"{line}; the true {as_markdown(title)} is not told of any of these."
    low, high = rate.interval
    line += (f": {as_markdown(title)} wrong in **{rate.hits:,} of {rate.n:,}, {percent(rate.share)}** "
             f"(95 % interval {100 * low:.0f} to {100 * high:.0f})")
    return line + ("." if rows.all() else f"; in all reviews {percent(every.share or 0.0)}.")


def _fit(found: ErrorAnalysis) -> None:
    """Take away conditions that this source cannot have, and say so."""
    fitting, problems = the_slice().fitting(found, marks())
    if problems:
        look(slice=fitting)
        st.warning("  \n".join(["Part of the slice cannot be used here and was taken away.",
                                *(f"• {as_markdown(problem)}" for problem in problems)]), icon=":material/warning:")


def _truth(reviews: Reviews, explainer: Explainer) -> None:
    """Which parts of the page need to be told more than the source tells."""
    missing = []
    if not reviews.has_labels:
        missing.append(f"the true {reviews.schema.label_title}: outcomes, the confusion matrix, error slices and the "
                       "smallest fix")
    if not reviews.has_values:
        missing.append("the true concepts: concept errors")
    if missing and explainer.checkpoint.kind != "black_box":
        st.info(as_markdown(f"{reviews.name} does not tell {'; nor '.join(missing)} are left out. ")
                + "Map a column to them, if the table has one. SliceSearch, tags and the reviews themselves are all here.",
                icon=":material/help:")


#: Of the rows that could not be used, so many are listed.
MOST_SHOWN = 200
_SOURCE = "failures:source"


def failures_panel(explainer: Explainer) -> None:
    """The source, its predictions, and what there is to see of them."""
    opened_looking(explainer)
    STATE.write()
    STATE.notices()
    titles = source_titles(explainer.schema, unloaded=True)
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
        polling_fragment(_job(), prediction_progress, _job(), reviews, "failures", STATE.run_again)
        if _job().result(prediction_work(explainer, reviews)):
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


def _job() -> Job:
    return session_job("failures", GOES_ON)


def _chosen() -> None:
    source = st.session_state[_SOURCE]
    if chosen(_SOURCE):
        look(source=source, slice=Slice(), page=1, open=None)
