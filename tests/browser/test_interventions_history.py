"""History and patches in a browser: an edit listed and noted, nothing saved unviewed, and no other file imported."""

from urllib.parse import quote

from playwright.sync_api import expect

from tests.browser.test_interventions_revise import REVIEW
from tests.browser.watch import Visit, section, set_concept, settled


def test_an_edit_is_noted_and_only_patches_are_imported(visitor: Visit) -> None:
    page = settled(visitor(f"/Interventions?text={quote(REVIEW)}"))
    set_concept(page, "food", "Positive")
    section(page, "History and patches")
    edits = page.get_by_role("table", name="Edits of this session")
    expect(edits.get_by_role("row")).to_have_count(2)
    expect(edits).to_contain_text("food set to Positive")
    settled(page)
    page.get_by_role("textbox", name="Note on edit 1").fill("The cook <b>changed</b>")
    page.get_by_role("textbox", name="Note on edit 1").press("Enter")
    expect(edits).to_contain_text("The cook <b>changed</b>")
    settled(page)
    expect(page.get_by_role("button", name="Save as a patch")).to_be_disabled()  # an override is no revision
    page.locator(".st-key-interventions-patches-file-0 input[type=file]").set_input_files(
        {"name": "soup.safetensors", "mimeType": "application/octet-stream", "buffer": b"no patch"})
    settled(page)
    page.locator(".st-key-interventions-patches-add").get_by_role("button").click()
    refused = page.get_by_role("alert").filter(has_text="not a patch")
    expect(refused).to_be_visible()
    settled(page)
    page.get_by_role("button", name="Dismiss").click()
    expect(refused).to_have_count(0)
