"""Subnetworks in a browser: choose a pair and a layer, take a subnetwork out and put it back."""

import re
from urllib.parse import parse_qs, quote, urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from sparsecbm.subnetworks.panel_selection import SECTIONS
from tests.browser.watch import Visit, bars, section, settled

REVIEW = "The soup was cold and bland, but our waiter was a delight."


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def test_what_is_chosen_is_in_the_link_and_a_pressed_head_layer_turns_at_once(visitor: Visit) -> None:
    """What a press does is tried by the event that the matrix and the map of densities send."""
    page = settled(visitor("/Subnetworks?pair=food&pair=service&layer=3"))
    heads, neurons = (page.locator(f".st-key-subnetworks-{part}") for part in ("heads", "neurons"))
    expect(heads).to_contain_text("Layer 3:")
    neurons.locator("canvas").first.hover(position={"x": 1, "y": 5})
    expect(neurons.locator(".told")).to_contain_text(re.compile(r"neuron \d, food: [\d,]+ of [\d,]+ used weights"))
    page.evaluate("""() => document.dispatchEvent(
        new CustomEvent("sparsecbm:cell-pressed", { detail: { key: "subnetworks:density", row: 4, column: 1 } }))""")
    expect(heads).to_contain_text("Layer 4:")
    expect(neurons).to_contain_text("Layer 4")
    assert query(page) == {"pair": ["food", "service"], "layer": ["3"]}, "nothing was sent"
    link = urlsplit(page.url)
    copied = settled(visitor(f"{link.path}?{link.query}"))
    expect(copied.locator(".st-key-subnetworks-heads")).to_contain_text("Layer 3:")


def test_everyone_can_read_it_and_a_knock_out_changes_the_prediction_until_it_is_undone(visitor: Visit) -> None:
    page = settled(visitor(f"/Explain?method=gradient-x-input&text={quote(REVIEW)}", color_scheme="dark",
                           viewport={"width": 1440, "height": 900}))
    page.get_by_role("link", name="Subnetworks").click()
    expect(page.locator(".st-key-subnetworks-network").get_by_role("gridcell").first).to_be_in_viewport()
    _everyone_can_read(settled(page))
    section(page, SECTIONS["proof"])
    _everyone_can_read(page)
    section(page, SECTIONS["review"])
    untouched = bars(page, "After")
    assert untouched.removeprefix("After") == bars(page, "Before").removeprefix("Before")
    page.locator(".st-key-subnetworks-take button").click()
    expect(page.locator(".st-key-subnetworks-outs")).to_be_visible()
    settled(page)
    _everyone_can_read(page)
    changed = bars(page, "After")
    assert changed != untouched and bars(page, "Before").removeprefix("Before") == untouched.removeprefix("After")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".st-key-subnetworks-outs")).to_be_hidden()
    assert bars(settled(page), "After") == untouched


def _everyone_can_read(page: Page) -> None:
    """Nothing serious is wrong for axe-core, headings are in order, and nothing scrolls sideways."""
    page.mouse.move(0, 0)  # what the mouse is over looks otherwise
    page.wait_for_timeout(1000)  # fading in changes contrast
    assert page.get_by_test_id("stMain").evaluate("main => main.scrollWidth <= main.clientWidth")
    found = [(violation["id"], violation["impact"], [node["html"][:200] for node in violation["nodes"]])
             for violation in Axe().run(page).response["violations"]]
    assert not [one for one in found if one[1] in ("serious", "critical") or one[0] == "heading-order"]
