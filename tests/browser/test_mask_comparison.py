"""A comparison of masks in a browser: chosen, shown, kept in the address, and applied to the open text."""

import re
from urllib.parse import quote, urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_subnetworks import REVIEW, query
from tests.browser.watch import Visit, bars, pick, section, settled


def chart(page: Page) -> Locator:
    """The chart of the comparison."""
    return page.locator("[class*=st-key-subnetworks-recurrence] .js-plotly-plot").first


def choose_pruned(page: Page) -> None:
    """Compare the loaded checkpoint with itself, pruned further."""
    pick(page, page.locator(".st-key-subnetworks-against").get_by_role("button", name="Open"),
         "this one, pruned further")
    chart(page).wait_for()  # every weight is counted first
    settled(page)


def test_a_sparsity_is_chosen_and_a_link_restores_it(visitor: Visit) -> None:
    page = settled(visitor("/Subnetworks?section=compare&concept=noise"))
    choose_pruned(page)
    assert float(query(page)["against"][0].removesuffix("%")) > 70, "sparser than it is"
    assert query(page) == {"section": ["compare"], "concept": ["noise"]} | {"against": query(page)["against"]}
    sparsity = page.get_by_role("spinbutton", name="Sparsity, percent")
    sparsity.fill("88")
    sparsity.press("Enter")
    expect(page).to_have_url(re.compile(r"against=88%25"))
    expect(chart(settled(page))).to_contain_text("88 %")
    with page.expect_download() as download:
        page.locator(".st-key-subnetworks-save-comparison").get_by_role("button").click()
    assert download.value.suggested_filename == "comparison.csv"
    link = urlsplit(page.url)
    copied = settled(visitor(f"{link.path}?{link.query}"))
    expect(chart(copied)).to_be_visible()
    expect(copied.get_by_role("spinbutton", name="Sparsity, percent")).to_have_value("88.0")


def test_the_text_is_predicted_with_sparser_masks_and_everyone_can_read_the_panel(visitor: Visit) -> None:
    page = settled(visitor(f"/Explain?method=gradient-x-input&text={quote(REVIEW)}", color_scheme="dark"))
    before = bars(page, "Before")
    page.get_by_role("link", name="Subnetworks").click()
    section(page, "Comparison")
    choose_pruned(page)
    sparsity = query(page)["against"][0].removesuffix("%")
    as_it_is, pruned, elsewhere = (side.partition(":")[2] for side in (
        bars(page, "As it is"), bars(page, f"At {sparsity} %"), before))
    assert as_it_is == elsewhere != pruned
    page.wait_for_timeout(1000)  # fading in changes contrast
    assert page.get_by_test_id("stMain").evaluate("main => main.scrollWidth <= main.clientWidth")
    found = [(violation["id"], violation["impact"], [node["html"][:200] for node in violation["nodes"]])
             for violation in Axe().run(page).response["violations"]]
    assert not [violation for violation in found if violation[1] in ("serious", "critical")]
