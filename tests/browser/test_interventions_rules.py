"""A rule in a browser, from its words to its blast radius, in force, and on a second review beside the first."""

from urllib.parse import quote

from playwright.sync_api import expect

from tests.browser.test_interventions_revise import REVIEW, choose
from tests.browser.watch import Visit, pick, section, settled

OTHER = "Lovely food, but the waiter forgot us for an hour."


def test_a_rule_is_built_tried_put_in_force_and_seen_on_two_reviews(visitor: Visit) -> None:
    page = settled(visitor(f"/Interventions?section=rules&text={quote(REVIEW)}"))
    expect(page.get_by_text("Choose which concepts the rule sets.")).to_be_visible()
    choose(page, "Whenever", "the text says")
    page.get_by_role("textbox", name="Word or phrase").fill("waiter")
    page.get_by_role("textbox", name="Word or phrase").press("Enter")
    settled(page)
    pick(page, page.locator(".st-key-interventions-rules-set-0").get_by_role("combobox"), "service")
    page.keyboard.press("Escape")
    settled(page)
    expect(page.get_by_text("Whenever the text says “waiter”, set service to Negative.")).to_be_visible()
    expect(page.get_by_text("it applies. service goes from Positive")).to_be_visible()
    expect(page.get_by_role("img", name="With the rule:")).to_be_visible()
    settled(page)

    put = page.get_by_role("button", name="Put in force")
    expect(put).to_be_disabled()
    panel = page.locator(".st-key-interventions-rules-form")
    pick(page, panel.get_by_role("combobox", name="How many"), "50, drawn at random")
    panel.get_by_role("button", name="Try it on them").click()
    expect(put).to_be_enabled(timeout=240_000)
    expect(page.get_by_text("of 50 reviews: whenever the text says “waiter”")).to_be_visible()
    settled(page)
    choose(page, "service to", "unknown")  # tried on the same reviews at once
    expect(page.get_by_text("of 50 reviews: whenever the text says “waiter”, set service to unknown")).to_be_visible()
    settled(page)
    put.click()
    settled(page)
    expect(page.get_by_text("Rules in force")).to_be_visible()
    expect(page.get_by_text("Choose which concepts the rule sets.")).to_be_visible()
    expect(page.locator(".st-key-interventions-rules-setting")).not_to_contain_text("service")  # nor in the browser
    section(page, "Set concepts")
    expect(page.get_by_text("set by a rule")).to_be_visible()
    section(page, "Another review")

    page.get_by_role("textbox", name="Compare with").fill(OTHER)
    page.get_by_role("button", name="Put it beside").click()
    settled(page)
    expect(page.get_by_text("With the edits in force: this review")).to_contain_text("the other one")
    expect(page.get_by_role("img", name="The other one with the edits:")).to_be_visible()
    settled(page)
    assert "beside=Lovely" in page.url
    assert page.get_by_test_id("stMain").evaluate("main => main.scrollWidth <= main.clientWidth")
    page.locator(".st-key-interventions-strip-undo").get_by_role("button").click()
    settled(page)
    expect(page.get_by_text("No edit is in force: both are as the model reads them.")).to_be_visible()
    section(page, "Rules")
    expect(page.get_by_text("Rules in force")).to_have_count(0)
