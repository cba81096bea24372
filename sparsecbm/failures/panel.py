"""The Failures page: a source, its predictions, the slice in force with its finding, pictures, and the documents."""

import streamlit as st

from sparsecbm.corrections.panel_queue import labelling_queue
from sparsecbm.data.catalogue import OWN, SAMPLES
from sparsecbm.data.reviews import Reviews
from sparsecbm.failures.error_analysis import ErrorAnalysis, Rows
from sparsecbm.failures.panel_address import SECTIONS, STATE, fits_address, ordered
from sparsecbm.failures.panel_filters import BOX_PIXELS, filter_bar
from sparsecbm.failures.panel_how_right import how_right_fold
from sparsecbm.failures.panel_own_table import own_form
from sparsecbm.failures.panel_pictures import pictures
from sparsecbm.failures.panel_row import open_review
from sparsecbm.failures.panel_saved import save_bar
from sparsecbm.failures.panel_state import (
    GOES_ON,
    analysis,
    change,
    marks,
    opened_looking,
    prediction_progress,
    prediction_work,
    the_reviews,
    the_slice,
    the_source,
)
from sparsecbm.failures.panel_table import rows_table
from sparsecbm.failures.slices import Slice
from sparsecbm.figures.text import counted, counted_documents, percent
from sparsecbm.home.panel_scores import ordinary_accuracy
from sparsecbm.revision.edit import Override
from sparsecbm.revision.panel_session import state
from sparsecbm.service import Explainer
from sparsecbm.ui.loaded_model import load_explainer
from sparsecbm.ui.loaded_sources import source_titles
from sparsecbm.ui.safe_text import as_markdown
from sparsecbm.ui.sections import section_bar
from sparsecbm.ui.session import chosen, seed_widget, session_job
from sparsecbm.ui.shell import INTERVENTIONS, errors_shown, link, note
from sparsecbm.ui.tasks import Job, polling_fragment

#: Of the rows that could not be used, so many are listed.
MOST_SHOWN = 200
_SOURCE = "failures:source"


def failures_panel(explainer: Explainer) -> None:
    """The source, its predictions, and the analysis of them."""
    opened_looking(explainer)
    STATE.write()
    STATE.notices()
    titles = source_titles(explainer.schema, unloaded=True)
    top = st.container(horizontal=True, vertical_alignment="center", gap="small")
    top.selectbox("Source", list(titles), list(titles).index(seed_widget(_SOURCE, the_source())), key=_SOURCE,
                  width=430, format_func=titles.__getitem__, on_change=_chosen, label_visibility="collapsed")
    reviews = None
    with errors_shown():
        if the_source() == OWN:
            own_form(explainer)
        reviews = the_reviews()
    if reviews is not None:
        with top:
            _how_loaded(reviews)
            _edits_in_force()
            section_bar("failures:section", SECTIONS, STATE.current.section, lambda name: change(section=name))
        polling_fragment(_job(), prediction_progress, _job(), reviews, "failures", STATE.run_again)
        if _job().result(prediction_work(explainer, reviews)):
            st.fragment(_analysis)()


def _analysis() -> None:
    with errors_shown():
        explainer, found = load_explainer(), analysis()
        _fit(found)
        STATE.write()
        looking, own = STATE.current, marks()
        rows = looking.slice.rows(found, own)
        left, right = st.columns([1.65, 1], gap="small")
        with left:
            filter_bar(found)
        with right:
            save_bar(found, rows)
        if not fits_address(looking.slice):
            note(":material/link_off: This slice is too long for a link: save it by name, or export it.")
        if looking.section == "label":
            labelling_queue(found, rows)
            return
        st.markdown(f"### {slice_heading(found, rows)}")
        note(as_markdown(_compared(found, rows, explainer)))
        how_right_fold(found)
        pictures(found)
        numbers = ordered(found, rows, looking.sort)
        if looking.open is None:
            with st.container(key="failures:rows"):
                rows_table(found, numbers)
            return
        table, review = st.columns([1.15, 1], gap="medium")
        with table, st.container(key="failures:rows"):
            rows_table(found, numbers, narrow=True)
        with review, st.container(border=True):
            open_review(explainer, found, numbers, looking.open)


def slice_heading(found: ErrorAnalysis, rows: Rows) -> str:
    """How often the model is wrong in the slice, as a heading in Markdown."""
    schema, rate, size = found.reviews.schema, found.error_rate(rows), int(rows.sum())
    title = as_markdown(schema.label_title)
    if not size:
        return f"No {as_markdown(schema.document)} fits the filters"
    if rate.share is None:
        return f"{as_markdown(counted_documents(size, schema))}, none with a labelled {title}"
    low, high = rate.interval
    of_all = as_markdown(counted_documents(rate.n, schema))
    return (f"{title[:1].upper()}{title[1:]} wrong in {rate.hits:,} of {of_all}, "
            f"{percent(rate.share)} (95 % interval {100 * low:.0f} to {100 * high:.0f})")


def _compared(found: ErrorAnalysis, rows: Rows, explainer: Explainer) -> str:
    """What the slice is compared with: all documents of the source, and how hard these are."""
    schema, every, size = found.reviews.schema, found.error_rate(found.label_known), int(rows.sum())
    title = schema.label_title
    said = list[str]()
    if size < len(found):
        said.append(f"{size:,} of {counted_documents(len(found), schema)} are shown"
                    + ("." if every.share is None else f"; over all, the {title} is wrong in {percent(every.share)}."))
    labelled = {f"the {title}": found.reviews.has_labels,
                "the concepts": found.reviews.has_values or not found.has_concepts}
    missing = [what for what, known in labelled.items() if not known]
    if missing:
        said.append(f"{found.reviews.name} has no labels for {' and '.join(missing)}, so nothing can be called right "
                    "or wrong there. If the table has such a column, map it when you load the table.")
    if the_source() == SAMPLES:
        said.append("Most of these samples were written to be hard. "
                    + ordinary_accuracy(explainer.checkpoint.metrics, explainer.schema))
    return " ".join(said + ["Press a bar or a cell, or filter, to list those texts below."]).strip()


def _edits_in_force() -> None:
    """Name the revisions and rules of this session, which play no part here."""
    edits = [entry.description for entry in state().entries if not isinstance(entry.edit, Override)]
    if edits:
        with st.popover(f"Without {counted(len(edits), 'edit')} in force", icon=":material/info:"), \
                st.container(width=BOX_PIXELS):
            st.markdown("This page shows the model as it was loaded. Not part of it, but in force on Interventions:\n\n"
                        + "\n".join(f"- {as_markdown(edit)}" for edit in edits))
            link(INTERVENTIONS, "See their impact on other texts", ":material/arrow_forward:", {"section": "blast"})


def _fit(found: ErrorAnalysis) -> None:
    """Take away conditions that this source cannot have, and say so."""
    fitting, problems = the_slice().fitting(found, marks())
    if problems:
        change(slice=fitting)
        st.warning("  \n".join(["Some conditions do not fit this source and were removed.",
                                *(f"• {as_markdown(problem)}" for problem in problems)]), icon=":material/warning:")


def _how_loaded(reviews: Reviews) -> None:
    """How the source was loaded, and what of it could not be used."""
    many = len(reviews.rejects)
    label = f"{counted(many, 'row')} could not be used" if many else "How it was loaded"
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
        change(source=source, slice=Slice(), page=1, open=None)
