"""The picture of the network in a browser, on a checkpoint of structured masks: drawn, walked through, opened."""

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from benchmarks.server import APP, served
from sparsecbm.model.checkpoint import save_checkpoint
from sparsecbm.schema import CEBAB
from sparsecbm.ui.loaded_model import CHECKPOINT_VARIABLE
from tests.browser.test_subnetworks import REVIEW, query
from tests.browser.watch import Visit, settled
from tests.helpers import structured_masks, tiny_encoder, tiny_model

PICTURE, CARD = ".st-key-subnetworks-network", ".st-key-subnetworks-cell"


@pytest.fixture(scope="module")
def app_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server whose model keeps whole heads and neurons."""
    folder = tmp_path_factory.mktemp("structured")
    model = tiny_model(schema=CEBAB, mask_kind="structured")
    save_checkpoint(folder / "model", model, tiny_encoder(), structured_masks(model))
    with served(APP, **{CHECKPOINT_VARIABLE: str(folder / "model"),
                        "SPARSECBM_STUDIES": f"{folder}/studies.sqlite"}) as url:
        yield url


def focused(page: Page) -> str:
    """The name of what has the keyboard."""
    return page.evaluate("""() => { let one = document.activeElement;
        while (one.shadowRoot?.activeElement) one = one.shadowRoot.activeElement;
        return one.ariaLabel }""") or ""


def test_the_keyboard_walks_from_cell_to_cell_and_opens_one(visitor: Visit) -> None:
    page = visitor(f"/Explain?method=gradient-x-input&text={quote(REVIEW)}")
    settled(page).get_by_role("link", name="Subnetworks").click()
    picture = page.locator(PICTURE)
    cells = picture.get_by_role("gridcell")
    expect(cells.first).to_be_visible()
    settled(page)
    cells.first.focus()
    assert focused(page).startswith("Head 0 of layer 1")
    page.keyboard.press("ArrowRight")
    assert focused(page).startswith("Head 1 of layer 1")
    page.keyboard.press("ArrowDown")
    assert focused(page).startswith("Head 1 of layer 0")
    expect(picture.locator(".told")).to_have_text(focused(page))
    page.keyboard.press("ArrowRight")
    assert "neuron" in focused(page), "after the heads come the neurons"
    page.keyboard.press("ArrowUp")
    assert "of layer 1" in focused(page) and "neuron" in focused(page)
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    expect(page.locator(CARD)).to_contain_text("Head 1 of layer 1")
    assert query(settled(page))["part"] == ["1-head-1"]
    expect(picture.get_by_role("gridcell", selected=True)).to_have_count(1)
    page.locator(CARD).get_by_role("button", name="Take it out").click()
    expect(page.locator(".st-key-subnetworks-outs")).to_contain_text("head 1 of layer 1")
    settled(page)


def test_a_concept_of_the_legend_picks_out_what_it_uses(visitor: Visit) -> None:
    picture = settled(visitor("/Subnetworks")).locator(PICTURE)
    food = picture.get_by_role("button", name="food")
    food.click()
    expect(food).to_have_attribute("aria-pressed", "true")
    dim, shown = picture.locator(".cell.dim"), picture.locator(".cell:not(.dim)")
    assert dim.count() and shown.count()
    for cells, used in ((dim, False), (shown, True)):
        names = cells.evaluate_all("cells => cells.map(cell => cell.ariaLabel)")
        assert all(("food" in name or "all 4" in name) == used for name in names)
    food.click()
    expect(dim).to_have_count(0)


def test_everyone_can_read_it_on_any_screen(visitor: Visit) -> None:
    page = settled(visitor("/Subnetworks?part=0-head-0"))
    for width, scheme in ((1440, "light"), (390, "dark")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        expect(page.locator(CARD)).to_be_visible()
        cells = page.locator(PICTURE).get_by_role("gridcell")
        expect(cells.first).to_be_visible()
        page.wait_for_timeout(1000)  # fading in changes contrast
        settled(page)
        widths = cells.evaluate_all("cells => cells.map(cell => cell.getBoundingClientRect().width)")
        assert min(widths) >= 8
        assert page.get_by_test_id("stMain").evaluate("main => main.scrollWidth <= main.clientWidth")
        found = [(violation["id"], [node["html"][:200] for node in violation["nodes"]]) for violation
                 in Axe().run(page).response["violations"] if violation["impact"] in ("serious", "critical")]
        assert not found, width
