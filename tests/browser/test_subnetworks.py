"""Subnetworks in a browser: press a cell, look closer, take a subnetwork out and put it back."""

from urllib.parse import parse_qs, quote, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.watch import Visit, bars, section, settled

REVIEW = "The soup was cold and bland, but our waiter was a delight."


def press_cell(page: Page, chart: str, across: float, down: float) -> None:
    """Click a place of a map, given as shares of its width and height."""
    cells = page.locator(f".st-key-subnetworks-{chart} .heatmaplayer image").first
    cells.scroll_into_view_if_needed()
    box = cells.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + across * box["width"], box["y"] + down * box["height"])
    settled(page)


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def test_a_pressed_cell_drills_down_and_a_link_restores_it(visitor: Visit) -> None:
    page = settled(visitor("/Subnetworks"))
    press_cell(page, "matrix", 2.5 / 4, 0.5 / 4)
    expect(page.get_by_text("food and service, by layer")).to_be_visible()
    assert query(page) == {"pair": ["food", "service"]}
    press_cell(page, "matrix", 1.5 / 4, 1.5 / 4)
    assert query(page) == {"pair": ["food", "service"]}, "the diagonal is no pair"
    press_cell(page, "density", 1.5 / 4, 3.5 / 6)
    expect(page.get_by_text("food and service, by module in layer 3")).to_be_visible()
    expect(page.get_by_text("Share of each head's used weights")).to_contain_text("layer 3")
    assert query(page) == {"pair": ["food", "service"], "layer": ["3"]}
    link = urlsplit(page.url)
    copied = settled(visitor(f"{link.path}?{link.query}"))
    expect(copied.get_by_text("food and service, by module in layer 3")).to_be_visible()


def test_a_knock_out_changes_the_prediction_and_undo_restores_it(visitor: Visit) -> None:
    page = settled(visitor(f"/Explain?method=gradient-x-input&text={quote(REVIEW)}"))
    page.get_by_role("link", name="Subnetworks").click()
    section(page, "In the review at hand")
    untouched = bars(page, "After")
    assert untouched.removeprefix("After") == bars(page, "Before").removeprefix("Before")
    page.get_by_role("button", name="Take it out", exact=True).click()
    expect(page.get_by_text("Taken out:")).to_be_visible()
    settled(page)
    changed = bars(page, "After")
    assert changed != untouched and bars(page, "Before").removeprefix("Before") == untouched.removeprefix("After")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Taken out:")).to_be_hidden()
    assert bars(settled(page), "After") == untouched


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_serious_violation_and_nothing_scrolls_sideways(visitor: Visit, scheme: str) -> None:
    page = settled(visitor(f"/Explain?method=gradient-x-input&text={quote(REVIEW)}", color_scheme=scheme))
    page.get_by_role("link", name="Subnetworks").click()
    press_cell(page, "matrix", 2.5 / 4, 0.5 / 4)
    press_cell(page, "density", 1.5 / 4, 0.5 / 6)
    _everyone_can_read(page)
    section(page, "Do they carry their concepts?")
    _everyone_can_read(page)
    section(page, "In the review at hand")
    page.get_by_role("button", name="Take it out", exact=True).click()
    expect(page.get_by_text("Taken out:")).to_be_visible()
    _everyone_can_read(settled(page))


def _everyone_can_read(page: Page) -> None:
    page.mouse.move(0, 0)  # what the mouse is over looks otherwise
    page.wait_for_timeout(1000)  # fading in changes contrast
    assert page.get_by_test_id("stMain").evaluate("main => main.scrollWidth <= main.clientWidth")
    found = [(violation["id"], violation["impact"], [node["html"][:200] for node in violation["nodes"]])
             for violation in Axe().run(page).response["violations"]]
    assert not [violation for violation in found if violation[1] in ("serious", "critical")]
