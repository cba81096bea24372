"""Rules on the Interventions page: said in words, tried on many reviews, and only then put in force."""

import threading
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from sparsecbm.impact.figure import impact_text
from sparsecbm.revision.conditions import TextSays, Unsure, ValueIs, WordCount
from sparsecbm.revision.rule import Rule
from sparsecbm.service import Explainer
from sparsecbm.ui.loaded_model import CHECKPOINT_VARIABLE, load_explainer
from tests.app.screen import EXPLAIN, bars, fine, open_page, press
from tests.app.test_interventions_revise import INTERVENTIONS, REVIEW, history, opened, said, toy_catalogue
from tests.helpers import HOSTILE, saved_checkpoint, toy_split
from tests.revision.toys import always, set_to

RULES = "interventions:rules"
LINE = f"{RULES}:line"


@pytest.fixture(autouse=True)
def _toys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sparsecbm.ui.sources.catalogue", toy_catalogue)


@pytest.fixture
def explainer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Explainer:
    """A small random model is loaded."""
    monkeypatch.setenv(CHECKPOINT_VARIABLE, str(saved_checkpoint(tmp_path / "tiny")))
    return load_explainer()


def choose(at: AppTest, **chosen: str) -> AppTest:
    """Choose in the boxes of the first condition."""
    for name, value in chosen.items():
        fine(at.selectbox(key=f"{LINE}:0:{name}").set_value(value).run())
    return at


def sets(at: AppTest, concept: str, value: str) -> AppTest:
    """Say what the rule sets."""
    fine(set_box(at).set_value([concept]).run())
    return fine(at.selectbox(key=f"{set_box(at).key}:{concept}").set_value(value).run())


def set_box(at: AppTest) -> Any:
    return next(box for box in at.multiselect if box.label == "set")


def says(at: AppTest, word: str) -> AppTest:
    """Make the first condition one on the text."""
    choose(at, kind="the text says")
    return fine(at.text_input(key=f"{LINE}:0:word").set_value(word).run())


def button(at: AppTest, name: str) -> Any:
    return next((one for one in at.button if one.key == f"{RULES}:{name}"), None)


def test_a_rule_is_said_in_words_once_it_is_complete(explainer: Explainer) -> None:
    at = opened("rules")
    assert "Choose which concepts the rule sets" in said(at) and button(at, "do") is None
    sets(choose(at, concept="room", **{"is": "is not"}, value="unknown"), "soup", "Positive")
    assert "Whenever room is not unknown, set soup to Positive." in said(at)
    says(at, "  ")
    assert "Give the word or phrase" in said(at) and button(at, "try") is None
    at = press(says(at, HOSTILE["html"]), f"{RULES}:add")
    fine(at.selectbox(key=f"{LINE}:1:kind").set_value("the model is unsure of").run())
    assert f"the text says “{HOSTILE['html']}” and the model is less than 60 % sure of soup, set" in said(at)
    fine(press(at, f"{LINE}:0:remove"))
    assert "Whenever the model is less than 60 % sure of soup, set soup to Positive." in said(at)
    fine(press(at, f"{LINE}:1:remove"))
    assert "Always set soup to Positive." in said(at)


@pytest.mark.usefixtures("explainer")
def test_reviews_are_counted_by_their_text_before_any_is_read() -> None:
    texts = toy_split(4).texts
    assert f"It applies to {sum('tasty' in text for text in texts)} of all {len(texts)}" in said(
        sets(says(opened("rules"), "tasty"), "soup", "Negative"))


def test_a_rule_is_tried_first_and_then_put_in_force(explainer: Explainer) -> None:
    split = toy_split(4)
    at = sets(says(opened("rules"), "tasty"), "soup", "Negative")
    assert button(at, "do").disabled and "Not tried yet" in said(at)
    at = fine(press(at, f"{RULES}:try"))
    rule = Rule((TextSays("tasty"),), (set_to("soup", "Negative"),))
    radius = explainer.impact((rule,), split)
    assert impact_text(radius) in said(at) and len(radius.matched[0]) > 0
    assert f"Applies to {len(radius.matched[0])} of {len(split)} reviews" in said(at)
    sets(at, "room", "Positive")  # another rule is tried on the same reviews at once
    other = explainer.impact((Rule(rule.conditions, (set_to("room", "Positive"),)),), split)
    assert impact_text(other) in said(at) and impact_text(other) != impact_text(radius)
    at = fine(press(sets(at, "soup", "Negative"), f"{RULES}:do"))
    (entry,) = history(at).now.entries
    assert entry.edit == rule and entry.description == "whenever the text says “tasty”, set soup to Negative"
    assert f"1. {entry.description}" in said(at) and not set_box(at).value, "ready for the next"
    fine(press(at, "Undo"))
    assert "Rules in force" not in said(at)


