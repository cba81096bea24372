"""The Failures page in a browser: from a cell of the confusion matrix to its reviews, tags, files, and back again."""

import csv
import io
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Locator, Page, expect

from sparsecbm.data.samples import load_samples
from sparsecbm.spreadsheet import MARK
from tests.browser.watch import Visit, press_cell, settled


def rows(page: Page) -> Locator:
    """The table of reviews, in sight; a canvas has no elements."""
    table = page.locator(".st-key-failures-rows [data-testid=stDataFrame]")
    table.evaluate("table => table.scrollIntoView({block: 'center'})")
    settled(page)
    return table


def press_at(page: Page, where: Locator, x: float, y: float) -> None:
    place = where.bounding_box()
    assert place is not None
    page.mouse.click(place["x"] + x, place["y"] + y)
    settled(page)


def test_from_a_cell_to_its_reviews_and_back(visitor: Visit, tmp_path: Path) -> None:
    page = visitor("/Failures")
    expect(page.locator(".st-key-failures-rows canvas").first).to_be_visible(timeout=300_000)
    settled(page)
    finding = page.get_by_role("heading", level=3)
    expect(finding).to_contain_text("of 243 reviews")
    assert finding.bounding_box()["y"] < 400, "the finding stands above the fold"  # type: ignore[index]
    press_cell(page, "failures-confusion", "3 stars, 2 stars:")
    chosen = page.locator(".st-key-failures-confusion").get_by_role("gridcell", selected=True)
    expect(chosen).to_have_attribute("aria-label", re.compile("^3 stars, 2 stars: "))
    for key in ("ArrowUp", "ArrowLeft", "Enter"):  # from the cell that has been pressed
        page.keyboard.press(key)
    expect(chosen).to_have_attribute("aria-label", re.compile("^2 stars, 1 star: "))
    expect(page.get_by_role("button", name="true rating 2 stars")).to_be_visible()
    expect(finding).to_contain_text("100 %")
    assert "true=2" in page.url and "said=1" in page.url
    found = finding.inner_text()
    size = re.search(r"of (\d+) review", found)
    assert size is not None
    many = int(size[1])

    press_at(page, rows(page), 150, 36 + 17)
    panel = page.locator(".st-key-failures-row-steps")
    expect(page.get_by_text(f"1 of {many}", exact=False).last).to_be_visible()
    expect(page.get_by_text("Smallest fix.")).to_be_visible()
    page.get_by_text("Smallest fix.").click()  # in the table, arrow keys move its own mark
    settled(page)
    page.keyboard.press("ArrowRight")
    settled(page)
    expect(page.get_by_text(f", 2 of {many}")).to_be_visible(timeout=30_000)
    opened = re.search(r"open=(sample-\d+)", page.url)
    assert opened is not None
    panel.get_by_role("button", name="Close").click()
    settled(page)

    for row in (0, 1):
        press_at(page, rows(page), 16, 36 + 17 + 35 * row)
    box = page.get_by_role("combobox", name="Your tag", exact=True)
    box.fill("=odd")
    box.press("Enter")
    page.get_by_role("button", name="Tag 2 marked rows").click()
    settled(page)
    page.get_by_role("button", name="Files").click()
    with page.expect_download() as started:
        page.locator(".st-key-failures-saved-csv").get_by_role("button").click()
    exported = list(csv.DictReader(io.StringIO(Path(started.value.path()).read_text(encoding="utf-8"))))
    assert len(exported) == many and {row["true_label"] + row["label"] for row in exported} == {"21"}
    tagged = [row["id"] for row in exported if row["tags"] == MARK + "=odd"]
    assert len(tagged) == 2 and opened[1] in tagged
    page.keyboard.press("Escape")

    expect(page.get_by_role("link", name="Explain it")).to_have_count(0)  # marking rows opens none
    press_at(page, rows(page), 150, 36 + 17)
    page.get_by_role("link", name="Explain it").click()
    page.wait_for_url("**/Explain?**", timeout=60_000)
    settled(page)
    assert parse_qs(urlsplit(page.url).query)["text"][0] in {sample.text for sample in load_samples()}
    page.get_by_role("link", name="Failures").click()
    expect(finding).to_have_text(found)
    expect(chosen).to_have_count(1)
    page.get_by_role("button", name="true rating 2 stars").click()
    expect(chosen).to_have_count(0)
    page.get_by_role("radio", name="Concept errors").click()
    press_cell(page, "failures-values", "food, Negative:")
    expect(page.get_by_role("button", name="food truly Negative")).to_be_visible()

    large = tmp_path / "large.csv"
    with large.open("wb") as file:
        file.truncate(60 * 2**20)
    source = page.get_by_role("combobox", name="Source", exact=True)
    source.scroll_into_view_if_needed()
    source.click()
    page.get_by_role("option", name="A table of your own").click()
    settled(page)
    page.get_by_test_id("stFileUploader").locator("input[type=file]").set_input_files(large)
    expect(page.get_by_text("File must be 50")).to_be_visible()
    small = tmp_path / "small.csv"
    small.write_text("review_text,stars\nGood soup.,5\nBad soup.,NA\n", encoding="utf-8")
    page.get_by_test_id("stFileUploader").locator("input[type=file]").set_input_files(small)
    page.get_by_role("button", name="Load it").click()
    expect(page.get_by_role("heading", name=re.compile("Rating wrong in . of 1 review"))).to_be_visible()
    expect(page).to_have_url(re.compile("source=own"))
    assert page.get_by_test_id("stMain").evaluate("main => main.scrollWidth <= main.clientWidth")
