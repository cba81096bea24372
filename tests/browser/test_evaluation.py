"""Evaluation in a browser: every section is drawn, a table is a click away, and nothing scrolls sideways."""

from playwright.sync_api import Page, expect

from sparsecbm.evaluation.panel_address import SECTIONS
from tests.browser.watch import Visit, found_and_drawn_first, section, settled


def drawn(page: Page, name: str) -> None:
    """A chart has its marks; what draws it comes with the first one."""
    expect(page.locator(f".st-key-evaluation-{name} .js-plotly-plot .point").first).to_be_visible(timeout=30_000)


def test_what_was_measured_is_drawn(visitor: Visit) -> None:
    page = settled(visitor("/Evaluation", color_scheme="dark", viewport={"width": 1440, "height": 900}))
    found_and_drawn_first(page, "evaluation-scores")
    for name in ("scores", "reliability"):
        drawn(page, name)
    expect(page.locator(".st-key-evaluation-specificity .chosen")).to_have_count(4)
    page.get_by_text("As a table").first.click()
    expect(page.get_by_test_id("stDataFrame").first).to_be_visible()
    page.get_by_role("radio", name="accuracy").click()
    expect(page.locator(".st-key-evaluation-scores .gtitle", has_text="accuracy on dev")).to_be_visible()
    page.get_by_role("radio", name="noise").click()
    expect(page.locator(".st-key-evaluation-reliability .gtitle", has_text="noise: right, by conf")).to_be_visible()
    for part, names in (("correction", ("correction", "residual", "curves", "edits")), ("records", ("training",))):
        section(page, SECTIONS[part])
        for name in names:
            drawn(page, name)
    section(page, SECTIONS["rewriting"])
    expect(page.get_by_text("SPARSECBM_DATA")).to_be_visible()
    section(page, SECTIONS["other"])
    assert page.url.endswith("section=other")
    assert page.get_by_test_id("stMain").evaluate("main => main.scrollWidth <= main.clientWidth")
