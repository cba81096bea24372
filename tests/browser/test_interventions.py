"""Setting concepts in a browser: presses, sliders, what to do next, and what a link and a visitor keep."""

import re
from urllib.parse import parse_qs, quote, urlsplit

from playwright.sync_api import Locator, Page, expect

from tests.browser.watch import Visit, answered, bars, concept_row, drag, section, set_concept, settled

REVIEW = "The soup was cold and bland, but our waiter was a delight."
CONCEPTS = ("food", "ambiance", "service", "noise")
PAGE = f"/Interventions?text={quote(REVIEW)}"


def radio(page: Page, concept: str, choice: str) -> Locator:
    return concept_row(page, concept).get_by_role("radio", name=choice, exact=True)


def press(page: Page, concept: str, button: str) -> None:
    """Press one of the small buttons of a concept's row, and wait for the answer."""
    concept_row(page, concept).get_by_role("button", name=button, exact=True).click()
    answered(page)


def after(page: Page) -> Locator:
    return page.get_by_role("img", name="After:")


def parts(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def drawn(page: Page) -> tuple[str, ...]:
    """All that the panel shows."""
    lines = [page.get_by_role("group", name=concept, exact=True).inner_text() for concept in CONCEPTS]
    return (bars(page, "Before"), bars(page, "After"), *lines)


def expect_edits(page: Page, text: str) -> None:
    """Wait until the strip over the panel says so."""
    expect(page.locator(".edits")).to_contain_text(text)


def test_the_concept_to_check_is_found_and_a_press_changes_the_chart_and_keeps_the_focus(visitor: Visit) -> None:
    page = settled(visitor(PAGE))
    concept = re.match(r"Check (\w+) next", page.get_by_text(re.compile(r"Check \w+ next")).first.inner_text())
    assert concept is not None
    page.get_by_role("button", name="Go to it").click()
    expect(concept_row(page, concept[1]).get_by_role("slider")).to_be_focused()
    set_concept(page, concept[1], "unknown")
    expect(page.get_by_text(f"Check {concept[1]} next")).to_have_count(0)
    page.locator("button[name=undo]").click()
    answered(page)

    before = bars(page, "After")
    set_concept(page, "food", "Positive")
    expect(after(page)).not_to_have_accessible_name(before)
    expect(radio(page, "food", "Positive")).to_be_focused()
    page.keyboard.press("ArrowLeft")  # the button before it
    expect(radio(page, "food", "unknown")).to_be_checked()
    expect_edits(page, "2 edits in force, the last: food set to unknown")
    expect(radio(page, "food", "unknown")).to_be_focused()
    expect(page).to_have_url(re.compile("override=food%3Dunknown"))
    section(page, "History and patches")
    expect(page.get_by_role("table", name="Edits of this session")).to_contain_text("food set to unknown")


def test_each_release_of_a_slider_is_an_undo_step_and_not_sure_a_range(visitor: Visit) -> None:
    page = settled(visitor(PAGE))
    start, slider = bars(page, "After"), concept_row(page, "food").get_by_role("slider")
    for to in (0.75, 0.25):
        drag(page, slider, to)
        page.mouse.up()
        answered(page)
    expect_edits(page, "2 edits in force")
    expect(page).to_have_url(re.compile("override=food"))
    undo = page.locator("button[name=undo]")
    undo.click()
    answered(page)
    assert slider.input_value() == "1.5"
    undo.click()
    answered(page)
    assert bars(page, "After") == start
    press(page, "food", "Not sure")  # shows a range
    expect(after(page)).to_have_accessible_name(re.compile(r"After: 1 star .+ to .+%, expected .+%"))
    press(page, "food", "As predicted")
    expect(after(page)).not_to_have_accessible_name(re.compile("expected"))


def test_undo_and_redo_by_their_buttons(visitor: Visit) -> None:
    page = settled(visitor(PAGE))
    undo, redo = (page.locator(f"button[name={name}]") for name in ("undo", "redo"))  # the history has its own
    expect(undo).to_be_disabled()
    start = drawn(page)
    set_concept(page, "food", "Positive")
    set_concept(page, "service", "Negative")
    end = drawn(page)
    for _ in range(2):
        undo.click()
    expect_edits(page, "No edit in force · 2 undone, the next: food set to Positive")
    assert drawn(page) == start
    expect(undo).to_be_disabled()
    expect(undo).to_be_focused()
    for _ in range(2):
        redo.click()
    expect_edits(page, "2 edits in force, the last: service set to Negative")
    assert drawn(page) == end


def test_a_smallest_fix_is_applied(visitor: Visit) -> None:
    page = settled(visitor(f"/Interventions?text={quote('The soup was tasty and our waiter was a delight.')}"))
    wanted, apply = page.get_by_role("radiogroup", name="Which rating"), page.get_by_text("Apply this fix")
    for label in ("4 stars", "1 star", "3 stars", "2 stars", "5 stars"):
        wanted.get_by_role("radio", name=label).click()
        expect(page.get_by_text(re.compile(f"rating (is )?{label}( already)?[.,]"))).to_be_visible()
        if apply.count():
            break
    expect(page).to_have_url(re.compile(f"wanted={label[0]}"))
    apply.click()
    expect(page.get_by_text(f"The rating is {label} already.")).to_be_visible()
    expect(page.get_by_text(re.compile(rf"After: .*{label} \("))).to_be_visible()
    expect(page.locator(".edits")).to_contain_text(re.compile(r"^\d edits? in force, the last: "))


def test_a_reload_restores_what_was_set(visitor: Visit) -> None:
    page = settled(visitor(PAGE))
    set_concept(page, "food", "Positive")
    press(page, "service", "Not sure")
    page.get_by_text("Count the residual").click()
    expect(page).to_have_url(re.compile("residual=off"))
    settled(page)
    shown, url = drawn(page), page.url
    page.reload()
    expect(radio(page, "food", "Positive")).to_be_checked()
    settled(page)
    assert drawn(page) == shown and page.url == url
    expect(page.get_by_role("checkbox", name="Count the residual")).not_to_be_checked()


def test_quick_presses_all_count(visitor: Visit) -> None:
    """Faster than any answer can come: the page is busy with the first one when the others are pressed."""
    page = settled(visitor(PAGE))
    radio(page, "food", "Positive").evaluate("""first => {
        const panel = first.closest(".panel");
        for (const [concept, value] of [["food", "Positive"], ["service", "Negative"], ["noise", "Positive"]])
            panel.querySelector(`[data-concept=${concept}] [value=${value}]`).click();
        setTimeout(() => panel.querySelector("[data-concept=ambiance] [value=Negative]").click(), 15);
    }""")
    expect_edits(page, "4 edits in force, the last: ambiance set to Negative")
    for concept, value in zip(CONCEPTS, ("Positive", "Negative", "Negative", "Positive"), strict=True):
        expect(radio(page, concept, value)).to_be_checked()
    expect(page).to_have_url(re.compile("ambiance%3DNegative"))
    assert set(parts(page)["override"]) == {"food=Positive", "service=Negative", "noise=Positive", "ambiance=Negative"}


def test_it_fits_a_small_laptop(visitor: Visit) -> None:
    page = settled(visitor(PAGE, viewport={"width": 1000, "height": 800}, color_scheme="dark"))
    press(page, "food", "Mix")
    found = after(page).evaluate("""chart => {
        const panel = chart.closest(".panel");
        const controls = "button, .choice span, .position, .share, .checkbox";
        const small = [...panel.querySelectorAll(controls)].filter(control => {
            const box = control.getBoundingClientRect();
            return box.width && (box.height < 24 || box.width < 24);
        });
        return [panel.scrollWidth - panel.clientWidth, small.length, getComputedStyle(panel).color];
    }""")
    assert found[0] <= 0 and found[1] == 0
    assert min(int(part) for part in re.findall(r"\d+", found[2])[:3]) > 128, "light on dark"
