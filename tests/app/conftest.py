"""Pages wait for their words here: there is no browser that would ask again."""

import pytest


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sparsecbm.ui.words.PATIENCE", 300.0)
