"""Ids of panels: kept where the study says so, and gone with the participant."""

import csv
import io
import json

import pytest

from sparsecbm.studies.cases import event_rows
from sparsecbm.studies.compute_export import study_files
from sparsecbm.studies.external import kept_ids
from sparsecbm.studies.store import Store
from tests.studies.toys import a_protocol, an_event

LINK = {"PROLIFIC_PID": " 5f3 ", "STUDY_ID": "s1", "utm_source": "mail"}


def test_a_study_keeps_what_it_asks_for() -> None:
    keeps = a_protocol(external_ids=("SESSION_ID", "PROLIFIC_PID"))
    assert kept_ids(keeps, LINK) == {"PROLIFIC_PID": "5f3"} and kept_ids(a_protocol(), LINK) == {}


@pytest.mark.parametrize("text", ["", "  ", "x" * 201, "a\0b", "a\ud800"])
def test_what_cannot_be_stored_is_left_out(text: str, store: Store) -> None:
    study = store.add_study(a_protocol(external_ids=("PID",)))
    assert store.course(store.enrol(study, external={"PID": text})).participant.external == {}


def test_external_ids_are_stored_exported_and_withdrawn(store: Store) -> None:
    study = store.add_study(a_protocol(external_ids=("PROLIFIC_PID",)))
    code, other = store.enrol(study, external=LINK), store.enrol(study)
    for one in (code, other):
        store.append(one, an_event("consent", 0, answers={}))
    assert store.course(code).participant.external == {"PROLIFIC_PID": "5f3"}
    assert store.course(other).participant.external == {}
    files = study_files(store, study)
    rows = {row["participant"]: row for row in csv.DictReader(io.StringIO(files["events.csv"].decode()))}
    assert json.loads(rows[code]["external_ids"]) == {"PROLIFIC_PID": "5f3"} and rows[other]["external_ids"] == ""
    assert rows.keys() == {row["participant"] for row in event_rows(store.courses(study))}
    assert json.loads(files["protocol.json"])["external_ids"] == ["PROLIFIC_PID"]
    store.withdraw(code)
    assert all("5f3" not in content.decode("latin-1") for content in study_files(store, study).values())
