"""The results of a study: shown when somebody asks for them, which is logged, one group of charts at a time."""

import io
import zipfile
from collections.abc import Sequence
from functools import partial

import pandas as pd
import streamlit as st

from sparsecbm.figures.text import counted
from sparsecbm.service import Explainer
from sparsecbm.studies.analysis import Results, analyse, case_table
from sparsecbm.studies.compute_export import study_files
from sparsecbm.studies.log import Course, Logged, ParticipantKind, Study
from sparsecbm.studies.outcome import FEWEST
from sparsecbm.studies.panel_address import STATE, chosen_study, study_store, time_words
from sparsecbm.studies.panel_results_charts import GROUPS, tests_group
from sparsecbm.studies.panel_results_numbers import SHOWN, TESTS, gained
from sparsecbm.ui.action_result import attempt, show_result
from sparsecbm.ui.safe_text import as_markdown, table_html
from sparsecbm.ui.shell import note

#: The files that can be downloaded one by one, with their labels.
SINGLE = {"cases.csv": "Cases, CSV", "cases.parquet": "Cases, Parquet", "events.csv": "Events, CSV",
          "events.parquet": "Events, Parquet", "codebook.csv": "Codebook"}
EXPORT_HELP = (
    "A row for each case and for each event, the codebook of all columns, the protocol, and a list of contents. People "
    "and simulated participants are included and marked as such; trials are not. A participant is a random code and "
    "nothing else. In CSV, text that a spreadsheet would run as a formula is made harmless; Parquet keeps it as it is."
)
_KEY = "studies:export"


def export_part(study: Study) -> None:
    """One button for each file; a file is made when its button is pressed, and that is logged."""
    st.markdown("#### Export", help=EXPORT_HELP)
    name = f"study-{study.id}"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.download_button("The whole study, ZIP", partial(archive, study.id, name), f"{name}.zip", "application/zip",
                           key=f"{_KEY}:zip", on_click="ignore", type="primary", icon=":material/folder_zip:")
        for file, label in SINGLE.items():
            mime = "text/csv" if file.endswith(".csv") else "application/vnd.apache.parquet"
            st.download_button(label, partial(_one, study.id, file), f"{name}-{file}", mime, key=f"{_KEY}:{file}",
                               on_click="ignore", icon=":material/download:")
    note("The tables contain the outcomes, so every export is logged. The unpacked archive can be replayed: the "
         "command recomputes every prediction and lists those that have changed.")
    st.code(f"python -m sparsecbm study replay {name}", language="sh", wrap_lines=True)


