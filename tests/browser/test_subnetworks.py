"""Subnetworks in a browser: press a cell, look closer, take a subnetwork out and put it back."""

import re
from urllib.parse import parse_qs, quote, urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.watch import Visit, bars, press_cell, section, settled

REVIEW = "The soup was cold and bland, but our waiter was a delight."


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def test_a_pressed_cell_drills_down_and_a_link_restores_it(visitor: Visit) -> None:
    page = settled(visitor("/Subnetworks"))
    press_cell(page, "subnetworks-matrix", "food, service")
    expect(page.get_by_text("food and service, by layer")).to_be_visible()
    assert query(page) == {"pair": ["food", "service"]}
    press_cell(page, "subnetworks-matrix", "ambiance, ambiance")
    assert query(page) == {"pair": ["food", "service"]}, "the diagonal is no pair"
    page.keyboard.press("ArrowUp")  # from the cell that has been pressed
    expect(page.locator(".st-key-subnetworks-matrix .told")).to_contain_text("food and ambiance")
    press_cell(page, "subnetworks-density", "layer 3, ambiance")
    expect(page.get_by_text("food and service, by module in layer 3")).to_be_visible()
    expect(page.get_by_text("Layer 3: share of each head's used weights")).to_be_visible()
    neurons = page.locator(".st-key-subnetworks-neurons")
    neurons.locator("canvas").first.hover(position={"x": 1, "y": 5})
    expect(neurons.locator(".told")).to_contain_text(re.compile(r"neuron \d, food: [\d,]+ of [\d,]+ used weights"))
    assert query(page) == {"pair": ["food", "service"], "layer": ["3"]}
    link = urlsplit(page.url)
    copied = settled(visitor(f"{link.path}?{link.query}"))
    expect(copied.get_by_text("food and service, by module in layer 3")).to_be_visible()


def test_a_pressed_layer_or_pair_is_there_before_the_server_has_heard_of_it(visitor: Visit) -> None:
    page = settled(visitor("/Subnetworks"))
    heads, neurons, pair = (page.locator(f".st-key-subnetworks-{part}") for part in ("heads", "neurons", "by-layer"))
    expect(heads).to_contain_text("Press a cell of the right chart above")
    page.evaluate("""() => document.dispatchEvent(
        new CustomEvent("sparsecbm:cell-pressed", { detail: { key: "subnetworks:density", row: 4, column: 1 } }))""")
    expect(heads).to_contain_text("Layer 4: share of each head's used weights")
    expect(neurons).to_contain_text("Layer 4")
    page.evaluate("""() => document.dispatchEvent(
        new CustomEvent("sparsecbm:cell-pressed", { detail: { key: "subnetworks:matrix", row: 3, column: 1 } }))""")
    expect(pair).to_contain_text("ambiance and noise share")
    expect(pair).to_contain_text("only noise")
    assert not query(page), "nothing was sent"


def test_a_knock_out_changes_the_prediction_and_undo_restores_it(visitor: Visit) -> None:
    page = settled(visitor(f"/Explain?method=gradient-x-input&text={quote(REVIEW)}"))
    page.get_by_role("link", name="Subnetworks").click()
    section(page, "In the review at hand")
    untouched = bars(page, "After")
    assert untouched.removeprefix("After") == bars(page, "Before").removeprefix("Before")
    page.get_by_role("button", name="Take it out", exact=True).click()
    expect(page.get_by_text("Taken out:")).to_be_visible()
    settled(page)
    changed = bars(page, "After")
    assert changed != untouched and bars(page, "Before").removeprefix("Before") == untouched.removeprefix("After")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Taken out:")).to_be_hidden()
    assert bars(settled(page), "After") == untouched


def test_no_serious_violation_and_nothing_scrolls_sideways(visitor: Visit) -> None:
    page = settled(visitor(f"/Explain?method=gradient-x-input&text={quote(REVIEW)}", color_scheme="dark"))
    page.get_by_role("link", name="Subnetworks").click()
    press_cell(page, "subnetworks-matrix", "food, service")
    press_cell(page, "subnetworks-density", "layer 0, ambiance")
    _everyone_can_read(page)
    section(page, "Do they carry their concepts?")
    _everyone_can_read(page)
    section(page, "In the review at hand")
    page.get_by_role("button", name="Take it out", exact=True).click()
    expect(page.get_by_text("Taken out:")).to_be_visible()
    _everyone_can_read(settled(page))


def _everyone_can_read(page: Page) -> None:
    page.mouse.move(0, 0)  # what the mouse is over looks otherwise
    page.wait_for_timeout(1000)  # fading in changes contrast
    assert page.get_by_test_id("stMain").evaluate("main => main.scrollWidth <= main.clientWidth")
    found = [(violation["id"], violation["impact"], [node["html"][:200] for node in violation["nodes"]])
             for violation in Axe().run(page).response["violations"]]
    assert not [violation for violation in found if violation[1] in ("serious", "critical")]
