"""Rules on the Interventions page: described in words, tested on many reviews, and only then put in force."""

import threading
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from sparsecbm.impact.figure import impact_text
from sparsecbm.revision.rule import Condition, LabelIs, Rule, TextSays, Unsure, ValueIs, WordCount
from sparsecbm.service import Explainer
from tests.app.screen import EXPLAIN, bars, fine, open_page, press
from tests.app.test_interventions_revise import INTERVENTIONS, REVIEW, history, opened, said, toy_catalogue
from tests.helpers import HOSTILE, toy_split
from tests.revision.toys import set_to

RULES = "interventions:rules"
LINE = f"{RULES}:line"
pytestmark = pytest.mark.usefixtures("explainer")


@pytest.fixture(autouse=True)
def _toys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sparsecbm.ui.loaded_sources.catalogue", toy_catalogue)


def choose(at: AppTest, line: int = 0, **chosen: Any) -> AppTest:
    """Choose in the boxes of a condition."""
    for name, value in chosen.items():
        if name == "kind":
            box = at.selectbox(key=f"{LINE}:{line}:kind")
            value = box.options[KINDS.index(value)]
        fine(at.selectbox(key=f"{LINE}:{line}:{name}").set_value(value).run())
    return at


#: The kinds of conditions, in the order of the list.
KINDS = (ValueIs, TextSays, LabelIs, Unsure, WordCount)


def sets(at: AppTest, concept: str, value: str) -> AppTest:
    """Choose what the rule sets."""
    fine(set_box(at).set_value([concept]).run())
    return fine(at.selectbox(key=f"{set_box(at).key}:{concept}").set_value(value).run())


def set_box(at: AppTest) -> Any:
    return next(box for box in at.multiselect if box.key.startswith(f"{RULES}:set:"))


def says(at: AppTest, word: str, line: int = 0) -> AppTest:
    """Make a condition one on the text."""
    choose(at, line, kind=TextSays)
    return fine(at.text_input(key=f"{LINE}:{line}:word").set_value(word).run())


def button(at: AppTest, name: str) -> Any:
    return next((one for one in at.button if one.key == f"{RULES}:{name}"), None)


def shows(at: AppTest, explainer: Explainer, *conditions: Condition, to: str = "Negative") -> bool:
    """The page shows the rule in words."""
    return Rule(conditions, (set_to("soup", to),)).in_words(explainer.schema) in said(at)


def test_a_rule_is_described_once_it_is_complete(explainer: Explainer) -> None:
    at = opened("rules")
    assert button(at, "do") is None and button(at, "try") is None
    sets(at, "soup", "Negative")
    assert shows(at, explainer, ValueIs("soup", "Negative"))
    choose(at, concept="room", **{"is": "is not"}, value="unknown")
    assert shows(at, explainer, ValueIs("room", "unknown", negated=True))
    assert shows(choose(at, kind=LabelIs, label="good"), explainer, LabelIs("good", negated=True))
    fine(choose(at, kind=WordCount).number_input(key=f"{LINE}:0:most").set_value(3).run())
    assert shows(at, explainer, WordCount(at_most=3))
    at.number_input(key=f"{LINE}:0:least").set_value(9).run()
    assert "9 to 3" in at.error[0].value and button(at, "do") is None and not at.exception
    says(at, "  ")
    assert button(at, "try") is None, "the word is missing"
    at = press(says(at, HOSTILE["html"]), f"{RULES}:add")
    choose(at, 1, kind=Unsure)
    assert shows(at, explainer, TextSays(HOSTILE["html"]), Unsure("soup", 0.6))
    fine(press(at, f"{LINE}:0:remove"))
    assert shows(at, explainer, Unsure("soup", 0.6))
    fine(press(at, f"{LINE}:1:remove"))
    assert shows(at, explainer)


def test_a_rule_is_tested_first_and_then_put_in_force(explainer: Explainer) -> None:
    split = toy_split(4)
    at = sets(says(opened("rules"), "tasty"), "soup", "Negative")
    assert f"{sum('tasty' in text for text in split.texts)} of these {len(split)}" in said(at), "counted by the text"
    fine(open_page(fine(open_page(at, EXPLAIN)), INTERVENTIONS))
    assert shows(at, explainer, TextSays("tasty")), "what was entered survives another page"
    assert button(at, "do").disabled
    at = fine(press(at, f"{RULES}:try"))
    rule = Rule((TextSays("tasty"),), (set_to("soup", "Negative"),))
    impact = explainer.impact((rule,), split)
    assert impact_text(impact) in said(at) and len(impact.matched[0]) > 0
    assert f"{len(impact.matched[0])} of {len(split)} reviews" in said(at)
    sets(at, "room", "Positive")  # another rule is tested on the same reviews at once
    other = explainer.impact((Rule(rule.conditions, (set_to("room", "Positive"),)),), split)
    assert impact_text(other) in said(at) and impact_text(other) != impact_text(impact)
    at = fine(press(sets(at, "soup", "Negative"), f"{RULES}:do"))
    (entry,) = history(at).now.entries
    assert entry.edit == rule and entry.description == rule.in_words(explainer.schema)
    assert f"1. {entry.description}" in said(at) and not set_box(at).value, "ready for the next"
    sets(says(at, "tasty", line=1), "soup", "Negative")
    assert button(at, "do") is None, "that rule is in force"
    assert any("1 rule" in one.value for one in fine(open_page(at, EXPLAIN)).info)
    at = fine(press(fine(open_page(at, INTERVENTIONS, section="rules")), "Undo"))
    assert not history(at).now.rules and f"1. {entry.description}" not in said(at)


def test_it_shows_what_a_rule_does_to_the_current_text(explainer: Explainer) -> None:
    at = sets(says(opened("rules"), "tasty"), "soup", "Negative")
    before, rule = explainer.predict(REVIEW), Rule((TextSays("tasty"),), (set_to("soup", "Negative"),))
    after = explainer.apply_rules(before, [rule]).after
    shown = [float(share.strip("<>%\u00a0 ")) for share in bars(at, "With the rule").values()]
    assert shown == pytest.approx(100 * after.label_probabilities, abs=0.6)
    assert f"soup changes from {before.value('soup')}" in said(at) or "soup is Negative already" in said(at)
    says(at, "parrot")
    assert "not hold: the text says “parrot”" in said(at) and 'aria-label="With the rule' not in said(at)


def test_a_test_can_be_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    gate, impact = threading.Event(), Explainer.impact

    def slow(*given: Any) -> Any:
        given[-1](0.5)
        assert gate.wait(60)
        given[-1](0.75)
        return impact(*given)

    monkeypatch.setattr(Explainer, "impact", slow)
    monkeypatch.setattr("sparsecbm.ui.tasks.PATIENCE", 0.0)
    at = fine(press(sets(says(opened("rules", ""), "tasty"), "soup", "Negative"), f"{RULES}:try"))
    assert button(at, "cancel") and button(at, "do").disabled
    at = fine(press(at, f"{RULES}:cancel"))
    assert button(at, "cancel") is None and button(at, "do").disabled
    gate.set()
