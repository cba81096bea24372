"""What a container, a proxy and a monitor ask of the server: whether it is ready, and how busy it is."""

import hmac
import logging
import os
import threading
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from prometheus_client import CollectorRegistry, Gauge, ProcessCollector, generate_latest
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit.runtime import Runtime

from sparsecbm.errors import SparseCBMError

log = logging.getLogger(__name__)

#: Whoever asks for the figures must know this token; without one nobody gets them.
TOKEN_VARIABLE = "SPARSECBM_METRICS_TOKEN"


def endpoints() -> list[Route]:
    """`/ready` for everybody, and `/metrics` in Prometheus' form for those who know the token."""
    return [Route("/ready", READINESS.answer), Route("/metrics", metrics)]


class Readiness:
    """Whether the default model is loaded; the server's start, or else a question, has it loaded in the background."""

    def __init__(self) -> None:
        self._lock, self._broken = threading.Lock(), False
        self._thread: threading.Thread | None = None

    @asynccontextmanager
    async def while_it_serves(self, _: object) -> AsyncIterator[None]:
        """Begin to load when the server starts, so that the first visitor waits less."""
        with self._lock:
            self._begin()
        yield

    def answer(self, _: Request) -> Response:
        """200 once the model is there, 503 before, and for as long as its checkpoint is missing or broken."""
        with self._lock:
            if self._thread is None:
                self._begin()
            elif not self._thread.is_alive():
                if not self._broken:
                    return PlainTextResponse("ready")
                self._thread, self._broken = None, False  # the next question tries again
                return PlainTextResponse("The checkpoint cannot be loaded; the log says why.", 503)
        return PlainTextResponse("The model is being loaded.", 503)

    def _begin(self) -> None:
        self._thread = threading.Thread(target=self._load, name="ready", daemon=True)
        self._thread.start()

    def _load(self) -> None:
        from sparsecbm.ui.loaded_model import LOADED  # imports torch: the server answers before
        from sparsecbm.ui.offered import offered

        try:
            LOADED.get(next(iter(offered().values())).source)
        except SparseCBMError as error:
            log.error("The server is not ready: %s", error)
            self._broken = True
        except BaseException:
            log.exception("The server is not ready.")
            self._broken = True


READINESS = Readiness()


def lifespan(app: object) -> AbstractAsyncContextManager[None]:
    """What goes on from the start of the server to its end."""
    return READINESS.while_it_serves(app)


def metrics(request: Request) -> Response:
    """Sessions, waiting work, models in memory, and memory, time and files of the process; 404 without the token."""
    if not _knows_the_token(request.headers.get("authorization", "")):
        return PlainTextResponse("Not Found", 404)
    from sparsecbm.service.turns import TURNS
    from sparsecbm.ui.loaded_model import LOADED

    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    for name, about, value in (
            ("sparsecbm_sessions", "Open sessions.", Runtime.instance()._session_mgr.num_active_sessions()),
            ("sparsecbm_slow_work", "Pieces of slow work that run or wait for their turn.", TURNS.length),
            ("sparsecbm_models", "Models in memory.", LOADED.count)):
        Gauge(name, about, registry=registry).set(value)
    return Response(generate_latest(registry), media_type="text/plain; version=0.0.4; charset=utf-8")


def _knows_the_token(authorization: str) -> bool:
    token = os.environ.get(TOKEN_VARIABLE, "")
    return bool(token) and hmac.compare_digest(authorization.encode(), f"Bearer {token}".encode())


class OwnMetricsOnly:
    """Hides Streamlit's own figures, which it gives to everybody."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 404 for them, and pass everything else on."""
        if scope["type"] == "http" and scope["path"].rstrip("/").endswith("/_stcore/metrics"):
            await PlainTextResponse("Not Found", 404)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def middleware() -> list[Middleware]:
    """What stands before all answers of the server."""
    return [Middleware(OwnMetricsOnly)]
