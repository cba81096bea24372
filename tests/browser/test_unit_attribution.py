"""Heads and neurons in a browser: press one, read its words, take it out and follow the link to what that does."""

import re
from urllib.parse import quote

from playwright.sync_api import expect

from sparsecbm.subnetworks.panel_selection import SECTIONS
from tests.browser.test_subnetworks import REVIEW, query
from tests.browser.watch import Visit, bars, press_cell, section, settled


def test_a_pressed_head_shows_its_words_and_can_be_taken_out(visitor: Visit) -> None:
    page = settled(visitor(f"/Explain?method=gradient-x-input&text={quote(REVIEW)}"))
    page.get_by_role("link", name="Subnetworks").click()
    section(page, SECTIONS["review"])
    page.locator(".st-key-subnetworks-head-map").wait_for()
    settled(page)
    page.locator(".st-key-subnetworks-unit-concept").get_by_role("radio", name="service").click()
    page.get_by_text("for (+) and against (−) service =").wait_for()
    assert query(settled(page)) == {"section": ["review"], "leaning": ["service"]}
    press_cell(page, "subnetworks-head-map", "layer 1, 2:")
    expect(page.locator(".st-key-subnetworks-unit-pick input")).to_have_value("head 2 of layer 1")
    expect(page.get_by_text(re.compile("^Head 2 of layer 1 .* logits"))).to_be_visible()
    expect(page.get_by_text(re.compile("without head 2 of layer 1, the logit of service"))).to_be_visible()
    untouched = bars(page, "After")
    page.locator(".st-key-subnetworks-unit-take button").first.click()
    page.get_by_role("button", name="head 2 of layer 1, for service only").wait_for()
    settled(page)
    assert bars(page, "Before").removeprefix("Before") == untouched.removeprefix("After")
    page.get_by_role("link", name="see below").click()
    expect(page.locator("#knock-out")).to_be_in_viewport()
    assert query(page) == {"section": ["review"], "leaning": ["service"]}, "the link leaves the address alone"
    assert page.get_by_test_id("stMain").evaluate("main => main.scrollWidth <= main.clientWidth")
