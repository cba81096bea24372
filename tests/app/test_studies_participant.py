"""A participant's way through a study: what each arm shows, what each click writes, and every way back."""

from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from sparsecbm.figures.text import percent
from sparsecbm.studies.compute_preparation import Preparation
from sparsecbm.studies.compute_service import new_key
from sparsecbm.studies.log import Entry, now
from sparsecbm.studies.panel_address import study_service, study_store
from sparsecbm.studies.protocol import Case
from sparsecbm.studies.run import step_of
from sparsecbm.studies.store import Store
from sparsecbm.ui.loaded_model import CHECKPOINT_VARIABLE, load_explainer
from tests.app.screen import bars, blocks, fine, open_alone, panel_data
from tests.app.studies_screen import (
    CLOCK,
    ELAPSED,
    HOSTILE,
    STUDIES,
    a_study,
    act,
    agree,
    answer_again,
    answer_alone,
    click,
    code_of,
    labels,
    messages,
    opened,
    pressed,
    run,
)

REVISING = {"Revise"}


@pytest.fixture(autouse=True)
def _here(tiny_cebab: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CHECKPOINT_VARIABLE, str(tiny_cebab))
    monkeypatch.setenv("SPARSECBM_DATABASE_URL", f"sqlite:///{tmp_path}/studies.sqlite")


@pytest.fixture
def store() -> Store:
    return study_store()


def made(store: Store, **changes: Any) -> str:
    study = store.add_study(a_study(load_explainer(), **changes))
    store.note(study, "started")
    return study


@pytest.mark.parametrize(("arm", "words", "concepts", "settable", "offered"), [
    ("prediction", False, False, False, set()), ("words", True, False, False, set()),
    ("concepts", True, True, False, set()), ("overrides", True, True, True, set()),
    ("subnetworks", True, True, True, REVISING)])
def test_an_arm_shows_what_is_its_own_and_no_more(
    store: Store, arm: Any, words: bool, concepts: bool, settable: bool, offered: set[str]
) -> None:
    at = agree(opened(study=made(store, arms=(arm,))))
    assert not at.sidebar.get("page_link") and not at.get("page_link")
    click(at, "Open the case")
    alone = "".join(blocks(at))
    assert "The soup was cold" in alone and "&lt;img src=x" in alone and "<img" not in alone
    assert 'translate="no"' in alone
    assert "The model answers" not in alone and "speaks for" not in alone and "Negative" not in alone
    at.radio[0].set_value("2")
    at.radio[1].set_value(1)
    fine(click(at, "Send my answer"))
    drawn = "".join(blocks(at))
    seen = store.course(code_of(at)).events[-1].after
    assert seen is not None
    assert list(bars(at, "The model answers").values()) == [percent(share) for share in seen["probabilities"].values()]
    assert ("for rating = " in drawn) is words
    assert 'translate="no"' in drawn
    if concepts:
        panel = panel_data(at)
        assert [one["name"] for one in panel["concepts"]] == list(seen["concepts"])
        assert bool(panel["offers"]) is settable
    assert labels(at) - {"Send my final answer", "Delete all of it"} == offered
    assert "<img" not in drawn
    answer_again(at)
    at.text_area[0].set_value("None.")
    click(at, "Send and finish")
    assert "Thank you" in fine(at).success[0].value
    events = store.course(code_of(at)).events
    assert [event.entry.action for event in events] == ["consent", "answers", "open", "first", "final", "answers"]
    timed = {event.entry.action: event.entry.elapsed_ms for event in events}
    assert timed == {"consent": None, "answers": None, "open": None, "first": ELAPSED, "final": ELAPSED}
    assert {event.entry.client_time for event in events} == {CLOCK}
    assert events[4].entry.answers == {"confidence_after": 5} and events[4].entry.to == "3"


def test_what_is_set_is_written_and_then_drawn(store: Store) -> None:
    at = answer_alone(agree(opened(study=made(store, arms=("subnetworks",)))))
    code = code_of(at)
    before = bars(at, "The model answers")
    fine(act(at, "set", "food", "Positive"))
    event = store.course(code).events[-1]
    assert (event.entry.action, event.entry.concept, event.entry.to) == ("set", "food", "Positive")
    assert event.after is not None and (event.entry.elapsed_ms, event.entry.client_time) == (ELAPSED, CLOCK)
    after = [percent(share) for share in event.after["probabilities"].values()]
    assert list(bars(at, "With your changes").values()) == after
    assert bars(at, "The model answers") == before
    fine(act(at, "unsure", "ambiance"))
    assert store.course(code).events[-1].entry.concept == "ambiance"
    wanted = next(one for one in ("Negative", "Positive") if one != store.course(code).events[-1].from_)
    at.selectbox[0].set_value("service")
    at.selectbox[1].set_value(wanted)
    fine(click(at, "Revise"))
    last = store.course(code).events[-1]
    assert (last.entry.action, last.entry.concept, last.entry.to) == ("revise", "service", wanted)
    assert last.detail is not None and last.entry.elapsed_ms == ELAPSED
    for _ in range(3):
        fine(act(at, "undo"))
    assert bars(at, "With your changes") == before and not panel_data(at)["history"]["undo"]


