"""The server is killed while somebody labels by keyboard: every label that the screen counted is there, once."""

import re
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from benchmarks.server import app_with
from sparsecbm.corrections.compute_store import CorrectionStore
from sparsecbm.schema import CEBAB
from tests.browser.conftest import STILL
from tests.browser.watch import settled
from tests.helpers import saved_checkpoint

#: The labels that the screen counts.
COUNTED = re.compile(r"(\d+) labels? by you")
#: So many are counted before the server is killed.
COUNT = 4


def begin(page: Page, address: str) -> int:
    """Open the queue as the same person; the labels that it counts."""
    page.goto(f"http://{address}/Failures?section=label")
    page.get_by_role("textbox", name="Your name").fill("Ada", timeout=300_000)
    page.keyboard.press("Enter")
    expect(page.get_by_text(COUNTED)).to_be_visible()
    return shown(settled(page))


def shown(page: Page) -> int:
    found = COUNTED.search(page.get_by_text(COUNTED).inner_text())
    assert found is not None
    return int(found[1])


def test_every_label_that_was_shown_as_saved_is_kept_once(browser: Browser, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/corrections.sqlite"
    checkpoint = saved_checkpoint(tmp_path / "tiny", schema=CEBAB)
    context = browser.new_context(**STILL)  # type: ignore[arg-type]
    page = context.new_page()
    try:
        with app_with(checkpoint, url) as server, CorrectionStore.open(url) as store:
            start = begin(page, server.address)
            for number in range(start + 1, start + 1 + COUNT):
                settled(page).keyboard.press("1")
                expect(page.get_by_text(re.compile(rf"\b{number} labels? by you"))).to_be_visible()
            settled(page).keyboard.press("1")  # on its way, or being written
            server.kill_and_start()
            kept = [(kept.correction.text, kept.correction.field) for kept in store.history()]
            assert len(kept) == len(set(kept)) and len(kept) in (COUNT, COUNT + 1)
            assert begin(page, server.address) == len(kept)
    finally:
        context.close()
