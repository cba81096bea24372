"""People, roles and passwords: what is kept, who is let in, and for how long."""

import json
import stat
import time
from pathlib import Path

import pytest
from itsdangerous import URLSafeTimedSerializer

from sparsecbm.access.people import SIGNED_IN_FOR, People, Person
from sparsecbm.errors import ConfigError, InputError

SECRET = "correct horse battery"


@pytest.fixture
def book(tmp_path: Path) -> People:
    people = People(tmp_path / "people.json")
    people.put("Ana", "analyst", SECRET)
    return people


def again(people: People) -> People:
    return People(people._path)


def test_each_role_may_what_the_one_before_may() -> None:
    may = {role: [Person("x", role).may(least) for least in ("viewer", "analyst", "admin")]
           for role in ("viewer", "analyst", "admin")}
    assert may == {"viewer": [True, False, False], "analyst": [True, True, False], "admin": [True, True, True]}


def test_a_password_lets_in_its_own_person_only(book: People) -> None:
    book.put("bo", "admin", "another long one")
    assert again(book).check(" ANA ", SECRET) == Person("ana", "analyst")
    wrong = [("ana", "another long one"), ("ana", SECRET + " "), ("ana", ""), ("nobody", SECRET), ("ana", "x" * 10**6)]
    assert [again(book).check(*one) for one in wrong] == [None] * 5


def test_no_password_is_in_the_file_and_only_its_owner_reads_it(book: People) -> None:
    text = book._path.read_text(encoding="utf-8")
    assert SECRET not in text and "$argon2id$" in text
    assert stat.S_IMODE(book._path.stat().st_mode) & 0o077 == 0


def test_whoever_signs_in_elsewhere_has_no_password(book: People) -> None:
    book.put("cy@example.org", "viewer", None)
    assert book.named("CY@example.org") == Person("cy@example.org", "viewer")
    assert book.check("cy@example.org", "None") is None
    book.put("ana", "admin", None)
    assert book.check("ana", SECRET) == Person("ana", "admin"), "a new role leaves the password"


def test_a_token_is_good_until_the_password_changes_or_the_person_goes(book: People) -> None:
    token = book.token(Person("ana", "analyst"))
    assert again(book).signed_in(token) == Person("ana", "analyst")
    book.put("ana", "viewer", None)
    assert again(book).signed_in(token) == Person("ana", "viewer"), "the role is that of now"
    book.put("ana", "viewer", "quite another one")
    assert again(book).signed_in(token) is None
    fresh = book.token(Person("ana", "viewer"))
    book.remove("ANA")
    assert again(book).signed_in(fresh) is None


def test_tokens_of_others_or_of_long_ago_are_none(book: People, monkeypatch: pytest.MonkeyPatch) -> None:
    stamp = book._entries["ana"].stamp
    forged = URLSafeTimedSerializer("another key", salt="sparsecbm.sign-in").dumps(["ana", stamp])
    odd = [book._serializer.dumps(one)
           for one in ("ana", ["ana"], ["ana", stamp, 1], {"ana": stamp}, None, ["bo", stamp])]
    assert [book.signed_in(one) for one in (None, "", "x", forged, *odd)] == [None] * (4 + len(odd))
    token = book.token(Person("ana", "analyst"))
    later = int(time.time()) + SIGNED_IN_FOR + 2
    monkeypatch.setattr("itsdangerous.timed.TimestampSigner.get_timestamp", lambda _: later)
    assert book.signed_in(token) is None


@pytest.mark.parametrize(("name", "role", "password"), [
    ("", "viewer", SECRET), ("  ", "viewer", SECRET), ("a" * 201, "viewer", SECRET), ("bo", "root", SECRET),
    ("bo", "viewer", "short"), ("bo", "viewer", "x" * 201),
])
def test_what_cannot_be_is_refused_and_changes_nothing(book: People, name: str, role: str, password: str) -> None:
    before = book._path.read_bytes()
    with pytest.raises(InputError, match="allowed"):
        book.put(name, role, password)
    with pytest.raises(InputError, match="Nobody"):
        book.remove("nobody")
    assert book._path.read_bytes() == before


@pytest.mark.parametrize("content", [
    "[]", "{", '{"format": 2}', '{"format": 1, "people": {"a": {"role": "root", "password": null}}}',
    '{"format": 1, "people": {"a": {"role": "viewer"}}}', '{"format": 1, "people": 5}',
    '{"format": 1, "people": {"a": {"role": "admin", "password": 5}}}', "[" * 100_000,
])
def test_a_file_that_is_something_else_lets_nobody_in(tmp_path: Path, content: str) -> None:
    (tmp_path / "people.json").write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match="allowed"):
        People(tmp_path / "people.json")


def test_the_key_stays_and_differs_from_file_to_file(book: People, tmp_path: Path) -> None:
    first = json.loads(book._path.read_text(encoding="utf-8"))["key"]
    book.put("bo", "viewer", SECRET)
    other = People(tmp_path / "other.json")
    other.put("bo", "viewer", SECRET)
    keys = [json.loads(one._path.read_text(encoding="utf-8"))["key"] for one in (book, other)]
    assert keys[0] == first != keys[1] and len(first) == 64
