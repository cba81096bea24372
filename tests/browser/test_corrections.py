"""Corrections in a browser: said on Explain, and three texts labelled by keyboard on Failures."""

import re
from urllib.parse import quote

from playwright.sync_api import Page, expect

from sparsecbm.corrections.compute_store import CorrectionStore
from sparsecbm.corrections.label_correction import Correction
from sparsecbm.figures.text import counted
from tests.browser.watch import Visit, pick, settled

TEXT = "The custard tarts were a dream <b>&</b> the waiter sang, which we had not asked for."


def of(url: str, who: str) -> list[Correction]:
    """What somebody said, as it lies on the disk."""
    with CorrectionStore.open(url) as store:
        return [kept.correction for kept in store.history() if kept.correction.who == who and kept.undo is None]


def test_a_concept_is_corrected_on_explain_and_the_correction_undone(visitor: Visit, studies_url: str) -> None:
    page = settled(visitor(f"/Explain?text={quote(TEXT)}"))
    rows = page.locator(".row[data-k]")
    expect(rows).to_have_count(4)
    closed = page.locator(".st-key-corrections-explain-fold summary")
    closed.scroll_into_view_if_needed()
    assert rows.last.bounding_box()["y"] < closed.bounding_box()["y"], "nothing that is read was pushed down"  # type: ignore[index]
    closed.click()
    page.get_by_role("textbox", name="Your name").fill("Explaining Ada")
    pick(page, page.get_by_role("combobox", name="What is it about?"), "service")
    pick(page, page.get_by_role("combobox", name="It is really"), "Negative")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved: service is")).to_be_visible()
    (one,) = of(studies_url, "Explaining Ada")  # on the disk before it was shown
    assert (one.text, one.field, one.new) == (TEXT, "service", "Negative")
    table = page.get_by_role("table", name="Corrections of this review")
    expect(table).to_contain_text("Explaining Ada")
    expect(page.get_by_role("textbox", name="Your name")).to_have_count(0)
    page.get_by_role("button", name="Undo: service").click()
    expect(table).to_contain_text("undone by Explaining Ada")
    assert not of(studies_url, "Explaining Ada")
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert settled(page).get_by_test_id("stMain").evaluate("main => main.scrollWidth <= main.clientWidth"), width


def question(page: Page) -> str:
    """What is asked, with the text."""
    text = page.locator("[data-testid=stHtml] div[dir=auto]").inner_text()
    return f"{page.get_by_text(re.compile('(of|in) this review')).first.inner_text()} {text}"


def test_three_texts_are_labelled_by_keyboard(visitor: Visit, studies_url: str) -> None:
    page = visitor("/Failures?section=label")
    page.get_by_role("textbox", name="Your name").fill("Labelling Bo", timeout=300_000)
    page.keyboard.press("Enter")
    first = page.get_by_role("button", name=re.compile("^(Negative|1 star)"))
    expect(first).to_be_visible()
    where, asked = settled(page) and first.bounding_box(), list[str]()
    for number in range(3):
        asked.append(question(page))
        page.keyboard.press("1")
        expect(page.get_by_text(f"{counted(number + 1, 'label')} by you")).to_be_visible()
        settled(page)
        box = first.bounding_box()
        assert box and where and box["y"] == where["y"], "the answers stay where they are"
        kept = of(studies_url, "Labelling Bo")
        assert len(kept) == number + 1 and all(one.new in ("Negative", "1") for one in kept)
    assert len(set(asked)) == 3
    seen = page.locator("[data-testid=stHtml] div[dir=auto]").inner_text()
    page.keyboard.press("u")
    expect(page.get_by_text("2 labels by you")).to_be_visible()
    assert question(settled(page)) == asked[-1] and len(of(studies_url, "Labelling Bo")) == 2
    page.keyboard.press("s")
    expect(page.locator("[data-testid=stHtml] div[dir=auto]")).to_have_text(seen)
    page.get_by_role("textbox", name="Search").fill("12su")  # keys in a box of text answer nothing
    settled(page)
    assert len(of(studies_url, "Labelling Bo")) == 2
