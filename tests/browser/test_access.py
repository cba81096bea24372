"""Signing in and out in a browser, on a server that asks for a password."""

from pathlib import Path

from playwright.sync_api import Browser, expect

from benchmarks.server import APP, Server
from sparsecbm.access.people import PEOPLE_VARIABLE, People
from sparsecbm.schema import CEBAB
from sparsecbm.shipped import CHECKPOINT_VARIABLE
from sparsecbm.ui.visitor import ACCESS_VARIABLE
from tests.browser.conftest import PATIENCE, STILL
from tests.browser.watch import Watch, settled
from tests.helpers import saved_checkpoint

SECRET = "correct horse battery"


def test_who_signs_in_comes_back_to_the_page_and_who_signs_out_sees_it_no_more(
    browser: Browser, tmp_path: Path
) -> None:
    people = People(tmp_path / "people.json")
    people.put("ana", "analyst", SECRET)
    checkpoint = saved_checkpoint(tmp_path / "tiny", schema=CEBAB)
    with Server(APP, **{ACCESS_VARIABLE: "password", PEOPLE_VARIABLE: str(people._path),
                        CHECKPOINT_VARIABLE: str(checkpoint)}) as server:
        context = browser.new_context(**STILL)  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        watch = Watch(page, context)
        page.goto(f"http://{server.address}/Explain?text=The+soup+was+cold.")
        page.get_by_role("link", name="Sign in").click()
        page.get_by_label("Name").fill("Ana")
        page.get_by_label("Password").fill(SECRET)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_text("Signed in as ana")).to_be_visible()
        expect(page.get_by_test_id("stMain")).to_contain_text("The soup was cold.")
        settled(page).get_by_role("link", name="Sign out").click()
        page.get_by_label("Password").wait_for()
        page.goto(f"http://{server.address}/Failures")
        expect(page.get_by_role("link", name="Sign in")).to_be_visible()
        expect(page.get_by_role("link", name="Evaluation")).to_have_count(0)
        watch.close()