def archive(study: str, folder: str) -> bytes:
    """A ZIP file of the study in a folder of that name; the export is logged."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in study_files(study_store(), study).items():
            archive.writestr(f"{folder}/{name}", content)
    return made.getvalue()


def _one(study: str, name: str) -> bytes:
    return study_files(study_store(), study)[name]


RESULTS_HELP = (
    "Means over participants with 95 % intervals by Student's t, from {fewest} participants on. A participant is the "
    "unit, because answers of one person resemble each other. Practice does not count. A case without a final answer, "
    "because its time was over, counts as not right and is left out of the measures of reliance."
)
WHO: dict[ParticipantKind, str] = {"person": "People", "simulated": "Simulated participants"}
#: With fewer participants a warning is shown above the charts.
FEW = 10
_NOTES = {"started": "started", "closed": "closed for new participants", "results": "outcomes were opened",
          "exported": "exported", "withdrawn": "a participant withdrew, events deleted:"}
_RESULTS_KEY = "studies:results"
_LOOKED = f"{_RESULTS_KEY}:looked"


def results_panel(explainer: Explainer) -> None:
    """The outcomes of one study, once they are opened, and its files."""
    st.markdown("### Results", help=RESULTS_HELP.format(fewest=FEWEST))
    store = study_store()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        study = chosen_study(store.studies())
        if study is not None:
            every = store.courses(study.id, tuple(WHO))
            who = _who(study, every)
    if study is None:
        st.info("There is no study yet: build one first.", icon=":material/info:")
        st.button("Build a study", key=f"{_RESULTS_KEY}:build", icon=":material/arrow_back:", on_click=_build)
        return
    courses = tuple(course for course in every if course.participant.kind == who)
    _logged(store.notes(study.id))
    if (study.id, who) in _looked():
        _outcomes(study, courses, who)
    else:
        st.info(f"**The outcomes are hidden.** So far, {_many(len(courses), who)} took part. Looking at outcomes "
                "before a study is over makes it tempting to stop when they look good, so every look is logged.",
                icon=":material/visibility_off:")
        st.button("Show the outcomes", key=f"{_RESULTS_KEY}:look", type="primary", icon=":material/visibility:",
                  on_click=attempt, args=(_RESULTS_KEY, lambda: _look(study.id, who), "The database cannot be used"))
    show_result(_RESULTS_KEY)
    with st.container(border=True):
        export_part(study)


def _outcomes(study: Study, courses: tuple[Course, ...], who: ParticipantKind) -> None:
    key = (study.id, *((course.participant.code, len(course.events)) for course in courses))
    results, table = _analysed(study, courses, key)
    if not results.arms:
        st.info(f"No case has ended yet, so there are no outcomes of {WHO[who].lower()}.", icon=":material/info:")
        return
    st.markdown("\n".join([f"**{_many(results.participants, who)}, {results.finished} finished.**", "",
                           *(f"- {as_markdown(said)}" for arm in results.arms if (said := gained(arm)))]))
    if results.participants < FEW:
        wide = "intervals are wide" if results.participants >= FEWEST else f"intervals need at least {FEWEST}"
        st.warning(f"Only {counted(results.participants, 'participant')}: {wide}, and a difference that is not found "
                   "may still exist.", icon=":material/warning:")
    st.segmented_control("Chart", [*GROUPS, TESTS], **SHOWN.widget("group", "default"), required=True,
                         label_visibility="collapsed")
    if SHOWN.now.group == TESTS:
        tests_group(results)
    else:
        GROUPS[SHOWN.now.group](results, table, study.protocol)


@st.cache_data(max_entries=16, show_spinner="Analysing the study…")
def _analysed(_study: Study, _courses: tuple[Course, ...], key: tuple[object, ...]) -> tuple[Results, pd.DataFrame]:
    return analyse(_study.protocol, _courses), case_table(_courses)


def _who(study: Study, courses: Sequence[Course]) -> ParticipantKind:
    """People, or simulated participants where there are no people."""
    counts = {kind: sum(course.participant.kind == kind for course in courses) for kind in WHO}
    usual: ParticipantKind = "simulated" if counts["simulated"] and not counts["person"] else "person"
    if SHOWN.now.study != study.id:  # a choice made for another study does not apply to this one
        SHOWN.change(study=study.id, who=usual)
    st.segmented_control("Who took part", list(WHO), **SHOWN.widget("who", "default"), required=True,
                         format_func=lambda kind: f"{WHO[kind]} ({counts[kind]})")
    return SHOWN.now.who


def _many(number: int, who: ParticipantKind) -> str:
    return counted(number, "person", "people") if who == "person" else counted(number, "simulated participant")


def _logged(notes: Sequence[Logged]) -> None:
    looks = [one for one in notes if one.kind == "results"]
    with st.expander(f"Log of this study: outcomes opened {counted(len(looks), 'time')}", key=f"{_RESULTS_KEY}:log"):
        if not notes:
            note("Nothing yet.")
            return
        st.html(table_html("Log of the study", ("When (UTC)", "What"), [
            (time_words(one.time), _NOTES[one.kind] + (f" {one.events}" if one.kind == "withdrawn" else ""))
            for one in notes]))


def _look(study: str, who: ParticipantKind) -> str:
    study_store().note(study, "results")
    _looked().add((study, who))
    return ""


def _looked() -> set[tuple[str, str]]:
    """Studies and kinds of participants whose outcomes this session has opened."""
    looked: set[tuple[str, str]] = st.session_state.setdefault(_LOOKED, set())
    return looked


def _build() -> None:
    STATE.change(section="build")
