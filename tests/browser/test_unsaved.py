"""The browser asks before a tab is closed or reloaded that holds what nothing else does."""

from urllib.parse import quote

from playwright.sync_api import Dialog, Page, expect

from tests.browser.watch import Visit, settled

LINK = f"/Explain?method=gradient-x-input&text={quote('The soup was tasty.')}"


def asked(page: Page) -> bool:
    """Whether a reload is asked about; it is done all the same."""
    questions: list[str] = []
    page.once("dialog", lambda dialog: note(dialog, questions))
    page.reload()
    settled(page)
    return questions == ["beforeunload"]


def note(dialog: Dialog, questions: list[str]) -> None:
    questions.append(dialog.type)


def test_a_pinned_scene_is_not_lost_unasked(visitor: Visit) -> None:
    page = settled(visitor(LINK))
    page.mouse.click(5, 5)  # a browser asks nobody who has done nothing on the page
    assert not asked(page)
    page.locator(".st-key-pin-concepts").get_by_role("button").click()
    page.get_by_role("button", name="Pin it").click()
    expect(page.get_by_text("until you close or reload this tab").first).to_be_visible()
    page.get_by_role("link", name="Home").click()
    expect(page.get_by_role("heading", name="Presenter deck")).to_be_visible()
    assert asked(page), "on another page, too"
    page.mouse.click(5, 5)
    assert not asked(page), "the scene is gone"
