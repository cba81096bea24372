"""A rule in a browser, from its form to its impact, in force, and on a second text."""

from urllib.parse import quote

from playwright.sync_api import expect

from tests.browser.test_interventions_revise import REVIEW, choose
from tests.browser.watch import Visit, pick, section, settled

OTHER = "Lovely food, but the waiter forgot us for an hour."


def test_a_rule_is_built_tested_put_in_force_and_compared_on_two_texts(visitor: Visit) -> None:
    page = settled(visitor(f"/Interventions?section=rules&text={quote(REVIEW)}"))
    put = page.locator(".st-key-interventions-rules-do").get_by_role("button")
    expect(put).to_have_count(0)
    choose(page, "Whenever", "the text says")
    page.get_by_role("textbox", name="Word or phrase").fill("waiter")
    page.get_by_role("textbox", name="Word or phrase").press("Enter")
    settled(page)
    pick(page, page.locator(".st-key-interventions-rules-set-0").get_by_role("combobox"), "service")
    page.keyboard.press("Escape")
    settled(page)
    expect(page.get_by_text("whenever the text says “waiter”, set service to Negative.")).to_be_visible()
    expect(page.get_by_text("service changes from Positive")).to_be_visible()
    expect(page.get_by_role("img", name="With the rule:")).to_be_visible()
    settled(page)

    expect(put).to_be_disabled()
    panel = page.locator(".st-key-interventions-rules-form")
    pick(page, panel.get_by_role("combobox", name="How many"), "50, drawn at random")
    page.locator(".st-key-interventions-rules-try").get_by_role("button").click()
    expect(put).to_be_enabled(timeout=240_000)
    expect(page.get_by_text("of 50 reviews: whenever the text says “waiter”")).to_be_visible()
    settled(page)
    choose(page, "service to", "unknown")  # tested on the same reviews at once
    expect(page.get_by_text("of 50 reviews: whenever the text says “waiter”, set service to unknown")).to_be_visible()
    settled(page)
    put.click()
    settled(page)
    expect(page.get_by_text("Rules in force")).to_be_visible()
    expect(put).to_have_count(0)
    expect(page.locator(".st-key-interventions-rules-setting")).not_to_contain_text("service")  # nor in the browser
    section(page, "Set concepts")
    expect(page.get_by_text("set by a rule")).to_be_visible()
    section(page, "Another text")

    page.get_by_role("textbox", name="Compare with").fill(OTHER)
    page.get_by_role("button", name="Compare", exact=True).click()
    settled(page)
    expect(page.get_by_text("With the edits in force: this text")).to_contain_text("the other text")
    expect(page.get_by_role("img", name="The other text with the edits:")).to_be_visible()
    settled(page)
    assert "beside=Lovely" in page.url
    assert page.get_by_test_id("stMain").evaluate("main => main.scrollWidth <= main.clientWidth")
    page.locator(".st-key-interventions-bar-undo").get_by_role("button").click()
    settled(page)
    expect(page.get_by_text("With the edits in force")).to_have_count(0)
    section(page, "Rules")
    expect(page.get_by_text("Rules in force")).to_have_count(0)
