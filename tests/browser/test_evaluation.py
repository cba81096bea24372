"""Evaluation in a browser: every chart is drawn, its table is a click away, and nothing scrolls sideways."""

import pytest
from playwright.sync_api import expect

from tests.browser.watch import Visit, settled


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_was_measured_is_drawn(visitor: Visit, scheme: str) -> None:
    page = settled(visitor("/Evaluation", color_scheme=scheme))
    for name in ("scores", "correction", "words", "training"):
        expect(page.locator(f".st-key-evaluation-{name} .js-plotly-plot .point").first).to_be_visible()
    page.get_by_text("As a table").first.click()
    expect(page.get_by_test_id("stDataFrame").first).to_be_visible()
    page.get_by_role("radio", name="accuracy").click()
    expect(page.locator(".st-key-evaluation-scores .gtitle", has_text="accuracy on dev")).to_be_visible()
    assert page.get_by_test_id("stMain").evaluate("main => main.scrollWidth <= main.clientWidth")
