"""What the server says to a container, a proxy and a monitor."""

import runpy
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest
from starlette.requests import Request

from sparsecbm.errors import CheckpointError
from sparsecbm.server import panel_endpoints as endpoints
from sparsecbm.server.panel_endpoints import TOKEN_VARIABLE, OwnMetricsOnly, Readiness, metrics
from sparsecbm.service.turns import Turns
from tests.helpers import in_a_loop

WAIT = 30.0


class Loading:
    """Stands for the models: loads when it may, or fails."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.may, self.times = threading.Event(), 0
        self.error: Exception | None = None
        monkeypatch.setattr("sparsecbm.ui.loaded_model.LOADED", self)
        self.count = 2

    def get(self, _: str) -> None:
        self.times += 1
        assert self.may.wait(WAIT)
        if self.error is not None:
            raise self.error


@pytest.fixture
def loading(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loading]:
    one = Loading(monkeypatch)
    yield one
    one.may.set()


def asked(readiness: Readiness) -> tuple[int, bytes]:
    answer = readiness.answer(Request({"type": "http", "headers": []}))
    return answer.status_code, bytes(answer.body)


def ended(readiness: Readiness) -> None:
    assert readiness._thread is not None
    readiness._thread.join(WAIT)


def test_it_is_ready_once_the_model_is_loaded_and_loads_it_once(loading: Loading) -> None:
    readiness = Readiness()
    assert [asked(readiness)[0] for _ in range(3)] == [503] * 3
    loading.may.set()
    ended(readiness)
    assert [asked(readiness) for _ in range(2)] == [(200, b"ready")] * 2 and loading.times == 1


def test_a_server_loads_the_model_when_it_starts(loading: Loading) -> None:
    async def served(readiness: Readiness) -> bool:
        async with readiness.while_it_serves(None):
            return readiness._thread is not None

    readiness = Readiness()
    loading.may.set()
    assert in_a_loop(served(readiness))
    ended(readiness)
    assert asked(readiness) == (200, b"ready") and loading.times == 1


def test_a_broken_checkpoint_is_not_ready_tells_no_path_and_is_tried_again(loading: Loading) -> None:
    readiness = Readiness()
    loading.error = CheckpointError("/secret/place has no model.safetensors.")
    loading.may.set()
    asked(readiness)
    ended(readiness)
    status, said = asked(readiness)
    assert status == 503 and b"secret" not in said
    loading.error = None
    assert asked(readiness)[0] == 503
    ended(readiness)
    assert asked(readiness)[0] == 200


def request(authorization: str | None) -> Request:
    headers = [] if authorization is None else [(b"authorization", authorization.encode())]
    return Request({"type": "http", "headers": headers})


def test_figures_are_for_those_who_know_the_token(loading: Loading, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "Runtime", SimpleNamespace(instance=lambda: SimpleNamespace(
        _session_mgr=Mock(num_active_sessions=Mock(return_value=3)))))
    turns = Turns()
    turns._line.append("somebody")
    monkeypatch.setattr("sparsecbm.service.turns.TURNS", turns)
    monkeypatch.delenv(TOKEN_VARIABLE, raising=False)
    assert [metrics(request(one)).status_code for one in (None, "Bearer ", "Bearer None")] == [404] * 3
    monkeypatch.setenv(TOKEN_VARIABLE, "s3cret é")
    assert [metrics(request(one)).status_code for one in (None, "s3cret é", "Bearer s3cret", "Bearer é")] == [404] * 4
    found = metrics(Request({"type": "http", "headers": [(b"authorization", "Bearer s3cret é".encode("latin-1"))]}))
    lines = bytes(found.body).decode().splitlines()
    assert found.status_code == 200
    assert {"sparsecbm_sessions 3.0", "sparsecbm_slow_work 1.0", "sparsecbm_models 2.0"} <= set(lines)


@pytest.mark.parametrize(("path", "status"), [
    ("/_stcore/metrics", 404), ("/_stcore/metrics/", 404), ("/below/_stcore/metrics", 404), ("/_stcore/health", None),
])
def test_streamlits_own_figures_are_hidden(path: str, status: int | None) -> None:
    sent: list[Any] = []

    async def inner(*_: object) -> None:
        sent.append({"status": None})

    async def send(message: Any) -> None:
        sent.append(message)

    in_a_loop(OwnMetricsOnly(inner)({"type": "http", "path": path, "method": "GET"}, Mock(), send))
    assert sent[0]["status"] == status


def test_the_app_offers_them(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Mock()
    monkeypatch.setattr("streamlit.App", made)
    runpy.run_path(str(Path(__file__).parents[2] / "app.py"), run_name="imported")
    given = made.call_args.kwargs
    assert {"/ready", "/metrics", "/Explain"} <= {route.path for route in given["routes"]}
    assert [one.cls for one in given["middleware"]] == [OwnMetricsOnly]
