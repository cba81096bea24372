"""A study is built, tried, started, followed and changed, with nothing lost on the way."""

import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from sparsecbm.data.reviews import sample_reviews
from sparsecbm.schema import CEBAB
from sparsecbm.studies.log import ParticipantKind
from sparsecbm.studies.panel_address import study_store
from sparsecbm.studies.panel_builder_draft import AGREEMENT, draft_of
from sparsecbm.studies.protocol import ARMS, CONFIDENCE, Protocol
from sparsecbm.ui.loaded_model import CHECKPOINT_VARIABLE, load_explainer
from tests.app.screen import address, fine, press, section, segment, table
from tests.app.studies import a_kept_study, opened, said
from tests.helpers import saved_checkpoint
from tests.studies.toys import a_protocol

NAME = "studies:build:name"


@pytest.fixture(autouse=True)
def _tiny(tiny_cebab: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tiny model and an empty database."""
    monkeypatch.setenv(CHECKPOINT_VARIABLE, str(tiny_cebab))
    monkeypatch.setenv("SPARSECBM_STUDIES", str(tmp_path / "studies.sqlite"))


def drawn(name: str = "Soup") -> AppTest:
    """A study with a name and its usual cases."""
    at = opened()
    at.text_input(key=NAME).set_value(name)
    return fine(press(at.run(), "Draw the cases"))


def disabled(at: AppTest, label: str) -> bool:
    return next(button.disabled for button in at.button if button.label == label)


def count(study: str, kind: ParticipantKind = "person") -> int:
    return len(study_store().courses(study, (kind,)))


def test_from_an_empty_form_to_a_started_study_and_its_next_version() -> None:
    at = opened()
    assert "Give the study a name. Draw the cases." in said(at) and disabled(at, "Start the study")
    at = drawn()
    assert "**12 cases** (6 right, 6 wrong for the model) and **4 for practice**" in said(at)
    assert "6 cases in each of prediction, overrides, each time after 2 for practice: 16 in all" in said(at)
    assert "4 participants, or a multiple of it, balance the design exactly" in said(at)

    for arm in ("words", "concepts", "subnetworks"):
        at = at.checkbox(key=f"studies:build:arm:{arm}").set_value(True).run()
    assert [error.value.replace("\\", "") for error in at.error][0].startswith(
        "12 cases cannot be shared equally by 5 arms")
    assert disabled(at, "Try it as a participant") and at.text_input(key=NAME).value == "Soup"
    at = fine(segment(at, "studies:build:between-arms").set_value("every participant has one arm").run())
    assert "one of the arms prediction, words, concepts, overrides, subnetworks, and all 12 cases in it" in said(at)
    assert "60 participants, or a multiple" in said(at)  # 5 arms x 12 rows of the cases' square

    at.number_input(key="studies:build:time_limit_s").set_value(60)
    at.checkbox(key="studies:questions:agreement").set_value(True)
    at.text_input(key="studies:questions:text").set_value("Why *this* one?")
    at = fine(press(at.run(), "Add it"))
    assert "at most 60 seconds for each, 16 minutes in all" in said(at)
    at = fine(press(at, "Try it as a participant"))
    (kept,) = study_store().studies()
    assert "**Version 1 of Soup** (not started)" in said(at)
    assert not study_store().notes(kept.id)
    made = kept.protocol
    assert (made.between, made.time_limit_s, made.version, len(made.practice)) == (True, 60, 1, 4)
    assert made.questions[:3] == (*CONFIDENCE, AGREEMENT) and made.questions[3].text == "Why *this* one?"
    assert {case.id for case in made.cases}.isdisjoint(case.id for case in made.practice)
    assert any(link.proto.url.endswith(f"Studies?study={kept.id}&dry=1") for link in at.get("link_button"))

    at = fine(press(at, "studies:questions:remove:own_1"))
    assert "**Version 2 of Soup** (a new version)" in said(at)
    at = fine(press(at, "Start the study"))
    second, first = study_store().studies()
    assert (second.protocol.version, second.protocol.questions) == (2, (*CONFIDENCE, AGREEMENT))
    assert [note.kind for note in study_store().notes(second.id)] == ["started"]
    assert [code.value for code in at.code] == [f"Studies?study={second.id}"]
    assert address(at) == {"section": ["run"], "of": [second.id]} and first.id == kept.id
    at = section(at, "build")
    assert "**Version 2 of Soup** (running)" in said(at) and disabled(at, "Start the study")
    assert at.text_input(key=NAME).value == "Soup" and at.number_input(key="studies:build:time_limit_s").value == 60


def test_arms_that_the_model_cannot_offer_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = saved_checkpoint(tmp_path / "black", schema=CEBAB, kind="black_box")
    monkeypatch.setenv(CHECKPOINT_VARIABLE, str(folder))
    at = opened()
    at.text_input(key=NAME).set_value("Soup")
    at = press(at.run(), "Draw the cases")
    assert "cannot offer the arms overrides; allowed: prediction, words." in said(at)
    assert [at.checkbox(key=f"studies:build:arm:{arm}").disabled for arm in ARMS] == [False, False, True, False, True]
    at = fine(at.checkbox(key="studies:build:arm:overrides").set_value(False).run())
    assert "12 cases with prediction, after 4 for practice: 16 in all" in said(at)


def test_cases_are_drawn_from_a_slice_of_a_link_or_a_file() -> None:
    at = opened()
    at = at.selectbox(key="studies:slice:which").set_value("link").run()
    assert "The link names no slice" in said(at)
    at.text_input(key="studies:slice:link").set_value("http://x/Failures?true=2&said=9&said=1")
    assert "allowed: 1, 2, 3, 4, 5" in said(at.run())
    at = fine(at.text_input(key="studies:slice:link").set_value("http://x/Failures?true=2").run())
    at.number_input(key="studies:cases:size").set_value(4)
    at.number_input(key="studies:cases:practice").set_value(2)
    at.checkbox(key="studies:cases:balanced").set_value(False)
    at = fine(press(at.run(), "Draw the cases"))
    at.session_state["studies:cases:read"] = True
    shown = table(at.run(), "case", "text")
    assert set(shown["true rating"]) == {"2 stars"} and len(shown) == 6
    at = at.selectbox(key="studies:slice:which").set_value("file").run()
    ids = sample_reviews(CEBAB).ids[3:8]
    at.get("file_uploader")[-1].set_value(("s.csv", "\n".join(["id", *ids]).encode(), "text/csv"))
    at.number_input(key="studies:cases:size").set_value(3)
    at = press(at.run(), "Draw them again")
    assert set(table(at, "case", "text")["case"]) <= set(ids) and "**3 cases**" in said(at)
    at.number_input(key="studies:cases:size").set_value(200)
    at = press(at.run(), "Draw them again")
    assert "200 cases were asked for" in said(at) and "**3 cases**" in said(at)


def test_a_protocol_comes_back_from_a_file_as_the_version_that_it_is() -> None:
    at = fine(press(drawn(), "Start the study"))
    (study,) = study_store().studies()
    at = opened()
    at.session_state["studies:protocol:fold"] = True
    at = at.run()
    content = json.dumps(study.protocol.to_json())
    for given, expected in ((json.dumps(a_protocol().to_json()), "is about soup, room; allowed"),
                            ("[]", "holds a JSON list"), (content[:-1], "is not JSON"),
                            (content, "The protocol 'Soup' is loaded")):
        at.get("file_uploader")[0].set_value(("p.json", given.encode(), "application/json"))
        at = press(at.run(), "studies:protocol:load")
        assert expected in said(at), given[:40]
    assert "**Version 1 of Soup** (running)" in said(at)
    assert draft_of(study.protocol, load_explainer(), "").protocol(load_explainer()) == study.protocol
    assert "**Version 1 of Soup** (running)" not in said(press(at, "studies:protocol:clear"))


def test_a_running_study_is_followed_without_its_outcomes() -> None:
    protocol = a_protocol()
    study = a_kept_study(protocol, dict.fromkeys(protocol.case_of, ("bad", "good", "good", 6, 10.0)))
    begun = study_store().enrol(study)
    study_store().enrol(study, "dry_run")
    at = opened(section="run", of=study)
    assert "**2 people**, 1 agreed to take part, 1 finished. :small[Not counted: 1 trial, 0 simulated" in said(at)
    assert "1 finished · 1 at the consent" in said(at)
    shown = table(at, "code", "step")
    assert shown["step"].tolist() == ["at the consent", "finished", "at the consent"]
    assert shown["cases ended"].tolist() == ["0 of 4", "4 of 4", "0 of 4"]
    assert "%" not in said(at) and "right" not in said(at) and not at.get("plotly_chart")
    at.text_input(key="studies:run:code").set_value(begun.lower())
    assert disabled(at.run(), "Withdraw")
    at.checkbox(key="studies:run:sure").set_value(True)
    at = fine(press(at.run(), "Withdraw"))
    assert f"{begun} is withdrawn: 0 events deleted" in said(at) and "**1 person**" in said(at)
    at = fine(press(at, "Start it"))
    at = fine(press(at, "Close it for new participants"))
    assert [note.kind for note in study_store().notes(study)] == ["withdrawn", "started", "closed"]
    assert study_store().study(study).closed and "version 1: closed" in said(at) and not at.code
    at = press(at, "Make the next version")
    assert "is about soup, room; allowed" in said(at)  # the loaded model reads other concepts


def test_simulated_participants_get_a_copy_of_their_own() -> None:
    at = fine(press(drawn("S" * 78), "Start the study"))
    at.session_state["studies:simulate:fold"] = True
    at.run().number_input(key="studies:simulate:participants").set_value(3)
    at = fine(press(at.run(), "Simulate"))
    copy, study = study_store().studies()
    assert copy.protocol.name == "S" * 69 + ", simulated" and "3 simulated participants took part" in said(at)
    assert (count(copy.id, "simulated"), count(study.id, "simulated"), count(copy.id)) == (3, 0, 0)
    at = fine(at.run())
    assert count(copy.id, "simulated") == 3  # drawn again, nobody else takes part
    at = fine(press(at, "See the results of the copy"))
    assert address(at) == {"section": ["results"], "of": [copy.id]}
    assert "3 simulated participants took part" in said(at)


def test_the_design_is_simulated_before_anybody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    at = drawn()
    at.session_state["studies:power:fold"] = True
    at.run().number_input(key="studies:power:participants").set_value(3)
    at.number_input(key="studies:power:repeats").set_value(2)
    at = fine(press(at.run(), "Simulate"))
    found = table(at, "outcome", "found in, percent")
    assert set(found["found in, percent"]) <= {0.0, 50.0, 100.0} and not study_store().studies()
    assert {"accuracy with help", "time for a case"} <= set(found["outcome"])
    at = fine(at.number_input(key="studies:power:trust").set_value(10).run())
    assert "have changed since then" in said(at)

    entered, leave = threading.Event(), threading.Event()

    def slow(protocol: Protocol, *given: object) -> object:
        progress: Callable[[float], None] = given[-1]  # type: ignore[assignment]
        entered.set()
        assert leave.wait(60)
        return progress(0.5)

    monkeypatch.setattr("sparsecbm.studies.panel_builder_power.power", slow)
    monkeypatch.setattr("sparsecbm.ui.tasks.PATIENCE", 0.0)
    at = press(at, "Simulate")
    assert entered.wait(60)
    at = fine(press(at.run(), "Cancel"))
    leave.set()
    assert "Stopped." in said(at) and not at.get("plotly_chart")
