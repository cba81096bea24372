"""Slow revisions and impacts: progress, a way to stop, and nothing kept of what was stopped."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from sparsecbm.service import Explainer
from sparsecbm.ui.loaded_model import load_explainer
from tests.app.screen import fine, press, section
from tests.app.test_interventions_revise import history, opened, revised, second_value, toy_catalogue


@pytest.fixture
def gate(explainer: Explainer, monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """What takes long reports that it is half done, and then waits until the gate is open."""
    opened_gate = threading.Event()

    def slowed(call: Any) -> Any:
        def slow(self: Explainer, *given: Any, **named: Any) -> Any:
            progress = given[-1]
            progress(0.5)
            assert opened_gate.wait(60)
            progress(0.75)
            return call(self, *given, **named)

        return slow

    monkeypatch.setattr(Explainer, "revise", slowed(Explainer.revise))
    monkeypatch.setattr(Explainer, "impact", slowed(Explainer.impact))
    monkeypatch.setattr("sparsecbm.revision.panel_revise.PATIENCE", 0.0)
    monkeypatch.setattr("sparsecbm.ui.tasks.PATIENCE", 0.0)
    monkeypatch.setattr("sparsecbm.ui.loaded_sources.catalogue", toy_catalogue)
    yield opened_gate
    opened_gate.set()


def keys(at: AppTest) -> list[str]:
    return [button.key for button in at.button]


def until_done(at: AppTest, panel: str) -> AppTest:
    """Look again, as a browser does by itself, until no work is under way."""
    while f"interventions:{panel}:cancel" in keys(at):
        at.run()
    return at


def test_a_slow_revision_and_a_slow_impact_can_be_cancelled_and_requested_again(gate: threading.Event) -> None:
    wanted = second_value(load_explainer())
    at = fine(revised(opened(), wanted))
    assert "interventions:revise:cancel" in keys(at) and not history(at).entries
    at = fine(press(at, "interventions:revise:cancel"))
    assert "interventions:revise:cancel" not in keys(at) and not history(at).entries
    gate.set()
    fine(until_done(press(at.run(), "interventions:revise:do"), "revise"))
    (entry,) = history(at).entries
    assert entry.edit.value == wanted  # type: ignore[union-attr]

    gate.clear()
    at = fine(press(section(at, "blast"), "interventions:impact:do"))
    assert "interventions:impact:cancel" in keys(at)
    at = fine(press(at, "interventions:impact:cancel"))
    assert "interventions:impact:cancel" not in keys(at) and not history(at).now.may_be_saved
    gate.set()
    fine(until_done(press(at.run(), "interventions:impact:do"), "impact"))
    assert history(at).now.may_be_saved
