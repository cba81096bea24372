"""Two models in a browser: a switch leaves nothing behind that the page of the other model would show."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from benchmarks.server import APP, served
from sparsecbm.schema import CEBAB, IMDB_C
from sparsecbm.shipped import CHECKPOINT_VARIABLE, CHECKPOINTS_VARIABLE
from tests.browser.watch import Visit, settled
from tests.helpers import saved_checkpoint


@pytest.fixture(scope="module")
def app_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with two small models of two schemas."""
    folder = tmp_path_factory.mktemp("models")
    saved_checkpoint(folder / "meals", schema=CEBAB)
    saved_checkpoint(folder / "films", schema=IMDB_C)
    with served(APP, **{CHECKPOINT_VARIABLE: str(folder / "meals"), CHECKPOINTS_VARIABLE: str(folder),
                        "SPARSECBM_STUDIES": f"{folder}/studies.sqlite"}) as url:
        yield url


def choose(page: Page, before: str, after: str) -> Page:
    page.get_by_test_id("stSidebar").get_by_role("button", name=before).click()
    page.get_by_test_id("stPopoverBody").get_by_text(after, exact=True).click()
    expect(page.get_by_test_id("stSidebar").get_by_role("button", name=after)).to_be_visible()
    page.keyboard.press("Escape")
    return settled(page)


def test_what_is_typed_for_one_model_is_not_in_the_box_of_the_other(visitor: Visit) -> None:
    page = settled(visitor("/Explain"))
    box = page.get_by_role("textbox", name="Review")
    box.fill("The soup was cold.")  # and not sent: only the browser knows it
    choose(page, "meals", "films")
    expect(box).to_have_value("")
    assert page.url.endswith("?model=films")
    settled(page).get_by_role("link", name="Failures").click()
    expect(page.get_by_role("heading", name="Failures")).to_be_visible()
    assert settled(page).url.endswith("/Failures?model=films")
    page.go_back()
    expect(box).to_have_value("")
    choose(page, "films", "meals")
    assert "model" not in page.url
