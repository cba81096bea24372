"""Explain in a browser: type a review, move a concept, see the label change."""

from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.watch import Visit, answered, bars, concept_row, drag, set_concept, settled, type_review

REVIEW = "The soup was cold and bland, but our waiter was a delight."
CONCEPTS = ("food", "ambiance", "service", "noise")
#: The lower edge of the lowest control or bar of each row, and whether any of it is cut off at the right.
ROWS = """rows => rows.map(row => {
    const parts = [...row.querySelectorAll(".choice span, .position, .bars, .contribution")];
    const edges = parts.map(part => part.getBoundingClientRect());
    const inside = row.closest(".panel").getBoundingClientRect().right + 1;
    return [parts.length, Math.max(...edges.map(edge => edge.bottom)), edges.every(edge => edge.right <= inside)];
})"""
LINK = f"/Explain?text={quote(REVIEW)}"


def explain_target(page: Page, name: str) -> None:
    """Choose what the words are scored for."""
    opens = page.locator(".st-key-explain-settings").get_by_role("button").first
    opens.click()
    page.locator(".st-key-explain-subject").get_by_role("radio", name=name).click()
    settled(page)
    page.keyboard.press("Escape")
    expect(page.locator(".st-key-explain-subject")).not_to_be_visible()


def test_type_a_review_move_a_concept_see_the_label_change(visitor: Visit) -> None:
    page = settled(visitor("/Explain"))
    type_review(page, REVIEW)
    before = bars(page, "Before")
    assert bars(page, "After").removeprefix("After") == before.removeprefix("Before")
    set_concept(page, "food", "Positive")
    moved = bars(page, "After")
    assert moved.removeprefix("After") != before.removeprefix("Before") and bars(page, "Before") == before
    assert parse_qs(urlsplit(page.url).query)["override"] == ["food=Positive"]
    page.get_by_role("button", name="Reset all").click()
    answered(page)
    assert bars(page, "After").removeprefix("After") == before.removeprefix("Before")


