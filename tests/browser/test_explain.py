"""Explain in a browser: type a review, move a concept, see the label change."""

from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.watch import Visit, bars, set_concept, settled, type_review

REVIEW = "The soup was cold and bland, but our waiter was a delight."
#: Every concept's control is drawn in full: no part of it is cut off or lies beyond its column.
WHOLE = """() => ["food", "ambiance", "service", "noise"].every(concept => {
    const control = document.querySelector(`.st-key-explain-set-${concept}`);
    const group = control?.querySelector("[role=radiogroup]");
    if (!group) return false;  // not drawn yet
    const edge = control.closest("[data-testid=stColumn]").getBoundingClientRect().right + 1;
    const radios = [...group.querySelectorAll("[role=radio]")];
    return radios.length === 3 && group.scrollWidth <= group.clientWidth + 1
        && radios.every(radio => radio.getBoundingClientRect().right <= edge);
})"""
LINK = f"/Explain?text={quote(REVIEW)}"


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
    settled(page)
    assert bars(page, "After").removeprefix("After") == before.removeprefix("Before")


def test_a_share_is_moved_by_keyboard_and_the_others_make_room(visitor: Visit) -> None:
    page = settled(visitor(f"{LINK}&override=food%3D0.2,0.3,0.5"))
    before = bars(page, "After")
    page.locator(".st-key-explain-mix-food").get_by_role("button").click()
    settled(page)
    slider = page.get_by_role("slider", name="food: Positive")
    assert slider.input_value() == "50"
    slider.focus()
    for _ in range(10):
        slider.press("ArrowRight")
    settled(page)
    assert [page.get_by_role("slider", name=f"food: {value}").input_value() for value in
            ("Negative", "unknown", "Positive")] == ["16", "24", "60"]
    assert bars(page, "After") != before


def test_a_reload_and_a_copied_link_restore_the_view(visitor: Visit) -> None:
    page = settled(visitor(LINK))
    set_concept(page, "service", "Negative")
    page.locator(".st-key-explain-subject").get_by_role("radio", name="service").click()
    settled(page)
    seen = bars(page, "After")
    title = page.get_by_text("Words for and against").inner_text()
    assert title.startswith("Words for and against service")
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
    assert bars(settled(two), "After") == untouched != changed
    one.reload()
    assert bars(settled(one), "After") == changed
    assert "override" not in two.url


@pytest.mark.parametrize("text", [
    "<script>window.hacked = 1</script> Soup <img src=x onerror='window.hacked = 1'>",
    "![x](https://example.org/x.png) [link](https://example.org) **soup** $x$",
    "Soup \u202egnp.exe\u202c 🍜 طعام لذيذ \x07",
    "soup " * 10_000,
], ids=["html", "markdown", "directions", "long"])
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


@pytest.mark.parametrize("width", [1000, 1280, 1440])
def test_every_control_is_whole_and_nothing_scrolls_sideways(visitor: Visit, width: int) -> None:
    page = settled(visitor(f"{LINK}&override=food%3DPositive", viewport={"width": width, "height": 900}))
    assert page.get_by_test_id("stMain").evaluate("main => main.scrollWidth <= main.clientWidth")
    page.wait_for_function(WHOLE)


def test_choosing_a_target_leaves_the_panel_alone(visitor: Visit) -> None:
    page = settled(visitor(f"{LINK}&override=food%3DPositive"))
    seen = bars(page, "After")
    page.locator(".st-key-explain-subject").get_by_role("radio", name="food").click()
    expect(page.get_by_text("Words for and against food")).to_be_visible()
    assert bars(settled(page), "After") == seen
    assert parse_qs(urlsplit(page.url).query)["override"] == ["food=Positive"]
