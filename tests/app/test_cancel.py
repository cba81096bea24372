"""Slow words: progress, a way to stop, a clear state afterwards, and the rest of the page usable meanwhile."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from sparsecbm.service import Explainer
from tests.app.screen import fine, open_explain, press, shown_text, words

pytestmark = pytest.mark.usefixtures("explainer")

TEXT = "A soup that nobody has explained before, with basil."


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Explanations report that they are half done, and then wait until the gate is open."""
    opened, explain = threading.Event(), Explainer.explain

    def slow(self: Explainer, *given: Any) -> Any:
        *first, progress = given
        progress(0.5)
        assert opened.wait(60)
        progress(0.75)
        return explain(self, *first, progress)

    monkeypatch.setattr(Explainer, "explain", slow)
    for module in ("ui.tasks", "words.panel"):
        monkeypatch.setattr(f"sparsecbm.{module}.PATIENCE", 0.0)
    yield opened
    opened.set()


def labels(at: AppTest) -> list[str]:
    return [button.label for button in at.button]


def unscored(at: AppTest) -> bool:
    """True when the whole text is on screen, and no word is coloured."""
    return shown_text(at) == TEXT and not any(word["style"] for word in words(at))


def until_done(at: AppTest) -> AppTest:
    """Look again, as a browser does by itself, until no work is under way."""
    while "Cancel" in labels(at):
        at.run()
    return at.run()  # it may have ended after the scores were looked for


def test_a_slow_explanation_shows_progress_and_can_be_stopped(gate: threading.Event) -> None:
    at = fine(open_explain(text=TEXT))
    assert "Cancel" in labels(at) and unscored(at)
    shown = {element.proto.component_name for element in at.get("bidi_component")}
    assert "sparsecbm.panel_concepts" in shown, "label and concepts do not wait for the words"
    fine(press(at, "explain:cancel"))
    assert "Cancel" not in labels(at) and "Run again" in labels(at) and unscored(at)
    gate.set()
    fine(until_done(press(at, "explain:again")))
    assert shown_text(at) == TEXT and not unscored(at)
    assert not {"Cancel", "Run again"} & set(labels(at))


def test_another_choice_takes_the_place_of_slow_work(gate: threading.Event) -> None:
    at = fine(open_explain(text=TEXT))
    assert "Cancel" in labels(at)
    gate.set()
    fine(until_done(at.selectbox(key="explain:method").set_value("gradient-x-input").run()))
    assert shown_text(at) == TEXT
    assert any("Gradient" in line.value and "completeness gap" in line.value for line in at.markdown)
