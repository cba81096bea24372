"""What components send to their callbacks."""

import pytest

from sparsecbm.ui import component


def test_a_component_that_is_gone_has_sent_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(component.st, "session_state", {"there": {"pressed": [1, 2]}, "silent": None})
    assert component.sent("there", "pressed") == [1, 2]
    assert all(component.sent(key, "act") is None for key in ("there", "silent", "gone"))
