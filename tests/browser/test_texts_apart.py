"""What a person set for one text never reaches the next one, whenever they press and whatever is being computed."""

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.watch import Visit, bars, settled

#: Texts that the server has not seen: each test has its own.
FIRST, SECOND = "The {} was cold and the room far too loud.", "Our waiter was kind, and we loved the {}."


def write(page: Page, text: str) -> None:
    box, fold = page.get_by_role("textbox", name="Review", exact=True), page.locator(".st-key-explain-fold summary")
    expect(box.or_(fold).first).to_be_visible()
    if not box.is_visible():  # folded behind one line
        fold.click()
    box.fill(text)


def explain(page: Page, text: str) -> None:
    write(page, text)
    page.get_by_role("button", name="Explain", exact=True).click()


def food(page: Page, value: str) -> Locator:
    return page.get_by_role("radiogroup", name="Set food to", exact=True).get_by_role("radio", name=value, exact=True)


def untouched(page: Page, text: str) -> None:
    """The page shows this text, and nothing is set of it: neither in the address, nor in the bars, nor in a row."""
    settled(page)
    expect(page.get_by_role("toolbar")).to_contain_text(text.split()[-1].rstrip("."))
    settled(page)
    assert set(parse_qs(urlsplit(page.url).query)) == {"text"}
    assert bars(page, "After").removeprefix("After") == bars(page, "Before").removeprefix("Before")
    assert page.get_by_text("set by you").count() == 0


@pytest.mark.parametrize("when", ["early", "late", "twice"])
def test_another_text_starts_as_the_model_predicts_it(visitor: Visit, when: str) -> None:
    page = settled(visitor("/Explain"))
    explain(page, FIRST.format(f"{when} pie"))
    if when != "early":  # early: while the words of the first text are still being scored
        settled(page)
    food(page, "Positive").click()
    expect(page.get_by_text("set by you")).to_have_count(1)
    second = SECOND.format(f"{when} cake")
    if when == "late":  # a press on the controls of the first text in the same moment in which the second one is sent
        write(page, second)
        send = page.get_by_role("button", name="Explain", exact=True)
        page.evaluate("controls => controls.forEach(control => control.click())",
                      [send.element_handle(), food(page, "Negative").element_handle()])
    else:
        explain(page, second)
    if when == "twice":
        explain(page, second)
    untouched(page, second)
