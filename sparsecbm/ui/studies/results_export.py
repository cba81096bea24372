"""A study as files: all of it in one archive, or the tables one by one; and how to run it again."""

import io
import zipfile
from functools import partial

import streamlit as st

from sparsecbm.studies.export import study_files
from sparsecbm.studies.log import Study
from sparsecbm.ui.shell import note
from sparsecbm.ui.studies.store import study_store

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
