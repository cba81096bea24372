"""The page of the password: whom it lets in, where it leads, and how often one may try."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode

import pytest
from starlette.requests import Request
from starlette.responses import Response

from sparsecbm.access import panel_sign_in
from sparsecbm.access.panel_sign_in import Tries, sign_in, sign_in_routes, sign_out
from sparsecbm.access.people import PEOPLE_VARIABLE, People
from sparsecbm.ui.visitor import ACCESS_VARIABLE, COOKIE
from tests.helpers import in_a_loop

SECRET = "correct horse battery"


@pytest.fixture(autouse=True)
def people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> People:
    book = People(tmp_path / "people.json")
    book.put("ana", "analyst", SECRET)
    monkeypatch.setenv(ACCESS_VARIABLE, "password")
    monkeypatch.setenv(PEOPLE_VARIABLE, str(book._path))
    monkeypatch.setattr(panel_sign_in, "TRIES_OF_LATE", Tries())
    return book


def asked(form: Mapping[str, str] | None = None, query: str = "", scheme: str = "http") -> Response:
    body = urlencode(form or {}).encode()

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    headers = [(b"content-type", b"application/x-www-form-urlencoded"), (b"host", b"here")]
    scope = {"type": "http", "method": "POST" if form else "GET", "headers": headers, "query_string": query.encode(),
             "path": "/sign-in", "scheme": scheme, "server": ("here", 80)}
    return in_a_loop(sign_in(Request(scope, receive)))


def test_a_right_password_gives_a_cookie_that_no_script_reads(people: People) -> None:
    answer = asked({"name": "Ana", "password": SECRET, "next": "/Explain?text=a%20b"})
    cookie = answer.headers["set-cookie"]
    assert answer.status_code == 303 and answer.headers["location"] == "/Explain?text=a%20b"
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Secure" not in cookie
    token = cookie.partition("=")[2].partition(";")[0]
    assert cookie.startswith(COOKIE) and people.signed_in(token) == people.named("ana")
    assert "Secure" in asked({"name": "ana", "password": SECRET}, scheme="https").headers["set-cookie"]


def test_a_wrong_one_gives_none_and_says_not_which_part_is_wrong() -> None:
    answers = [asked({"name": name, "password": word}) for name, word in (("ana", "wrong"), ("nobody", SECRET))]
    assert [one.status_code for one in answers] == [401] * 2 and answers[0].body == answers[1].body
    assert not any("set-cookie" in one.headers for one in answers)


@pytest.mark.parametrize("after", [
    "https://evil.example", "//evil.example/x", "/\\evil.example", "javascript:alert(1)", "Explain", "/a\nb", "",
])
def test_it_never_leads_elsewhere(after: str) -> None:
    assert asked({"name": "ana", "password": SECRET, "next": after}).headers["location"] == "/"


def test_what_stands_in_the_address_is_only_text() -> None:
    page = bytes(asked(query=urlencode({"next": '/"><script>alert(1)</script>'})).body).decode()
    assert "<script" not in page and "&lt;script&gt;" in page


def test_after_some_wrong_ones_the_right_one_must_wait_too(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr("sparsecbm.access.panel_sign_in.time.monotonic", lambda: now[0])
    monkeypatch.setattr(panel_sign_in, "TRIES", 3)
    for _ in range(3):
        assert asked({"name": "ana", "password": "wrong"}).status_code == 401
    assert asked({"name": "ana", "password": SECRET}).status_code == 429
    assert asked({"name": "bo", "password": SECRET}).status_code == 401, "others need not wait"
    now[0] += 61
    assert asked({"name": "ana", "password": SECRET}).status_code == 303


def test_the_way_out_forgets_the_cookie() -> None:
    answer = sign_out(Request({"type": "http"}))
    assert answer.headers["location"] == "/sign-in" and "Max-Age=0" in answer.headers["set-cookie"]


def test_a_broken_list_lets_nobody_in(people: People) -> None:
    people._path.write_text("{", encoding="utf-8")
    answer = asked({"name": "ana", "password": SECRET})
    assert answer.status_code == 500 and "set-cookie" not in answer.headers


def test_where_no_password_is_asked_there_is_no_such_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ACCESS_VARIABLE, "open")
    assert asked().status_code == asked({"name": "ana", "password": SECRET}).status_code == 303
    assert "set-cookie" not in asked({"name": "ana", "password": SECRET}).headers
    assert [route.path for route in sign_in_routes()] == ["/sign-in", "/sign-out"]
