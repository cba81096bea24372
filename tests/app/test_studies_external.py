"""The ids in a panel's link: kept and told where the study asks for them, and said to be dropped elsewhere."""

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from sparsecbm.studies.panel_address import study_store
from sparsecbm.ui.loaded_model import CHECKPOINT_VARIABLE, load_explainer
from tests.app.screen import blocks, fine
from tests.app.studies import opened as researcher
from tests.app.studies import said
from tests.app.studies_screen import a_study, click, code_of, labels, opened

LINK = {"PROLIFIC_PID": "5f3<b>", "SESSION_ID": "s9", "utm_source": "mail"}


@pytest.fixture(autouse=True)
def _here(tiny_cebab: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CHECKPOINT_VARIABLE, str(tiny_cebab))
    monkeypatch.setenv("SPARSECBM_DATABASE_URL", f"sqlite:///{tmp_path}/studies.sqlite")


def started(**changes: Any) -> str:
    study = study_store().add_study(a_study(load_explainer(), **changes))
    study_store().note(study, "started")
    return study


def part_of(at: AppTest, name: str) -> str:
    """A part of the address, as the page left it."""
    value = at.query_params[name]
    return value[0] if isinstance(value, list) else value


def quiet_lines(at: AppTest) -> str:
    return "\n".join(one.value for one in at.markdown if ":small[" in one.value).replace("\\", "")


def test_what_a_study_asks_for_is_in_the_consent_and_stored_with_it() -> None:
    study = started(external_ids=("PROLIFIC_PID", "STUDY_ID"))
    at = opened(study=f" {study} ", **LINK)
    consent = next(block for block in blocks(at) if "I take part." in block)
    assert "PROLIFIC_PID (5f3&lt;b&gt;)" in consent and "no STUDY_ID" in consent
    assert "SESSION_ID" in quiet_lines(at) and "PROLIFIC_PID" not in quiet_lines(at)
    held = (part_of(at, "PROLIFIC_PID"), part_of(at, "study"))
    assert held == ("5f3<b>", study)  # a reload keeps both
    assert not study_store().courses(study)
    click(at, "I do not agree")
    click(fine(at), "Read the text again")
    click(at, "I agree, and take part")
    assert study_store().course(code_of(fine(at))).participant.external == {"PROLIFIC_PID": "5f3<b>"}
    assert set(at.query_params) == {"study", "code"}


def test_a_study_that_keeps_nothing_says_so_in_one_line() -> None:
    study = started()
    at = opened(study=study, **LINK)
    assert [line for line in quiet_lines(at).splitlines() if "PROLIFIC_PID" in line and "SESSION_ID" in line]
    assert "PROLIFIC_PID" not in "".join(blocks(at)) and "utm_source" not in quiet_lines(at)
    click(at, "I agree, and take part")
    assert study_store().course(code_of(fine(at))).participant.external == {}
    assert "PROLIFIC_PID" not in quiet_lines(opened(study=study))


@pytest.mark.parametrize("name", ["workerId", "sona_id", "rid"])
def test_whatever_a_panel_calls_its_id_is_kept_or_said_to_be_dropped(name: str) -> None:
    link = {name: "a7", "fbclid": "x", "model": "y"}
    dropped = [line for line in quiet_lines(opened(study=started(), **link)).splitlines() if "not stored" in line]
    assert len(dropped) == 1 and f"{name} is not" in dropped[0]
    at = opened(study=started(name="Another", external_ids=(name,)), **link)
    assert "not stored" not in quiet_lines(at) and f"{name} (a7)" in "".join(blocks(at))


def test_the_builder_and_the_monitor_name_them() -> None:
    at = researcher()
    box = next(one for one in at.text_input if one.placeholder == "PROLIFIC_PID")
    box.set_value("PROLIFIC_PID, SESSION_ID PROLIFIC_PID")
    fine(at.run())
    assert at.session_state["studies:build:form"].external_ids == ("PROLIFIC_PID", "SESSION_ID")
    study = started(external_ids=("PROLIFIC_PID",))
    at = researcher(section="run", of=f" {study.upper()}")
    assert "PROLIFIC_PID" in said(at)
    click(at, "Make the next version")
    assert at.session_state["studies:build:form"].external_ids == ("PROLIFIC_PID",)


def test_a_link_with_a_blank_and_capitals_finds_its_study_and_code() -> None:
    study = started()
    code = study_store().enrol(study)
    at = opened(study=f"\u00a0{study.upper()}.", code=f" {code.lower()} ")
    assert "I agree, and take part" in labels(at) and not at.warning
