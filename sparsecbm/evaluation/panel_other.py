"""Another checkpoint compared with the loaded one: the stored scores of both, and the answers that differ.

Nothing is loaded before another checkpoint is chosen, and no review is predicted before somebody asks for it.
"""

from collections.abc import Hashable

import streamlit as st

from sparsecbm.data.reviews import Reviews
from sparsecbm.errors import CheckpointError
from sparsecbm.evaluation.figure import SCORES, both_rows, both_scores
from sparsecbm.evaluation.panel_address import STATE, others
from sparsecbm.figures.dots import dots, dots_table
from sparsecbm.figures.text import counted_documents
from sparsecbm.impact.impact import Impact
from sparsecbm.impact.panel_changes import changes_view, impact_of_checkpoint, require_same
from sparsecbm.service import Explainer
from sparsecbm.subnetworks.panel_selection import OTHERS_VARIABLE, missing_folder
from sparsecbm.ui.chart import chart
from sparsecbm.ui.loaded_model import load_explainer, other_explainer
from sparsecbm.ui.loaded_sources import opened_reviews, source_titles
from sparsecbm.ui.safe_text import as_markdown, table_html
from sparsecbm.ui.session import chosen, seed_widget, session_job
from sparsecbm.ui.shell import errors_shown, note
from sparsecbm.ui.stored_metrics import stored_metrics
from sparsecbm.ui.tasks import Progress, Work, polling_fragment, request_work, work_state

OTHER_HELP = (
    "Two checkpoints on the same texts. The scores were measured for each on its held-out split; below, both "
    "predict the same texts, and only those whose answer differs are listed."
)
_PANEL, _AGAINST, _SOURCE = "evaluation:other", "evaluation:against", "evaluation:source"
_REQUESTED = "evaluation:asked"
_NOTHING = ""  # no folder is called so
#: Both models go on predicting for so long, in seconds, after the page was last seen.
GOES_ON = 1800.0


def other_panel(explainer: Explainer) -> None:
    """The choice, the scores of both, and the reviews whose answer differs."""
    st.markdown("### Compare with another checkpoint", help=OTHER_HELP)
    with errors_shown():
        folder = _choice(explainer)
        if folder is None:
            return
        other = _opened(folder)
        if other is None:
            return
        require_same(explainer, other)
        _figures(explainer, other)
        polling_fragment(session_job(_PANEL, GOES_ON), _answers, other)


def _choice(explainer: Explainer) -> str | None:
    missing, found = missing_folder(), others(explainer)
    if missing is not None:
        st.warning(f"`{OTHERS_VARIABLE}` names {as_markdown(str(missing))}, which is no folder here; allowed: a folder "
                   "of checkpoints. Set it to one and start the app again.", icon=":material/warning:")
    if not found:
        beside = explainer.checkpoint.path.resolve().parent
        st.info(f"There is no other checkpoint yet. Train one into a folder beside this one, such as "
                f"`{beside / 'mine'}`, or set `{OTHERS_VARIABLE}` to a folder of checkpoints and start the app "
                "again.", icon=":material/info:")
        return None
    options, against = [_NOTHING, *found], STATE.current.against
    st.selectbox("Compare with", options, options.index(seed_widget(_AGAINST, against or _NOTHING)), key=_AGAINST,
                 width=320, format_func=lambda name: name or "choose another checkpoint", on_change=_against_chosen)
    if not against:
        note("Choose one to compare its scores with this model's, and to see which answers differ.")
    return found[against] if against else None


def _opened(folder: str) -> Explainer | None:
    """The other model; None, and the reason on screen, when it cannot be read."""
    try:
        with st.spinner("Loading the other model…"):
            return other_explainer(folder)
    except CheckpointError as error:
        st.error(as_markdown(str(error)), icon=":material/error:")
        return None


