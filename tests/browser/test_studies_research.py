"""A study in a browser, as its researcher: built, started, filled with simulated participants, read and exported."""

import io
import re
import zipfile
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.watch import Visit, section, settled


def fill(page: Page, label: str, value: str) -> None:
    box = page.get_by_label(label, exact=True)
    box.fill(value)
    box.press("Enter")
    settled(page)


def accessible(page: Page) -> None:
    """Nothing serious is wrong for axe-core, and headings are in order."""
    page.mouse.move(0, 0)  # nothing is hovered
    page.wait_for_timeout(1000)  # fading in changes contrast
    found = [(one["id"], one["impact"], [node["html"][:200] for node in one["nodes"]])
             for one in Axe().run(page).response["violations"]]
    assert not [one for one in found if one[1] in ("serious", "critical") or one[0] == "heading-order"]


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()
    settled(page)


def test_a_study_is_built_started_simulated_and_read(visitor: Visit) -> None:
    page = visitor("/Studies")
    expect(page.get_by_role("button", name="Draw the cases")).to_be_visible(timeout=300_000)
    fill(page, "Name of the study", "Do *concepts* help?")
    fill(page, "Cases", "4")
    accessible(page)
    press(page, "Draw the cases")
    expect(page.get_by_text("4 cases (2 right, 2 wrong for the model)")).to_be_visible()
    expect(page.get_by_text("4 participants, or a multiple of it")).to_be_visible()
    press(page, "Start the study")

    expect(page.get_by_text("Do *concepts* help?, version 1: running")).to_be_visible()
    link = page.get_by_test_id("stCode").inner_text().strip()
    study = re.search(r"/Studies\?study=(\w+)$", link)
    assert study is not None and link.startswith("http://127.0.0.1:") and f"section=run&of={study[1]}" in page.url
    page.get_by_text("Fill a copy with simulated participants").click()
    settled(page)
    fill(page, "Participants", "2")
    press(page, "Simulate")
    page.get_by_role("button", name="See the results of the copy").click(timeout=180_000)
    settled(page)

    expect(page.get_by_text("2 simulated participants took part")).to_be_visible()
    assert page.locator(".js-plotly-plot").count() == 0
    press(page, "Show the outcomes")
    expect(page.get_by_text("2 simulated participants, 2 finished.")).to_be_visible()
    page.get_by_role("radio", name="Tests", exact=True).click()
    settled(page)
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    expect(page.get_by_text("prediction: with help − without help").first).to_be_visible()
    accessible(page)
    with page.expect_download() as started:
        page.get_by_role("button", name="The whole study, ZIP").click()
    with zipfile.ZipFile(io.BytesIO(Path(started.value.path()).read_bytes())) as files:
        names = [name for name in files.namelist() if name.endswith("cases.csv")]
        assert len(files.read(names[0]).splitlines()) == 1 + 2 * (4 + 4)
    assert page.get_by_test_id("stMain").evaluate("main => main.scrollWidth <= main.clientWidth")

    reloaded = page.url
    page.goto(reloaded)
    expect(page.get_by_role("button", name="Show the outcomes")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("outcomes opened 1 time")).to_be_visible()
    section(page, "Run and watch")
    expect(page.get_by_text("Do *concepts* help?, simulated, version 1: not started")).to_be_visible()
