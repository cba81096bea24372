"""The words in a browser: taken out by mouse and keyboard, read aloud, folded, stopped, saved."""

import json
import re
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

from playwright.sync_api import Locator, Page, expect

from sparsecbm.file_names import download_name
from tests.browser.watch import Visit, settled

REVIEW = "The soup was cold and bland, but our waiter was a delight."
LINK = f"/Explain?text={quote(REVIEW)}&method=gradient-x-input"
#: The text of the element that has the keyboard, inside the token view.
FOCUSED = "() => { let at = document.activeElement; while (at?.shadowRoot) at = at.shadowRoot.activeElement; " \
          "return at?.dataset?.word ?? null; }"


def word(page: Page, number: int) -> Locator:
    """A word of the large view, from 0."""
    return page.locator(f"[data-word='{number}']")


def change(page: Page) -> Locator:
    """What is predicted with the words that are out or edited, under the text."""
    return page.locator(".st-key-explain-change")


def settings(page: Page) -> None:
    """Open the target and the method."""
    page.locator(".st-key-explain-settings").get_by_role("button").click()


def coloured(page: Page) -> Locator:
    """The words that have a colour."""
    return page.locator("[data-word][style*=background]")


def hidden(page: Page) -> list[str]:
    """The part of the address that names hidden words."""
    return parse_qs(urlsplit(page.url).query).get("hidden", [])


def test_a_word_taken_out_by_keyboard_changes_the_prediction_and_keeps_the_focus(visitor: Visit) -> None:
    page = settled(visitor(LINK))
    word(page, 0).focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert page.evaluate(FOCUSED) == "3"
    page.keyboard.press("Enter")
    expect(change(page)).to_contain_text("cold")
    settled(page)
    assert word(page, 3).get_attribute("aria-pressed") == "true" and page.evaluate(FOCUSED) == "3"
    assert hidden(page) == ["4"]
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press(" ")
    expect(change(page)).to_contain_text("delight")
    settled(page)
    assert hidden(page) == ["4,13"]
    page.locator(".st-key-explain-drop").get_by_role("button").click()
    expect(change(page)).to_have_count(0)
    expect(word(page, 3)).to_have_attribute("aria-pressed", "false")
    word(page, 3).click()
    expect(change(page)).to_be_visible()
    above, below = (place.bounding_box() for place in (page.get_by_role("toolbar"), change(page)))
    assert above and below and 0 <= below["y"] - above["y"] - above["height"] < 60, "next to the words"


def test_quick_presses_all_count_and_the_words_are_one_stop_of_the_tab_key(visitor: Visit) -> None:
    page = settled(visitor(LINK))
    for number in (1, 3, 5, 9):
        word(page, number).click()
    for number in (1, 3, 5, 9):
        expect(change(page)).to_contain_text(REVIEW.replace(",", " ,").replace(".", " .").split()[number])
    settled(page)
    assert hidden(page) == ["2,4,6,10"]
    assert page.evaluate(FOCUSED) == "9"
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED) is None
    page.keyboard.press("Shift+Tab")
    assert page.evaluate(FOCUSED) == "9"


def test_every_word_says_its_score_and_the_view_its_target(visitor: Visit) -> None:
    page = settled(visitor(f"{LINK}&target=food%3DNegative"))
    expect(page.get_by_role("toolbar", name="Words for and against food = Negative")).to_be_visible()
    soup = page.get_by_role("button", name=re.compile(r"^soup, plus \d\.\d\d, speaks for it$"))
    expect(soup).to_have_attribute("title", re.compile(r"^\+\d\.\d\d: speaks for it$"))
    soup.click()
    expect(page.get_by_role("button", name="soup, hidden", pressed=True)).to_be_visible()


def test_an_edited_copy_is_compared_and_can_become_the_review(visitor: Visit) -> None:
    page = settled(visitor(f"{LINK}&target=food%3DNegative"))
    page.get_by_text("Edit the text and compare").click()
    page.get_by_role("textbox", name="Edit a copy").fill("The soup was <b>hot</b>, but our waiter was a delight.")
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(change(page)).to_be_visible()
    expect(page.locator("[title^='removed']", has_text="cold")).to_be_visible()
    expect(page.locator("[title^='added']", has_text="hot")).to_be_visible()
    expect(word(page, 3)).to_have_text(re.compile("^cold"))
    page.locator(".st-key-explain-adopt").get_by_role("button").click()
    expect(page.get_by_role("toolbar")).to_contain_text("hot")
    expect(change(page)).to_have_count(0)


