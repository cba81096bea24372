"""The presenter deck in a browser: pin, present by keys, and the exported files as others get them."""

import re
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Browser, Page, expect

from tests.browser.watch import Visit, Watch, settled

REVIEW = "Lovely terrace, but we waited an hour and the soup was cold."


def pin(page: Page, key: str, number: int, note: str = "") -> None:
    """Open the pin of that key and press it: it becomes scene `number`."""
    pinned = page.locator(f".st-key-pin-{key}")
    pinned.scroll_into_view_if_needed()
    pinned.get_by_role("button").click()
    page.get_by_role("textbox", name="Note").fill(note)
    page.get_by_role("button", name="Pin it").click()
    expect(page.get_by_text(f"Scene {number} of your deck.")).to_be_visible()
    page.keyboard.press("Escape")
    settled(page)


def scene(page: Page, number: int, heading: str) -> None:
    """Wait until that scene, and no other, is on screen."""
    expect(page.locator("nav output")).to_have_text(re.compile(rf"^{number} / "))
    expect(page.get_by_role("heading", level=1)).to_have_text([heading])


def test_pin_present_and_hand_on(visitor: Visit, browser: Browser, tmp_path: Path) -> None:
    page = settled(visitor(f"/Explain?method=gradient-x-input&text={quote(REVIEW)}", accept_downloads=True))
    pin(page, "words", 1, "See <b>cold</b>")
    pin(page, "concepts", 2)
    page.get_by_role("link", name="Subnetworks").click()
    page.wait_for_url("**/Subnetworks**")
    pin(settled(page), "subnetworks-sharing", 3)
    page.get_by_role("link", name="Home").click()
    expect(page.get_by_role("heading", name="Presenter deck")).to_be_visible()
    settled(page)
    cards = page.get_by_role("list", name="Scenes").get_by_role("listitem")
    expect(cards).to_have_count(3)
    page.get_by_label("Title of the cover").fill("Why it fails")
    page.get_by_label("Title of the cover").press("Enter")
    titles = cards.locator(".title").all_inner_texts()
    cards.nth(2).drag_to(cards.nth(0))
    expect(cards.locator(".title").first).to_contain_text(titles[2][3:])
    settled(page)
    cards.nth(0).get_by_role("button", name="Scene 1:").press("Alt+ArrowDown")
    expect(cards.locator(".title").nth(1)).to_contain_text(titles[2][3:])
    expect(cards.nth(1).get_by_role("button", name="Scene 2:")).to_be_focused()
    settled(page)
    cards.nth(1).get_by_role("button", name="Move scene 2 down").click()
    expect(cards.locator(".title")).to_have_text(titles)
    settled(page)
    files = {}
    for label in ("HTML to show anywhere", "JSON to load again"):
        with page.expect_download() as download:
            page.get_by_role("button", name=label).click()
        files[label[:4]] = tmp_path / download.value.suggested_filename
        download.value.save_as(files[label[:4]])

    page.get_by_role("button", name="Present", exact=True).click()
    page.wait_for_url("**/?present=0")
    expect(page.get_by_role("heading", level=1)).to_have_text("Why it fails")
    expect(page.locator("nav output")).to_be_visible()  # the keys are heard
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**/?present=1")
    words = titles[0][3:]
    scene(page, 1, words)
    expect(page.get_by_text("See <b>cold</b>")).to_be_visible()
    expect(page.get_by_test_id("stSidebar")).to_be_hidden()
    assert page.locator(".note").evaluate("note => parseFloat(getComputedStyle(note).fontSize)") >= 1.6 * 16
    assert page.get_by_test_id("stMain").evaluate("main => main.scrollTop") == 0
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")  # before the page has heard of the first
    sharing = "Who uses the weights of each subnetwork"
    scene(page, 3, sharing)
    expect(page.locator(".js-plotly-plot")).to_be_visible()
    page.get_by_role("button", name="Previous scene").click()
    page.keyboard.press("PageUp")
    scene(page, 1, words)
    expect(page.locator(".js-plotly-plot")).to_have_count(0)
    page.keyboard.press("End")
    scene(page, 3, sharing)
    page.wait_for_url("**/?present=3")
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="Presenter deck")).to_be_visible()

    settled(page).get_by_text("Add the scenes of a deck from a file").click()
    page.get_by_test_id("stFileUploader").locator("input[type=file]").set_input_files(files["JSON"])
    page.get_by_role("button", name="Add its scenes").click()
    expect(page.get_by_text("3 scenes added to your deck.")).to_be_visible()
    expect(cards).to_have_count(6)

    reader = browser.new_context(offline=True, viewport={"width": 1280, "height": 900}, color_scheme="dark")
    other = reader.new_page()
    watch, asked = Watch(other, reader), list[str]()
    other.on("request", lambda request: asked.append(request.url))
    other.goto(files["HTML"].as_uri())
    expect(other.locator("nav output")).to_have_text("Cover")
    expect(other.get_by_role("heading", level=1)).to_have_text("Why it fails")
    other.keyboard.press("ArrowRight")
    scene(other, 1, words)
    expect(other.get_by_text("See <b>cold</b>")).to_be_visible()
    other.keyboard.press("End")
    scene(other, 3, sharing)
    expect(other.locator(".js-plotly-plot .point").first).to_be_visible()
    assert other.locator("main").evaluate("main => main.scrollHeight <= main.clientHeight || main.className !== 'fits'")
    chart, nav = (other.locator(one).bounding_box() for one in ("main", "nav"))
    assert chart is not None and nav is not None and chart["y"] + chart["height"] <= nav["y"]
    other.get_by_role("button", name="Previous scene").click()
    expect(other.locator("nav output")).to_have_text("2 / 3")
    expect(other.get_by_role("button", name="Print or save as PDF")).to_be_visible()
    paper = other.pdf(prefer_css_page_size=True)
    assert paper.count(b"/Type /Page\n") == 4  # a sheet for the cover and for each scene
    assert asked == [files["HTML"].as_uri()]
    watch.close()
