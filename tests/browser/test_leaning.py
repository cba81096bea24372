"""Heads and neurons in a browser: press one, read its words, take it out and follow the link to what that does."""

import re
from urllib.parse import quote

from playwright.sync_api import Page, expect

from tests.browser.test_subnetworks import REVIEW, query
from tests.browser.watch import Visit, bars, section, settled


def press_head(page: Page, across: float, down: float) -> None:
    """Click a place of the map, given as shares of its width and height."""
    cells = page.locator(".st-key-subnetworks-leaning-map .heatmaplayer image").first
    cells.scroll_into_view_if_needed()
    box = cells.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + across * box["width"], box["y"] + down * box["height"])
    settled(page)


def test_a_pressed_head_shows_its_words_and_can_be_taken_out(visitor: Visit) -> None:
    page = settled(visitor(f"/Explain?method=gradient-x-input&text={quote(REVIEW)}"))
    page.get_by_role("link", name="Subnetworks").click()
    section(page, "In the review at hand")
    page.locator(".st-key-subnetworks-leaning-map").wait_for()
    settled(page)
    page.locator(".st-key-subnetworks-leaning-concept").get_by_role("radio", name="service").click()
    page.get_by_text("for (+) and against (−) service =").wait_for()
    assert query(settled(page)) == {"section": ["review"], "leaning": ["service"]}
    press_head(page, 2.5 / 12, 1.5 / 6)
    expect(page.get_by_role("combobox", name="Look closer at")).to_have_value("head 2 of layer 1")
    expect(page.get_by_text(re.compile("^Head 2 of layer 1 (pushes|holds) service"))).to_be_visible()
    expect(page.get_by_text("Measured: without head 2 of layer 1, the logit of service")).to_be_visible()
    untouched = bars(page, "After")
    page.get_by_role("button", name="Take it out and see").click()
    page.get_by_role("button", name="head 2 of layer 1, for service only").wait_for()
    settled(page)
    assert bars(page, "Before").removeprefix("Before") == untouched.removeprefix("After")
    page.get_by_role("link", name="see below").click()
    expect(page.get_by_role("heading", name="Take it out and see")).to_be_in_viewport()
    assert query(page) == {"section": ["review"], "leaning": ["service"]}, "the link leaves the address alone"
    assert page.get_by_test_id("stMain").evaluate("main => main.scrollWidth <= main.clientWidth")