def test_every_way_back_leads_to_the_same_step(store: Store) -> None:
    study = made(store, arms=("overrides",))
    at = opened(study=study)

    def everywhere_the_same() -> None:
        code, here = code_of(at), labels(at)
        assert labels(opened(study=study, code=code)) == here
        del at.query_params["code"]  # the browser's button for going back
        assert labels(fine(at.run())) == here and code_of(at) == code

    click(at, "I agree, and take part")
    everywhere_the_same()
    at.radio[0].set_value(3)
    click(at, "Go on")
    everywhere_the_same()
    click(at, "Open the case")
    everywhere_the_same()
    at.radio[0].set_value("2")
    at.radio[1].set_value(1)
    click(at, "Send my answer")
    act(at, "set", "food", "Positive")
    everywhere_the_same()
    by_code, code = opened(study=study), code_of(at)
    by_code.text_input[0].set_value(f" {code.lower().replace('-', '')} ")
    click(by_code, "Go on")
    assert labels(by_code) == labels(at) and code_of(by_code) == code
    answer_again(by_code)
    assert len(store.course(code).events) == 6


def test_a_click_counts_once_and_another_window_is_told(store: Store) -> None:
    study = made(store, arms=("overrides",))
    at = answer_alone(agree(opened(study=study)))
    code = code_of(at)
    other = opened(study=study, code=code)
    fine(act(at, "set", "food", "Positive"))
    count = len(store.course(code).events)
    assert store.course(code).events[-1].entry.to == "Positive" and count == 5
    fine(act(other, "set", "food", "Negative"))
    assert len(store.course(code).events) == count and messages(other) == 1
    assert bars(other, "With your changes") == bars(at, "With your changes")
    fine(act(other, "set", "food", "Negative"))
    assert store.course(code).events[-1].entry.to == "Negative" and not messages(other)
    other.radio[0].set_value("3")
    other.radio[1].set_value(5)
    twice = pressed(other, "Send my final answer")
    fine(other._run(twice))
    fine(other._run(twice))  # the same message twice
    assert len(store.course(code).events) == count + 2
    at.radio[0].set_value("1")
    at.radio[1].set_value(1)
    fine(click(at, "Send my final answer"))
    assert messages(at) == 1 and "Send and finish" in labels(at) and len(store.course(code).events) == count + 2


def test_a_press_counts_although_its_session_is_gone(store: Store) -> None:
    """The server was started again, or the laptop slept: the browser goes on with a session that knows nothing."""
    study = made(store, arms=("overrides",))
    at = agree(opened(study=study))
    code = code_of(at)
    click(at, "Open the case")
    at.radio[0].set_value("2")
    at.radio[1].set_value(1)
    message = pressed(at, "Send my answer")
    anew = open_alone(STUDIES, study=study, code=code)
    fine(anew._run(message))
    assert [event.entry.action for event in store.course(code).events][-1] == "first"
    assert "Send my final answer" in labels(anew) and not messages(anew)

    anew.radio[0].set_value("3")
    anew.radio[1].set_value(5)
    lost = pressed(anew, "Send my final answer", button="st-key-study-final-4")
    for one in lost.widgets:  # the press itself was lost on its way; the browser repeats what it knows
        one.ClearField("trigger_value")
    later = open_alone(STUDIES, study=study, code=code)
    fine(later._run(lost))
    assert [event.entry.action for event in store.course(code).events][-1] == "final"
    assert "Send and finish" in labels(later) and not messages(later)
    count = len(store.course(code).events)
    again = open_alone(STUDIES, study=study, code=code)
    fine(again._run(lost))  # a press that was counted is not counted again, and nothing is said
    assert len(store.course(code).events) == count and not messages(again)
    unknown = open_alone(STUDIES, study=study, code=code)
    fine(unknown._run(pressed(anew, "Send my final answer", button="st-key-study-final-4")))
    assert len(store.course(code).events) == count and messages(unknown) == 1  # it was not taken, which is said


def test_what_is_left_out_is_asked_for_again(store: Store) -> None:
    at = opened(study=made(store))
    click(at, "I agree, and take part")
    fine(click(at, "Go on"))
    assert "How often?" in at.warning[0].value.replace("\\", "")
    assert len(store.course(code_of(at)).events) == 1
    at.radio[0].set_value(0)
    click(at, "Go on")
    click(at, "Open the case")
    fine(click(at, "Send my answer"))
    assert len(at.warning) == 1 and len(store.course(code_of(at)).events) == 3


