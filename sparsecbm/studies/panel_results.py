"""What a study says: shown when somebody asks for it, which is logged, one group of pictures at a time."""

import io
import zipfile
from collections.abc import Sequence
from functools import partial

import pandas as pd
import streamlit as st

from sparsecbm.service import Explainer
from sparsecbm.studies.analysis import Results, analyse, case_table
from sparsecbm.studies.export import study_files
from sparsecbm.studies.log import Course, Logged, ParticipantKind, Study
from sparsecbm.studies.panel_address import STATE, chosen_study, time_words
from sparsecbm.studies.panel_results_numbers import SHOWN, TESTS, gained
from sparsecbm.studies.panel_results_pictures import GROUPS
from sparsecbm.studies.panel_results_tests import tests_group
from sparsecbm.studies.panel_store import study_store
from sparsecbm.ui.action_result import outcome_of, tried
from sparsecbm.ui.shell import note
from sparsecbm.ui.text import as_markdown, table_html

#: The files that are offered by themselves, with what they are called.
SINGLE = {"cases.csv": "Cases, CSV", "cases.parquet": "Cases, Parquet", "events.csv": "Events, CSV",
          "events.parquet": "Events, Parquet", "codebook.csv": "Codebook"}
EXPORT_HELP = (
    "A row for each case and for each event, the codebook of all columns, the protocol, and an account of what is "
    "there. People and simulated participants are in it, told apart; trials are not. Nothing is known of a participant "
    "but a random code. In CSV, text that a spreadsheet would run is made harmless; Parquet holds it as it was written."
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
    note("The tables hold the outcomes, so every export is logged. Unpacked, the archive can be run again: this "
         "recomputes every prediction and says which are identical and which have changed.")
    st.code(f"python -m sparsecbm study replay {name}", language="sh", wrap_lines=True)


def archive(study: str, folder: str) -> bytes:
    """All files of a study in a folder of that name; that they were made is logged."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in study_files(study_store(), study).items():
            archive.writestr(f"{folder}/{name}", content)
    return made.getvalue()


def _one(study: str, name: str) -> bytes:
    return study_files(study_store(), study)[name]


RESULTS_HELP = (
    "Means over participants with 95 % intervals by Student's t; a participant is the unit, for answers of one person "
    "resemble each other. Practice does not count. A case without a last answer, because time was over, counts as not "
    "right and says nothing about reliance."
)
WHO: dict[ParticipantKind, str] = {"person": "People", "simulated": "Simulated participants"}
#: Below so many participants a warning stands above the pictures.
FEW = 10
_NOTES = {"started": "started", "closed": "closed for new participants", "results": "outcomes were looked at",
          "exported": "exported", "withdrawn": "a participant withdrew, events deleted:"}
_RESULTS_KEY = "studies:results"
_LOOKED = f"{_RESULTS_KEY}:looked"


def results_panel(explainer: Explainer) -> None:
    """The outcomes of one study, once they were asked for, and its files."""
    st.markdown("### Results", help=RESULTS_HELP)
    store = study_store()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        study = chosen_study(store)
        if study is not None:
            every = store.courses(study.id, tuple(WHO))
            who = _who(study, every)
    if study is None:
        st.info("No study is kept yet: build one first.", icon=":material/info:")
        st.button("Build a study", key=f"{_RESULTS_KEY}:build", icon=":material/arrow_back:", on_click=_build)
        return
    courses = tuple(course for course in every if course.participant.kind == who)
    _logged(store.notes(study.id))
    if (study.id, who) in _looked():
        _outcomes(study, courses, who)
    else:
        st.info(f"**The outcomes are closed.** {len(courses)} {WHO[who].lower()} took part so far. Whoever looks "
                "before the study is over may stop it when the numbers please; so that others can tell, it is logged.",
                icon=":material/visibility_off:")
        st.button("Look at the outcomes", key=f"{_RESULTS_KEY}:look", type="primary", icon=":material/visibility:",
                  on_click=tried, args=(_RESULTS_KEY, lambda: _look(study.id, who), "The database cannot be used"))
    outcome_of(_RESULTS_KEY)
    with st.container(border=True):
        export_part(study)


def _outcomes(study: Study, courses: tuple[Course, ...], who: ParticipantKind) -> None:
    key = (study.id, *((course.participant.code, len(course.events)) for course in courses))
    results, table = _analysed(study, courses, key)
    if not results.arms:
        st.info(f"No case is ended yet, so there is nothing to say about {WHO[who].lower()}.", icon=":material/info:")
        return
    st.markdown("\n".join([f"**{results.participants} {WHO[who].lower()}, {results.finished} finished.**", "",
                           *(f"- {as_markdown(said)}" for arm in results.arms if (said := gained(arm)))]))
    if results.participants < FEW:
        st.warning(f"{results.participants} participants are few: intervals are wide or missing, and a difference that "
                   "is not found may still be there.", icon=":material/warning:")
    st.segmented_control("Picture", [*GROUPS, TESTS], **SHOWN.widget("group", "default"), required=True,
                         label_visibility="collapsed")
    if SHOWN.now.group == TESTS:
        tests_group(results)
    else:
        GROUPS[SHOWN.now.group](results, table, study.protocol)


@st.cache_data(max_entries=16, show_spinner="Working out what the study says…")
def _analysed(_study: Study, _courses: tuple[Course, ...], key: tuple[object, ...]) -> tuple[Results, pd.DataFrame]:
    return analyse(_study.protocol, _courses), case_table(_courses)


def _who(study: Study, courses: Sequence[Course]) -> ParticipantKind:
    """People, or simulated participants where there are no people."""
    counts = {kind: sum(course.participant.kind == kind for course in courses) for kind in WHO}
    usual: ParticipantKind = "simulated" if counts["simulated"] and not counts["person"] else "person"
    if SHOWN.now.study != study.id:  # what was chosen of another study says nothing of this one
        SHOWN.change(study=study.id, who=usual)
    st.segmented_control("Who took part", list(WHO), **SHOWN.widget("who", "default"), required=True,
                         format_func=lambda kind: f"{WHO[kind]} ({counts[kind]})")
    return SHOWN.now.who


def _logged(notes: Sequence[Logged]) -> None:
    looks = [one for one in notes if one.kind == "results"]
    with st.expander(f"What was logged of this study: outcomes looked at {len(looks)} times", key=f"{_RESULTS_KEY}:log"):
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
    """Studies and kinds of participants whose outcomes this session asked for."""
    looked: set[tuple[str, str]] = st.session_state.setdefault(_LOOKED, set())
    return looked


def _build() -> None:
    STATE.change(section="build")
