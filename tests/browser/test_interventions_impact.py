"""The impact in a browser: stopped, run to its end, and the reviews behind a bar one press away."""

import re
from urllib.parse import quote

from playwright.sync_api import expect

from tests.browser.test_interventions_revise import REVIEW, choose, revised
from tests.browser.watch import Visit, section, settled


def test_an_impact_is_stopped_run_and_its_reviews_are_opened(visitor: Visit) -> None:
    page = section(revised(settled(visitor(f"/Interventions?section=revise&text={quote(REVIEW)}")), 1), "Impact")
    panel = page.locator(".st-key-interventions-impact-form")
    choose(page, "How many", "all 2")  # with all of them there is time to stop it
    panel.get_by_role("button", name="Work it out").click()
    page.locator(".st-key-interventions-impact-cancel").get_by_role("button").click()
    settled(page)
    expect(page.locator(".st-key-interventions-impact-cancel")).to_have_count(0)
    expect(page.get_by_text("Not worked out yet for the edits")).to_be_visible()
    section(page, "History and patches")
    expect(page.locator(".st-key-interventions-patches-save").get_by_role("button")).to_be_disabled()
    section(page, "Impact")

    choose(page, "How many", "50, drawn at random")
    panel.get_by_role("button", name="Work it out").click()
    expect(page.get_by_text("The texts behind a number")).to_be_visible(timeout=240_000)
    settled(page)
    expect(page.get_by_role("combobox", name="Answer")).not_to_have_value("food")
    wide = """() => [...document.querySelectorAll('.st-key-interventions-impact-bars .point path')]
        .find(bar => bar.getBoundingClientRect().width > 8)"""  # drawn some time after the page has settled
    bar = page.wait_for_function(wide).as_element()
    assert bar is not None
    bar.scroll_into_view_if_needed()
    place = bar.bounding_box()
    assert place is not None
    page.mouse.click(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    settled(page)
    expect(page.get_by_role("combobox", name="Answer")).to_have_value("food")
    listed = page.locator("[class*=st-key-interventions-impact-cases]")
    listed.evaluate("table => table.scrollIntoView({block: 'center'})")
    settled(page)
    place = listed.locator("canvas").first.bounding_box()
    assert place is not None
    page.mouse.click(place["x"] + 18, place["y"] + 52)  # the box that marks the first row; a canvas has no elements
    page.get_by_role("button", name="Make it the current text").click()
    settled(page)
    expect(page).not_to_have_url(re.compile(r"soup(\+|%20)was"))
    section(page, "History and patches")
    expect(page.locator(".st-key-interventions-patches-save").get_by_role("button")).to_be_enabled()