def test_folds_open_in_place_and_stay_open(visitor: Visit) -> None:
    text = quote("Awful soup. We came on a Monday with my sister and her two sons, who live near, and sat by the door.")
    page = settled(visitor(f"/Explain?text={text}&method=occlusion&target=food%3DNegative"))
    settings(page)
    page.get_by_role("radio", name="Strong words only").click()
    page.keyboard.press("Escape")
    fold = page.get_by_role("toolbar").locator(".fold").first
    expect(fold).to_be_visible()
    inside = page.get_by_role("toolbar").locator(".folded").first
    expect(inside).to_be_hidden()
    fold.focus()
    page.keyboard.press("Enter")
    expect(inside).to_be_visible()
    page.get_by_role("button", name=re.compile("^sister,")).click()
    expect(change(page)).to_be_visible()
    settled(page)
    expect(page.get_by_role("toolbar").locator(".fold")).to_have_count(2)  # a hidden word is never folded
    expect(page.get_by_role("button", name=re.compile("^door,"))).to_be_visible()
    page.get_by_role("toolbar").locator(".fold").last.click()
    expect(page.get_by_role("button", name=re.compile("^door,"))).to_be_hidden()


def test_right_to_left_words_stand_in_reading_order(visitor: Visit) -> None:
    page = settled(visitor(f"/Explain?text={quote('الطعام لذيذ والخدمة رائعة')}&method=gradient-x-input"))
    expect(page.get_by_role("toolbar")).to_be_visible()
    lefts = [word(page, number).bounding_box()["x"] for number in range(4)]  # type: ignore[index]
    assert lefts == sorted(lefts, reverse=True)
    word(page, 0).focus()
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(FOCUSED) == "1"


def test_slow_work_can_be_stopped_and_a_faster_method_chosen(visitor: Visit) -> None:
    page = settled(visitor(f"/Explain?text={quote(REVIEW)}&method=shapley&steps=3000&target=food%3DNegative"))
    page.locator(".st-key-explain-cancel").get_by_role("button").click()
    expect(page.locator(".st-key-explain-again")).to_be_visible()
    settled(page)
    expect(word(page, 3)).to_have_text("cold")
    assert coloured(page).count() == 0
    settings(page)
    page.get_by_role("combobox", name="Method").click()
    page.get_by_role("option", name="Gradient × input").click()
    expect(coloured(page).first).to_be_visible()
    expect(page.locator(".st-key-explain-again")).to_have_count(0)


def test_words_that_take_a_while_appear_by_themselves(visitor: Visit) -> None:
    page = visitor(f"/Explain?text={quote(REVIEW + ' Once more, with feeling and garlic.')}&method=shapley&steps=40"
                   "&target=food%3DNegative")
    expect(word(page, 3)).to_have_text("cold")
    expect(page.locator(".st-key-explain-work").get_by_role("progressbar")).to_be_visible()
    expect(coloured(page).first).to_be_visible(timeout=300_000)
    settled(page)
    expect(page.locator(".st-key-explain-cancel")).to_have_count(0)
    assert page.get_by_label("Count the residual").is_checked(), "two quick runs lose no setting"


def test_files_hold_the_view_and_open_without_a_network(visitor: Visit, tmp_path: Path) -> None:
    page = settled(visitor(f"{LINK}&target=food%3DNegative&override=food%3DPositive"))
    for name, ending in (("HTML page", "html"), ("CSV table", "csv"), ("JSON", "json")):
        with page.expect_download() as started:
            page.get_by_role("button", name=name).click()
        assert started.value.suggested_filename == download_name("explanation", REVIEW, ending)
        started.value.save_as(tmp_path / f"explanation.{ending}")
    values = json.loads((tmp_path / "explanation.json").read_text(encoding="utf-8"))
    assert values["text"] == REVIEW and values["attributions"][0]["target"] == "food=Negative"
    assert list(values["intervention"]["overrides"]) == ["food"]
    assert "food=Negative" in (tmp_path / "explanation.csv").read_text(encoding="utf-8")
    page.goto((tmp_path / "explanation.html").as_uri())
    expect(page.get_by_text("food = Negative").first).to_be_visible()
    assert values["receipt"]["checkpoint"][:12] in page.content()


def test_the_words_do_not_scroll_sideways(visitor: Visit) -> None:
    page = settled(visitor(f"{LINK}&hidden=4&compare=occlusion"))
    expect(page.get_by_text("Rank correlation")).to_be_visible()
    for width in (1280, 1000):
        page.set_viewport_size({"width": width, "height": 900})
        assert settled(page).get_by_test_id("stMain").evaluate("main => main.scrollWidth <= main.clientWidth"), width
