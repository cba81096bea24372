"""Error slices: where the model is wrong more often, discovered and validated; one press shows their reviews."""

import streamlit as st

from sparsecbm.failures.error_analysis import ErrorAnalysis
from sparsecbm.failures.error_tree import SliceSearch, find_slices
from sparsecbm.failures.figure_error_slices import search_text, slice_dots, slice_line, slice_table
from sparsecbm.failures.panel_state import set_slice
from sparsecbm.types import LABEL_TARGET
from sparsecbm.ui.chart import chart, title
from sparsecbm.ui.loaded_model import load_explainer
from sparsecbm.ui.safe_text import as_markdown
from sparsecbm.ui.session import seed_widget
from sparsecbm.ui.shell import note

FOUND_HELP = (
    "A shallow decision tree over predicted concepts, smart tags and length searches one half of the texts "
    "(discovery) for slices with more errors. What it finds is tested on the other half (validation), which it has not "
    "seen, and shown only if it is confirmed there: a search always finds something, and most of that is chance. "
    "Filled marks and intervals are of the validation half. The search covers all texts of the source, whatever "
    "filters are set."
)
_SUBJECT = "failures:found:of"


def found_slices(analysis: ErrorAnalysis) -> None:
    """What a search of the whole source found for the label, or for the chosen concept."""
    schema = analysis.reviews.schema
    if not analysis.label_known.any() and not analysis.value_known.any():
        note("This source is not labelled, so its errors are not known.")
        return
    subjects = [*([LABEL_TARGET] if analysis.label_known.any() else []),
                *(concept for k, concept in enumerate(schema.concepts) if analysis.value_known[:, k].any())]
    names = {LABEL_TARGET: f"the {schema.label_title}"}
    title("Where is it wrong more often?", FOUND_HELP)
    chosen = st.session_state.get(_SUBJECT)
    start: str = chosen if chosen in subjects else subjects[0]
    subject: str = st.segmented_control("Errors of", subjects, default=seed_widget(_SUBJECT, start), key=_SUBJECT,
                                   required=True, format_func=lambda name: as_markdown(names.get(name) or name))
    search = _search(analysis, load_explainer().checkpoint.hash, analysis.reviews.digest, subject)
    st.markdown(as_markdown(search_text(search, schema)))
    if not search.slices:
        return
    said, name = [slice_line(one, schema) for one in search.slices], names.get(subject, subject)
    with st.container(horizontal=True, gap="small"):
        for place, (one, line) in enumerate(zip(search.slices, said, strict=True)):
            st.button(as_markdown(line), key=f"failures:found:{place}", icon=":material/filter_alt:",
                      on_click=set_slice, args=(one.slice,),
                      help=f"Show its {one.overall.n:,} texts, of both halves; {one.overall.hits:,} are wrong")
    chart(lambda dark: slice_dots(search, schema, f"Where {name} is wrong more often", dark),
          slice_table(search, schema), "failures:found", f"Slices with more errors of {name}: {'; '.join(said)}",
          lambda place: set_slice(search.slices[place[0]].slice))


@st.cache_resource(max_entries=32, show_spinner="Searching for error slices…")
def _search(_analysis: ErrorAnalysis, checkpoint: str, digest: str, subject: str) -> SliceSearch:
    return find_slices(_analysis, subject)
