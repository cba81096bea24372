"""Everything below the choice of a source: what the rows of a slice are like, and the rows themselves.

The panel is one fragment: a press on a chart, a condition or a row draws it anew; nothing of it is worked out twice.
"""

import streamlit as st

from sparsecbm.data.reviews import Reviews
from sparsecbm.explainer import Explainer
from sparsecbm.failures.judged import Judged, Rows
from sparsecbm.failures.rates import Rate
from sparsecbm.figures.names import percent
from sparsecbm.ui.engine import load_explainer
from sparsecbm.ui.failures.filters import filter_bar
from sparsecbm.ui.failures.looking import fits_address, to_address
from sparsecbm.ui.failures.order import ordered
from sparsecbm.ui.failures.pictures import pictures
from sparsecbm.ui.failures.row import open_review
from sparsecbm.ui.failures.saved import save_bar
from sparsecbm.ui.failures.state import KEPT, judged, look, marks, the_slice
from sparsecbm.ui.failures.table import rows_table
from sparsecbm.ui.markdown import as_markdown
from sparsecbm.ui.shell import errors_shown, note


def explore() -> None:
    """What the source at hand has to show."""
    st.fragment(_panel)()


def _panel() -> None:
    with errors_shown():
        explainer, found = load_explainer(), judged()
        _fit(found)
        KEPT.write(to_address(KEPT.current))
        _truth(found.reviews, explainer)
        looking, own = KEPT.current, marks()
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


def slice_line(found: Judged, rows: Rows) -> str:
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


def _fit(found: Judged) -> None:
    """Take away conditions that this source cannot have, and say so."""
    fitting, problems = the_slice().fitting(found, marks())
    if problems:
        look(slice=fitting)
        st.warning("  \n".join(["Part of the slice cannot be used here and was taken away.",
                                *(f"• {as_markdown(problem)}" for problem in problems)]), icon=":material/warning:")


def _truth(reviews: Reviews, explainer: Explainer) -> None:
    """Which parts of the page need to be told more than the source tells."""
    missing = []
    if not reviews.labels_told:
        missing.append(f"the true {reviews.schema.label_title}: outcomes, the confusion matrix, error slices and the "
                       "smallest fix")
    if not reviews.values_told:
        missing.append("the true concepts: concept errors")
    if missing and explainer.checkpoint.kind != "black_box":
        st.info(as_markdown(f"{reviews.name} does not tell {'; nor '.join(missing)} are left out. ")
                + "Map a column to them, if the table has one. Search, tags and the reviews themselves are all here.",
                icon=":material/help:")
