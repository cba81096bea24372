"""Who sees what: every page asks for its role, participants' links ask for none, and nobody saves who may not."""

from functools import partial
from pathlib import Path

import pytest

from sparsecbm.access.people import PEOPLE_VARIABLE, People, Person
from sparsecbm.corrections.panel_store import correction_store, the_person
from sparsecbm.errors import InputError
from sparsecbm.ui import visitor
from sparsecbm.ui.visitor import ACCESS_VARIABLE, COOKIE, require
from tests.app.screen import ROOT, fine, open_alone, open_home

PAGES = sorted(f"pages/{path.name}" for path in (ROOT / "pages").glob("*.py"))


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> People:
    people = People(tmp_path / "people.json")
    for role in ("viewer", "analyst"):
        people.put(role, role, "correct horse battery")
    monkeypatch.setenv(ACCESS_VARIABLE, "password")
    monkeypatch.setenv(PEOPLE_VARIABLE, str(people._path))
    return people


def as_(monkeypatch: pytest.MonkeyPatch, token: str | None) -> None:
    """The browser of every session has this cookie."""
    cookies = {} if token is None else {COOKIE: token}
    monkeypatch.setattr("streamlit.runtime.context.ContextProxy.cookies", cookies)


@pytest.mark.parametrize("page", PAGES)
def test_without_signing_in_a_page_shows_how_to_and_nothing_else(
    page: str, book: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_(monkeypatch, "forged")
    at = fine(open_alone(page).run())
    assert len(at.markdown) == 2 and "sign-in" in at.get("html")[0].proto.body
    assert not at.button and not at.sidebar.children


def test_a_viewer_sees_every_page_but_studies_and_cannot_save(book: People, monkeypatch: pytest.MonkeyPatch) -> None:
    as_(monkeypatch, book.token(Person("viewer", "viewer")))
    assert "analyst" in fine(open_alone("pages/5_Studies.py").run()).warning[0].value
    at = fine(open_alone("pages/3_Interventions.py", text="The soup was cold.", section="history").run())
    assert at.button(key="interventions:patches:add").disabled
    for refused in (partial(require, "analyst"), correction_store):
        with pytest.raises(InputError, match="analyst"):
            refused()
    assert the_person() == "viewer", "a correction bears the name with which one signed in"
    book.put("viewer", "analyst", None)
    require("analyst")
    assert not fine(open_alone("pages/5_Studies.py").run()).warning


def test_a_participant_needs_no_role_and_gets_no_menu(book: People, monkeypatch: pytest.MonkeyPatch) -> None:
    as_(monkeypatch, None)
    at = open_alone("pages/5_Studies.py", study="none").run()
    assert "none" in at.error[0].value and not at.exception, "it was looked for"
    assert not at.sidebar.children and "sign-in" not in " ".join(one.proto.body for one in at.get("html"))


@pytest.mark.parametrize(("mode", "person"), [
    ("", Person("", "admin")), ("open", Person("", "admin")), ("demo", Person("", "viewer")),
])
def test_where_nobody_signs_in_home_says_so(mode: str, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ACCESS_VARIABLE, mode)
    assert visitor.visitor() == person
    last = fine(open_home()).main.markdown[-1].value
    assert ("obody" in last) == (person.role == "admin") and ("demonstration" in last) == (person.role == "viewer")


def test_an_unknown_mode_lets_nobody_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ACCESS_VARIABLE, "opne")
    at = open_alone("pages/1_Explain.py").run()
    assert "opne" in at.error[0].value and not at.exception and not at.button


class Claims(dict[str, object]):
    """What an identity provider says of somebody."""

    is_logged_in = True

    def to_dict(self) -> dict[str, object]:
        return dict(self)


@pytest.mark.parametrize(("claims", "person"), [
    ({"email": "Analyst", "email_verified": True}, Person("analyst", "analyst")),
    ({"email": "analyst", "email_verified": False}, None),
    ({"email": "new@example.org", "sparsecbm_role": "viewer"}, Person("new@example.org", "viewer")),
    ({"email": "new@example.org", "sparsecbm_role": ["viewer", "admin", "x"]}, Person("new@example.org", "admin")),
    ({"email": "new@example.org", "sparsecbm_role": "root"}, None), ({"sub": "5"}, None),
])
def test_a_provider_names_people_and_the_list_their_roles(
    claims: dict[str, object], person: Person | None, book: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ACCESS_VARIABLE, "oidc")
    monkeypatch.setattr("sparsecbm.ui.visitor.st.user", Claims(claims))
    assert visitor.visitor() == person
    anonymous = Claims()
    anonymous.is_logged_in = False
    monkeypatch.setattr("sparsecbm.ui.visitor.st.user", anonymous)
    assert visitor.visitor() is None
