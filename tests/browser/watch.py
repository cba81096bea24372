"""What must never happen on a page, and how to wait until it has settled."""

from collections.abc import Callable
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Request, TimeoutError, expect

#: Opens a path of the app for a new visitor; keywords go to the browser context.
Visit = Callable[..., Page]
LOCAL = {"127.0.0.1", ""}


class Watch:
    """Notes everything that went wrong on one visitor's page."""

    def __init__(self, page: Page, context: BrowserContext) -> None:
        self.page, self.context, self.wrong = page, context, list[str]()
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.wrong.append(f"page error: {error}"))
        page.on("request", self._request)

    def close(self) -> None:
        """Fail when something went wrong; the page is left either way."""
        exceptions = self.page.get_by_test_id("stException").count()
        self.context.close()
        assert not exceptions and not self.wrong, self.wrong

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.wrong.append(f"console: {message.text} at {message.location['url']}")

    def _request(self, request: Request) -> None:
        if (urlsplit(request.url).hostname or "") not in LOCAL:
            self.wrong.append(f"foreign request: {request.url}")


def settled(page: Page) -> Page:
    """The same page, once no script runs any more."""
    page.wait_for_timeout(150)  # a commit must leave the browser first
    page.wait_for_selector("[data-testid=stApp][data-test-connection-state=CONNECTED]"
                           "[data-test-script-state=notRunning]", state="attached", timeout=120_000)
    return page


def bars(page: Page, side: str) -> str:
    """The label probabilities as a screen reader reads them, `Before` or `After`."""
    return page.get_by_role("img", name=f"{side}:").get_attribute("aria-label") or ""


def section(page: Page, title: str) -> Page:
    """Choose a section of a long page."""
    choice = page.locator("[class*=-section]").get_by_role("radio", name=title, exact=True)
    choice.click()
    expect(choice).to_be_checked()
    return settled(page)


def concept_row(page: Page, concept: str) -> Locator:
    """The row of a concept in the concept panel."""
    return page.get_by_role("group", name=concept, exact=True)


def set_concept(page: Page, concept: str, value: str) -> None:
    """Press a concept's button for a value, and wait until the server has answered."""
    button = concept_row(page, concept).get_by_role("radio", name=value, exact=True)
    button.click()
    expect(button).to_be_checked()
    answered(page)


def answered(page: Page) -> None:
    """Wait until the server has answered every press in the concept panel."""
    page.wait_for_function("""() => {
        const panel = [...document.querySelectorAll("[data-testid=stBidiComponentIsolated], div")]
            .map(host => host.shadowRoot?.querySelector(".panel[data-turn]")).find(Boolean);
        return panel && Number(panel.dataset.turn) === panel.turn;
    }""")
    settled(page)


def found_and_drawn_first(page: Page, key: str) -> None:
    """The first chart, and above it what was found, stand on the first screen."""
    chart = page.locator(f".st-key-{key} .js-plotly-plot")
    expect(chart).to_be_in_viewport(ratio=1)
    finding = page.locator("[data-testid=stMain] [data-testid=stMarkdown] strong").first
    assert finding.bounding_box()["y"] < chart.bounding_box()["y"]  # type: ignore[index]


def drag(page: Page, slider: Locator, to: float) -> None:
    """Drag the thumb of a slider to a share 0..1 of its way; the button of the mouse stays down."""
    box = slider.bounding_box()
    assert box is not None
    low, high, value = (float(slider.get_attribute("min") or 0), float(slider.get_attribute("max") or 1),
                        float(slider.input_value()))
    thumb = 16.8

    def at(share: float) -> float:
        return box["x"] + thumb / 2 + share * (box["width"] - thumb)

    page.mouse.move(at((value - low) / (high - low)), box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(at(to), box["y"] + box["height"] / 2, steps=8)


def pick(page: Page, box: Locator, option: str) -> None:
    """Open a list and choose from it. An open list closes when the page moves under it: then it is opened again."""
    box.scroll_into_view_if_needed()
    settled(page)
    wanted = page.get_by_role("option", name=option)
    for _ in range(3):
        box.click()
        try:
            wanted.wait_for(timeout=3000)
            break
        except TimeoutError:
            page.keyboard.press("Escape")
    wanted.click()
    settled(page)


def press_cell(page: Page, chart: str, cell: str) -> None:
    """Click the cell of a map that is called so, as "row, column"."""
    page.locator(f".st-key-{chart}").get_by_role("gridcell", name=cell).click()
    settled(page)


def type_review(page: Page, text: str) -> None:
    """Type a review and press Explain."""
    page.get_by_role("textbox").fill(text)
    page.get_by_role("button", name="Explain", exact=True).click()
    settled(page)