def test_all_that_is_read_together_stands_on_one_screen_and_every_control_is_whole_on_others(visitor: Visit) -> None:
    page = settled(visitor(LINK, viewport={"width": 1440, "height": 900}))
    for part in (page.get_by_role("toolbar"), page.get_by_role("img", name="Before:"),
                 page.get_by_role("img", name="After:")):
        part.wait_for()
        box = part.bounding_box()
        assert box is not None and 0 <= box["y"] < box["y"] + box["height"] <= 900
    rows = page.locator(".row[data-k]").evaluate_all(ROWS)
    assert [row[0] for row in rows] == [6] * len(CONCEPTS)
    assert all(bottom <= 900 and whole for _, bottom, whole in rows)
    set_concept(page, "food", "Positive")
    for width in (1280, 1024, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert settled(page).get_by_test_id("stMain").evaluate("main => main.scrollWidth <= main.clientWidth"), width
        rows = page.locator(".row[data-k]").evaluate_all(ROWS)
        assert len(rows) == len(CONCEPTS) and all(whole for _, _, whole in rows), width


def test_a_slider_shows_a_preview_while_it_is_dragged_and_sets_the_concept_on_release(visitor: Visit) -> None:
    page = settled(visitor(LINK))
    slider = concept_row(page, "food").get_by_role("slider")
    before, row = bars(page, "After"), concept_row(page, "food").inner_text()
    drag(page, slider, 0.75)
    preview = bars(page, "After")
    assert preview != before and concept_row(page, "food").inner_text() != row
    page.wait_for_timeout(300)
    assert "override" not in page.url and slider.input_value() == "1.5"
    page.mouse.up()
    answered(page)
    assert parse_qs(urlsplit(page.url).query)["override"] == ["food=0,0.5,0.5"]
    assert bars(page, "After") == preview, "the browser adds up what the server does"
    concept_row(page, "food").get_by_role("button", name="As predicted").click()
    answered(page)
    assert bars(page, "After") == before and concept_row(page, "food").inner_text() == row


def test_sliders_are_moved_by_keyboard(visitor: Visit) -> None:
    page = settled(visitor(f"{LINK}&override=food%3D0,0.75,0.25&override=service%3D0.2,0.3,0.5"))
    slider = concept_row(page, "food").get_by_role("slider")
    slider.focus()
    for key, told, place in (("ArrowRight", "0,0.7,0.3", "1.3"), ("Home", "Negative", "0"),
                             ("ArrowRight", "0.95,0.05,0", "0.05"), ("End", "Positive", "2"),
                             ("ArrowLeft", "0,0.05,0.95", "1.95")):
        slider.press(key)
        answered(page)
        expect(slider).to_be_focused()
        assert slider.input_value() == place
        assert f"food={told}" in parse_qs(urlsplit(page.url).query)["override"]
    assert "95" in (slider.evaluate("slider => slider.ariaValueText") or "")

    row = concept_row(page, "service")  # and any distribution can be mixed
    row.get_by_role("button", name="Mix").click()
    slider = row.get_by_role("slider", name="share of Positive")
    assert slider.input_value() == "50"
    slider.focus()
    page.keyboard.down("ArrowRight")  # held down: one setting, once it is released
    for _ in range(9):
        page.keyboard.down("ArrowRight")
    page.keyboard.up("ArrowRight")
    answered(page)
    assert [row.get_by_role("slider", name=f"share of {value}").input_value() for value in
            ("Negative", "unknown", "Positive")] == ["16", "24", "60"]
    assert "service=0.16,0.24,0.6" in parse_qs(urlsplit(page.url).query)["override"]


def test_a_reload_and_a_copied_link_restore_the_view(visitor: Visit) -> None:
    page = settled(visitor(LINK))
    set_concept(page, "service", "Negative")
    seen = bars(page, "After")
    explain_target(page, "service")
    expect(page.get_by_text("Words for and against service")).to_be_visible()
    title = page.get_by_text("Words for and against").inner_text()
    assert bars(settled(page), "After") == seen and "override=service%3DNegative" in page.url, "the panel is left alone"
    page.reload()
    link = urlsplit(page.url)
    for restored in (page, visitor(f"{link.path}?{link.query}")):
        assert bars(settled(restored), "After") == seen
        assert restored.get_by_text("Words for and against").inner_text() == title


def test_back_undoes_and_forward_redoes(visitor: Visit) -> None:
    page = settled(visitor(LINK))
    untouched = bars(page, "After")
    set_concept(page, "food", "Positive")
    one = bars(page, "After")
    set_concept(page, "service", "Negative")
    two = bars(page, "After")
    assert len({untouched, one, two}) == 3
    for step, seen in ((page.go_back, one), (page.go_back, untouched), (page.go_forward, one)):
        step()
        assert bars(settled(page), "After") == seen


def test_two_visitors_do_not_see_each_others_changes(visitor: Visit) -> None:
    one, two = settled(visitor(LINK)), settled(visitor(LINK))
    untouched = bars(two, "After")
    set_concept(one, "food", "Positive")
    set_concept(one, "noise", "Negative")
    changed = bars(one, "After")
    set_concept(two, "service", "Negative")
    two.get_by_role("button", name="Reset all").click()
    answered(two)
    assert bars(two, "After") == untouched != changed
    one.reload()
    assert bars(settled(one), "After") == changed
    assert "override" not in two.url


#: Text with markup of three kinds, with directions turned round and with a control character.
HOSTILE = "<script>window.hacked = 1</script> Soup <img src=x onerror='window.hacked = 1'> " \
          "![x](https://example.org/x.png) [link](https://example.org) **soup** $x$ " \
          "\u202egnp.exe\u202c 🍜 طعام لذيذ \x07"


@pytest.mark.parametrize("text", [HOSTILE, "soup " * 10_000], ids=["markup", "long"])
def test_hostile_text_is_shown_and_does_nothing(visitor: Visit, text: str) -> None:
    page = settled(visitor("/Explain?method=gradient-x-input"))
    type_review(page, text)
    shown = page.get_by_role("toolbar")
    expect(shown).to_be_visible()
    assert page.evaluate("window.hacked") is None
    assert "star" in bars(page, "Before")
    assert "oup" in shown.inner_text() and shown.locator("img, script, a").count() == 0
    set_concept(page, "food", "Positive")
    assert page.get_by_test_id("stMain").evaluate("main => main.scrollWidth <= main.clientWidth")
