"""Home in a browser."""

from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import expect

from tests.browser.watch import Visit, bars, settled, type_review


def test_type_a_review_and_land_on_its_explanation(visitor: Visit) -> None:
    page = settled(visitor())
    type_review(page, "The soup was cold, but the waiter was kind.")
    page.wait_for_url("**/Explain?**")
    assert parse_qs(urlsplit(page.url).query) == {"text": ["The soup was cold, but the waiter was kind."]}
    assert "star" in bars(settled(page), "Before")


def test_it_fits_its_numbers_are_drawn_and_a_failure_is_one_click_from_its_explanation(visitor: Visit) -> None:
    page = settled(visitor())
    page.get_by_text("As a picture").click()
    expect(page.locator(".js-plotly-plot .point").first).to_be_visible()
    for width in (1280, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        assert settled(page).get_by_test_id("stMain").evaluate("main => main.scrollWidth <= main.clientWidth"), width
    links = page.get_by_role("link", name="Explain this one")
    expect(links).to_have_count(3)
    text = parse_qs(urlsplit(links.first.get_attribute("href") or "").query)["text"][0]
    links.first.click()
    page.wait_for_url("**/Explain?**")
    settled(page)
    assert parse_qs(urlsplit(page.url).query)["text"] == [text] and "star" in bars(page, "Before")