def names_of(explainer: Explainer, other: Explainer) -> tuple[str, str]:
    """The names of the two: those of their folders, with the hash where these are the same."""
    one, two = explainer.checkpoint, other.checkpoint
    return (one.name, two.name) if one.name != two.name else (one.name, f"{two.name}, {two.hash[:6]}")


def _figures(explainer: Explainer, other: Explainer) -> None:
    st.markdown("#### Scores of both")
    one, two = (stored_metrics(model.checkpoint, "dev") for model in (explainer, other))
    names, schema = names_of(explainer, other), explainer.schema
    missing = [name for name, report in zip(names, (one, two), strict=True) if report is None]
    if one is None or two is None:
        st.info(f"Nothing was measured for {as_markdown(' and '.join(missing))} yet, so there are no scores "
                "to compare. Measure them with `python -m sparsecbm evaluate --save --checkpoint FOLDER`.",
                icon=":material/straighten:")
        return
    if one.get("data_hash") != two.get("data_hash"):
        st.warning("The two were measured on different texts, so a difference may be that of the texts.",
                   icon=":material/warning:")
    reports = dict(zip(names, (one, two), strict=True))
    points = both_scores(reports, "macro_f1", schema)
    chart(lambda dark: dots(points, f"{SCORES['macro_f1']} of both on their held-out texts", "percent", dark),
          dots_table(points, {"row": "of", "series": "model", "value": "macro F1, percent"}), "evaluation:both",
          "macro F1 of two models, with intervals")
    st.html(table_html("Scores of both models", ("Percent", *names, "Difference, points"), both_rows(reports, schema)))


def _answers(other: Explainer, looking: bool) -> None:
    """`looking` is True while this fragment draws itself again and again."""
    st.markdown("#### Answers that differ")
    with errors_shown():
        explainer, job = load_explainer(), session_job(_PANEL, GOES_ON)
        titles = source_titles(explainer.schema)
        if not titles:
            st.info("There are no texts to compare the two on: none ship for the concepts of this model.",
                    icon=":material/info:")
            return
        source = STATE.current.source or next(iter(titles))
        reviews = opened_reviews(source, explainer.schema)
        assert reviews is not None  # a table that is not loaded is not offered
        work = _work(explainer, other, reviews)
        request_work(job, [work] if st.session_state.get(_REQUESTED) == work.key else [], looking, STATE.run_again)
        with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
            st.selectbox("Source", list(titles), list(titles).index(seed_widget(_SOURCE, source)), key=_SOURCE,
                         width=430, format_func=titles.__getitem__, on_change=_source_chosen)
            st.button("Compare the answers", key=f"{_PANEL}:do", type="primary", on_click=_request, args=(work.key,),
                      disabled=job.running)
        work_state(job, _PANEL, job.cancel, "What is predicted so far is kept.")
        found: Impact | None = job.result(work)
        if found is not None:
            one, two = names_of(explainer, other)
            heading = f"From {one} to {two}: answers on {counted_documents(len(reviews), reviews.schema)}"
            changes_view(found, reviews.texts, "evaluation:changed", heading, (f"by {one}", f"by {two}"))
        elif not job.running and not job.stopped:
            note(f"Both models predict {counted_documents(len(reviews), reviews.schema)}; you can go on working "
                 "meanwhile.")


def _work(explainer: Explainer, other: Explainer, reviews: Reviews) -> Work:
    def run(progress: Progress) -> Impact:
        return impact_of_checkpoint(explainer, other, reviews, progress)

    return Work(("other", explainer.checkpoint.hash, other.checkpoint.hash, reviews.digest),
                f"Both models predict {counted_documents(len(reviews), reviews.schema)}", run)


def _against_chosen() -> None:
    if chosen(_AGAINST):
        STATE.change(against=st.session_state[_AGAINST] or None)


def _source_chosen() -> None:
    if chosen(_SOURCE):
        STATE.change(source=st.session_state[_SOURCE])


def _request(key: Hashable) -> None:
    st.session_state[_REQUESTED] = key
