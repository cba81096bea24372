"""The page where people sign in with a password, and the way out: plain pages, for a cookie that no script can read."""

import time
from collections import deque
from html import escape
from pathlib import Path
from threading import Lock
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from sparsecbm.access.people import SIGNED_IN_FOR
from sparsecbm.errors import SparseCBMError
from sparsecbm.ui.visitor import COOKIE, access_mode, people

#: Wrong passwords that are taken a minute, for one name and in all; more must wait.
TRIES, ALL_TRIES, WITHIN = 5, 100, 60.0
_PAGE = Path(__file__).with_name("panel_sign_in.html").read_text(encoding="utf-8")


def sign_in_routes() -> list[Route]:
    """Where people sign in and out."""
    return [Route("/sign-in", sign_in, methods=["GET", "POST"]), Route("/sign-out", sign_out)]


class Tries:
    """Wrong passwords of the last minute, by name."""

    def __init__(self) -> None:
        self._lock, self._wrong = Lock(), deque[tuple[float, str]]()

    def too_many(self, name: str) -> bool:
        """Whether this name, or everybody together, must wait."""
        with self._lock:
            while self._wrong and time.monotonic() - self._wrong[0][0] > WITHIN:
                self._wrong.popleft()
            return len(self._wrong) >= ALL_TRIES or sum(one == name for _, one in self._wrong) >= TRIES

    def wrong(self, name: str) -> None:
        """Note one."""
        with self._lock:
            self._wrong.append((time.monotonic(), name))


TRIES_OF_LATE = Tries()


async def sign_in(request: Request) -> Response:
    """The form; with a right password, the cookie and the page that was asked for."""
    try:
        if access_mode() != "password":
            return RedirectResponse("/", 303)
        if request.method == "GET":
            return _form("", request.query_params.get("next", ""))
        form = await request.form(max_files=0, max_fields=3)
        name, password, after = (str(form.get(part, ""))[:1000] for part in ("name", "password", "next"))
        if TRIES_OF_LATE.too_many(name):
            return _form("Too many wrong passwords. Wait a minute.", after, 429)
        book = await run_in_threadpool(people)
        person = await run_in_threadpool(book.check, name, password)
    except SparseCBMError as error:
        return _form(str(error), "", 500)
    if person is None:
        TRIES_OF_LATE.wrong(name)
        return _form("The name or the password is wrong.", after, 401)
    answer = RedirectResponse(_here(after), 303)
    secure = "https" in (request.url.scheme, request.headers.get("x-forwarded-proto", ""))
    answer.set_cookie(COOKIE, book.token(person), SIGNED_IN_FOR, httponly=True, samesite="lax", secure=secure)
    return answer


def sign_out(_: Request) -> Response:
    """Forget the cookie."""
    answer = RedirectResponse("/sign-in", 303)
    answer.delete_cookie(COOKIE)
    return answer


def _here(after: str) -> str:
    """A page of this server; the first one for anything else."""
    parts = urlsplit(after.replace("\\", "/"))
    elsewhere = parts.scheme or parts.netloc or not after.startswith("/") or not after.isprintable()
    return "/" if elsewhere else after


def _form(problem: str, after: str, status: int = 200) -> HTMLResponse:
    shown = f'<p role="alert">{escape(problem)}</p>' if problem else ""
    page = _PAGE.replace("{problem}", shown).replace("{next}", escape(_here(after), quote=True))
    return HTMLResponse(page, status, {"Cache-Control": "no-store", "X-Frame-Options": "DENY"})