def test_it_shows_what_a_rule_does_to_the_review_at_hand(explainer: Explainer) -> None:
    at = sets(says(opened("rules"), "tasty"), "soup", "Negative")
    read, rule = explainer.predict(REVIEW), Rule((TextSays("tasty"),), (set_to("soup", "Negative"),))
    assert f"soup goes from {read.value('soup')}" in said(at) or "soup is Negative already" in said(at)
    after = explainer.apply_rules(read, [rule]).after
    shown = [float(share.strip("<>%\u00a0 ")) for share in bars(at, "With the rule").values()]
    assert shown == pytest.approx(100 * after.label_probabilities, abs=0.6)
    says(at, "parrot")
    assert "it does not apply, because it is not so that the text says “parrot”" in said(at)
    assert "No review is at hand" in said(sets(fine(opened("rules", "")), "soup", "Negative"))


def test_a_rule_in_force_is_no_part_of_what_explain_shows(explainer: Explainer) -> None:
    at = opened("rules")
    at.session_state["interventions:history"] = history(at).do(always("soup", "Negative"), "always")
    at = sets(fine(at.run()), "soup", "Negative")
    fine(press(at, f"{LINE}:0:remove"))
    assert "This very rule is in force" in said(at) and button(at, "do") is None
    assert "1 rule in force on the Interventions page" in said(fine(open_page(at, EXPLAIN)))


@pytest.mark.usefixtures("explainer")
def test_bounds_that_exclude_every_text_are_refused_in_place() -> None:
    at = sets(choose(opened("rules"), kind="the text is so long"), "soup", "Negative")
    fine(at.number_input(key=f"{LINE}:0:least").set_value(9).run())
    assert "Whenever the text has at least 9 words" in said(at)
    at.number_input(key=f"{LINE}:0:most").set_value(3).run()
    assert "from 9 to 3 came" in at.error[0].value and button(at, "do") is None and not at.exception


@pytest.mark.usefixtures("explainer")
def test_what_was_said_of_a_rule_survives_another_page() -> None:
    at = sets(says(opened("rules"), "tasty"), "soup", "Negative")
    fine(open_page(fine(open_page(at, EXPLAIN)), INTERVENTIONS))
    assert "Whenever the text says “tasty”, set soup to Negative." in said(at)


@pytest.mark.usefixtures("explainer")
def test_a_trial_can_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    gate, radius = threading.Event(), Explainer.impact

    def slow(*given: Any) -> Any:
        given[-1](0.5)
        assert gate.wait(60)
        given[-1](0.75)
        return radius(*given)

    monkeypatch.setattr(Explainer, "impact", slow)
    monkeypatch.setattr("sparsecbm.ui.tasks.PATIENCE", 0.0)
    at = fine(press(sets(says(opened("rules"), "tasty"), "soup", "Negative"), f"{RULES}:try"))
    assert button(at, "cancel") and button(at, "do").disabled
    at = fine(press(at, f"{RULES}:cancel"))
    assert button(at, "cancel") is None and "Not tried yet" in said(at) and button(at, "do").disabled
    gate.set()


def test_every_kind_of_condition_is_what_it_says(explainer: Explainer) -> None:
    at = opened("rules")
    at = sets(at, "soup", "Negative")
    made = {"a concept is read as": ValueIs("soup", "Negative"), "the model is unsure of": Unsure("soup", 0.6)}
    for kind, condition in made.items():
        assert f"Whenever {condition.in_words(explainer.schema)}, set" in said(choose(at, kind=kind))
    choose(at, kind="the verdict is", label="good")
    assert "Whenever the verdict is Good, set" in said(at)
    fine(choose(at, kind="the text is so long").number_input(key=f"{LINE}:0:most").set_value(3).run())
    assert f"Whenever {WordCount(at_most=3).in_words(explainer.schema)}, set" in said(at)
