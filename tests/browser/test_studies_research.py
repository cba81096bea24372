"""A study in a browser, as its researcher: built, started, filled with simulated participants, read and exported."""

import io
import re
import zipfile
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.watch import Visit, section, settled


def fill(page: Page, label: str, value: str) -> None:
    box = page.get_by_label(label, exact=True)
    box.fill(value)
    box.press("Enter")
    settled(page)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()
    settled(page)


def test_a_study_is_built_started_simulated_and_read(visitor: Visit) -> None:
    page = visitor("/Studies")
    expect(page.get_by_role("button", name="Draw the cases")).to_be_visible(timeout=300_000)
    expect(page.get_by_text("Still to do: Give the study a name. Draw the cases.")).to_be_visible()
    fill(page, "Name of the study", "Do *concepts* help?")
    fill(page, "Cases", "4")
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
    fill(page, "Participants", "3")
    press(page, "Simulate")
    page.get_by_role("button", name="See the results of the copy").click(timeout=180_000)
    settled(page)

    expect(page.get_by_text("3 simulated participants took part so far")).to_be_visible()
    assert page.locator(".js-plotly-plot").count() == 0
    press(page, "Look at the outcomes")
    expect(page.get_by_text("3 simulated participants, 3 finished.")).to_be_visible()
    for group in ("Reliance", "Confidence", "Time and interventions", "Tests"):
        page.get_by_role("radio", name=group, exact=True).click()
        settled(page)
        expect(page.locator(".js-plotly-plot").first).to_be_visible()
    expect(page.get_by_text("prediction: with help − without help").first).to_be_visible()
    with page.expect_download() as started:
        page.get_by_role("button", name="The whole study, ZIP").click()
    with zipfile.ZipFile(io.BytesIO(Path(started.value.path()).read_bytes())) as files:
        names = [name for name in files.namelist() if name.endswith("cases.csv")]
        assert len(files.read(names[0]).splitlines()) == 1 + 3 * (4 + 2 * 2)
    assert page.get_by_test_id("stMain").evaluate("main => main.scrollWidth <= main.clientWidth")

    reloaded = page.url
    page.goto(reloaded)
    expect(page.get_by_role("button", name="Look at the outcomes")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("outcomes looked at 1 times")).to_be_visible()
    section(page, "Run and watch")
    expect(page.get_by_text("Do *concepts* help?, simulated, version 1: not started")).to_be_visible()
