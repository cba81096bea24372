"""Revising subnetworks in a browser: the comparison with controls, one revision after another, and earlier states."""

import re
from urllib.parse import quote

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.watch import Visit, pick, section, settled

REVIEW = "The soup was cold and bland, but our waiter was a delight."


def choose(page: Page, box: str, option: str) -> None:
    """Open a list and choose from it."""
    pick(page, page.get_by_role("combobox", name=box, exact=True), option)


def revised(page: Page, number: int) -> Page:
    """Press Revise, and wait until the revision of that number is in force and what it did is shown."""
    page.get_by_role("button", name="Revise", exact=True).click()
    expect(page.get_by_text(f"{number} edit{'s' * (number > 1)} in force")).to_be_visible(timeout=120_000)
    expect(page.get_by_text("weights dropped and")).to_be_visible(timeout=120_000)
    return settled(page)


def side(page: Page, name: str) -> str:
    """The label probabilities of one side as a screen reader reads them."""
    return (page.get_by_role("img", name=re.compile(f"^{name}:")).get_attribute("aria-label") or "").removeprefix(name)


def test_revisions_stack_are_viewed_and_undone(visitor: Visit) -> None:
    page = revised(settled(visitor(f"/Interventions?section=revise&text={quote(REVIEW)}")), 1)
    expect(page.get_by_text("The revision changes food from Negative")).to_be_visible()
    before, revision = side(page, "Before"), side(page, "Revision")
    assert before not in (revision, side(page, "Override"))
    section(page, "Set concepts")
    assert side(page, "Before") == revision, "what is set starts from the revised model"
    section(page, "Revise a subnetwork")
    page.get_by_role("button", name="Draw another random edit").click()
    expect(page.get_by_text("Draw 2", exact=True)).to_be_visible(timeout=60_000)
    settled(page)
    page.wait_for_timeout(1000)  # fading in changes contrast
    assert page.get_by_test_id("stMain").evaluate("main => main.scrollWidth <= main.clientWidth")
    found = [(violation["id"], [node["html"][:200] for node in violation["nodes"]])
             for violation in Axe().run(page).response["violations"] if violation["impact"] in ("serious", "critical")]
    assert not found

    choose(page, "Concept", "service")
    revised(page, 2)
    expect(page.get_by_text("The revision changes service from Positive")).to_be_visible()
    choose(page, "Revision shown", "1. food revised")
    expect(page.get_by_text("The revision changes food from Negative")).to_be_visible(timeout=60_000)

    section(page, "Set concepts")
    both = side(page, "Before")
    section(page, "History and patches")
    choose(page, "Edit", "1. food revised")
    page.get_by_role("button", name="View the state after this edit").click()
    settled(page)
    expect(page.get_by_text("This is an earlier state: after 1 edit of 2.").first).to_be_visible()
    expect(page.get_by_role("table", name="Edits of this session")).to_contain_text("in force, viewed")
    section(page, "Revise a subnetwork")
    expect(page.get_by_role("button", name="Revise", exact=True)).to_be_disabled()
    section(page, "Set concepts")
    assert side(page, "Before") != both, "the whole page shows the earlier state"
    page.get_by_role("button", name="Back to the current state").first.click()
    settled(page)
    expect(page.get_by_text("This is an earlier state")).to_have_count(0)
    assert side(page, "Before") == both
    section(page, "History and patches")
    for left in (1, 0):
        page.locator(".st-key-interventions-history-undo").get_by_role("button").click()
        settled(page)
        expect(page.get_by_role("cell", name="undone")).to_have_count(2 - left)
        settled(page)
    section(page, "Revise a subnetwork")
    expect(page.get_by_role("button", name="Revise", exact=True)).to_be_enabled()
    expect(page.get_by_role("img", name=re.compile("^Revision:"))).to_have_count(0)
    section(page, "Set concepts")
    assert side(page, "Before") == before
