"""History and patches in a browser: an edit listed and noted, and a file that is no patch refused."""

from urllib.parse import quote

from playwright.sync_api import expect

from tests.browser.watch import Visit, section, settled

REVIEW = "The soup was cold and bland, but our waiter was a delight."


def test_an_edit_is_listed_and_noted(visitor: Visit) -> None:
    page = settled(visitor(f"/Interventions?text={quote(REVIEW)}"))
    control = page.get_by_role("radiogroup", name="Set food to")
    control.get_by_role("radio", name="Positive", exact=True).click()
    section(page, "History and patches")
    edits = page.get_by_role("table", name="Edits of this session")
    expect(edits.get_by_role("row")).to_have_count(2)
    expect(edits).to_contain_text("food set to Positive")
    settled(page)
    page.get_by_role("textbox", name="Note on edit 1").fill("The cook <b>changed</b>")
    page.get_by_role("textbox", name="Note on edit 1").press("Enter")
    expect(edits).to_contain_text("The cook <b>changed</b>")


def test_nothing_is_saved_unseen_and_no_other_file_is_taken(visitor: Visit) -> None:
    page = settled(visitor(f"/Interventions?section=history&text={quote(REVIEW)}"))
    expect(page.get_by_role("button", name="Save as a patch")).to_be_disabled()
    expect(page.get_by_text("No revision is in force. Revise a subnetwork first")).to_be_visible()
    page.locator(".st-key-interventions-patches-file-0 input[type=file]").set_input_files(
        {"name": "soup.safetensors", "mimeType": "application/octet-stream", "buffer": b"no patch"})
    settled(page)
    page.get_by_role("button", name="Add it to the patches").click()
    expect(page.get_by_role("alert").filter(has_text="allowed")).to_be_visible()
    settled(page)
    page.get_by_role("button", name="Dismiss").click()
    expect(page.get_by_role("alert").filter(has_text="allowed")).to_have_count(0)