def test_time_is_over_before_a_click_and_while_nobody_looks(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    study = made(store, arms=("prediction", "overrides"), time_limit_s=30)
    at = agree(opened(study=study))
    code = code_of(at)
    click(at, "Open the case")
    at.radio[0].set_value("2")
    at.radio[1].set_value(1)
    for place in ("studies.compute_service", "studies.panel_participant"):
        monkeypatch.setattr(f"sparsecbm.{place}.now", lambda: now() + timedelta(seconds=40))
    fine(click(at, "Send my answer"))
    assert "was over" in at.info[0].value and "Open the case" in labels(at)
    assert store.course(code).events[-1].entry.action == "timeout"
    monkeypatch.undo()


def test_a_case_left_open_is_closed_for_whoever_comes_back(store: Store) -> None:
    study = made(store, arms=("prediction", "overrides"), time_limit_s=30)
    code = store.enrol(study)
    for action, more in (("consent", {}), ("answers", {"answers": {"often": 1}}), ("open", {})):
        entry = Entry(action, step_of(store.course(code)).sequence, new_key(), **more)  # type: ignore[arg-type]
        study_service(load_explainer()).act(code, entry, now() - timedelta(seconds=60))
    at = opened(study=study, code=code)
    assert "was over" in at.info[0].value and "Open the case" in labels(at)
    assert [event.entry.action for event in store.course(code).events][-1] == "timeout"


def test_a_link_that_leads_nowhere_says_what_to_do(store: Store) -> None:
    study, other = made(store), made(store, name="Other")
    foreign = store.enrol(other)
    gone = store.enrol(study)
    store.withdraw(gone)
    elsewhere = made(store, name="Elsewhere", checkpoint="another")
    for address, part in (({"study": "none"}, "Check the link"), ({"study": elsewhere}, "made for another model")):
        at = run(**address)
        assert part in at.error[0].value and not at.button
    for code, part in (("XXXX-XXXX-XXXX", "Check each letter"), (gone, "withdrawn"), (foreign, "another study")):
        at = opened(study=study, code=code)
        assert part in at.warning[0].value.replace("\\", "")
        click(at, "Start from the beginning, with a new code")
        assert "I agree, and take part" in labels(fine(at)) and "code" not in at.query_params
    store.note(study, "closed")
    waiting = store.add_study(a_study(load_explainer(), name="Not started"))
    for one, part in ((study, "no new participants"), (waiting, "not begun yet")):
        at = opened(study=one)
        assert "I agree, and take part" not in labels(at) and part in at.info[0].value
    assert "I agree, and take part" in labels(opened(study=waiting, dry="1"))


def test_consent_can_be_refused_and_data_withdrawn(store: Store) -> None:
    study = made(store)
    at = opened(study=study)
    assert any("&lt;img src=x" in block for block in blocks(at)) and HOSTILE not in "".join(blocks(at))
    click(at, "I do not agree")
    assert "nothing was stored" in fine(at).success[0].value and not store.courses(study)
    click(at, "Read the text again")
    answer_alone(agree(at))
    code = code_of(at)
    assert [course.participant.kind for course in store.courses(study)] == ["person"]
    fine(click(at, "Delete all of it"))
    assert not store.courses(study) and "was deleted" in at.info[0].value and "code" not in at.query_params
    assert [note.kind for note in store.notes(study)][-1] == "withdrawn"
    assert "withdrawn" in opened(study=study, code=code).warning[0].value


def test_a_trial_run_is_kept_apart(store: Store) -> None:
    study = made(store, arms=("prediction",))
    at = agree(opened(study=study, dry="1"))
    assert "trial run" in at.info[0].value and store.course(code_of(at)).participant.kind == "dry_run"
    answer_again(answer_alone(at))
    at.text_area[0].set_value("None.")
    click(at, "Send and finish")
    first = code_of(at)
    click(at, "Try it out once more")
    assert code_of(agree(at)) != first


def test_each_text_is_worked_out_once_and_first_for_whoever_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    did, held, explainer = list[str](), Event(), load_explainer()

    def explain(text: str, *_: Any, **__: Any) -> Any:
        did.append(text)
        held.wait(60)
        if text == "bad":
            raise ValueError("no words")
        return f"words of {text}"

    monkeypatch.setattr(explainer, "explain", explain)
    cases = tuple(Case(text, text, "2") for text in ("one", "bad", "two", "three"))
    preparation, study = Preparation(), a_study(explainer, arms=("words",), cases=cases)
    preparation.prepare(explainer, study)
    preparation.prepare(explainer, study)
    wanted, failed = (preparation.of(explainer, text).explanation for text in ("three", "bad"))
    held.set()
    found: Any = wanted.result(60)
    assert found == "words of three"
    with pytest.raises(ValueError, match="no words"):
        failed.result(60)
    preparation.of(explainer, "two").explanation.result(60)
    assert sorted(did) == ["bad", "one", "three", "two"] and did.index("three") < did.index("two")
