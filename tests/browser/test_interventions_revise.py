"""Revising a subnetwork in a browser: what it does beside its controls, how far it reaches, and taking it back."""

from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.watch import Visit, settled

REVIEW = "The soup was cold and bland, but our waiter was a delight."


def revised(page: Page) -> Page:
    """Revise food to Positive or whatever else is offered first, and wait for what it did."""
    page.get_by_role("button", name="Revise", exact=True).click()
    page.get_by_text("What it did to this review").wait_for(timeout=120_000)
    return settled(page)


def test_a_revision_is_shown_beside_its_controls_and_undone(visitor: Visit) -> None:
    page = revised(settled(visitor(f"/Interventions?text={quote(REVIEW)}")))
    for side in ("The revision", "A random edit of its size", "The plain override"):
        expect(page.get_by_role("img", name=f"{side}:")).to_be_visible()
    expect(page.get_by_text("weights dropped and")).to_be_visible()
    page.get_by_text("The words before and after").click()
    expect(page.get_by_text("After it", exact=True)).to_be_visible(timeout=120_000)
    settled(page)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("No revision is in force")).to_be_visible()


def test_the_reviews_behind_a_bar_are_one_press_away(visitor: Visit) -> None:
    page = revised(settled(visitor(f"/Interventions?text={quote(REVIEW)}")))
    page.get_by_role("button", name="Work it out").click()
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    page.get_by_text("The reviews behind a number").wait_for(timeout=300_000)
    settled(page)
    bars = page.locator(".st-key-interventions-blast-bars .bars .point path")
    drawn = [box for box in (bars.nth(number).bounding_box() for number in range(bars.count())) if box and box["width"]]
    assert drawn, "this revision changes some answers"
    bars.first.scroll_into_view_if_needed()
    widest = max(range(bars.count()), key=lambda n: (bars.nth(n).bounding_box() or {"width": 0})["width"])
    box = bars.nth(widest).bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    settled(page)
    expect(page.locator("[class*=st-key-interventions-blast-outcomes]").get_by_role("button", pressed=True)
           .or_(page.locator("[class*=st-key-interventions-blast-outcomes]").get_by_role("checkbox", checked=True))
           .first).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_serious_violation_and_nothing_scrolls_sideways(visitor: Visit, scheme: str) -> None:
    page = revised(settled(visitor(f"/Interventions?text={quote(REVIEW)}", color_scheme=scheme)))
    page.wait_for_timeout(1000)  # fading in changes contrast
    assert page.get_by_test_id("stMain").evaluate("main => main.scrollWidth <= main.clientWidth")
    found = [(violation["id"], violation["impact"], [node["html"][:200] for node in violation["nodes"]])
             for violation in Axe().run(page).response["violations"]]
    assert not [violation for violation in found if violation[1] in ("serious", "critical")]
