"""The exported page as a reader gets it: a file on disk, no network, either colour scheme."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, expect

from sparsecbm.export import explanation_html
from sparsecbm.figures.style import DARK_PAPER, OPPOSES, PAPER, SUPPORTS
from sparsecbm.types import InterventionResult
from tests.builders import RECEIPT, a_faithfulness, a_prediction, an_attribution, an_explanation
from tests.helpers import HOSTILE

TEXT = f"Good soup, slow waiters. {HOSTILE['html']} {HOSTILE['right to left']}"
SCORES = {"Good": 2.0, "soup": 0.9, "slow": -2.0, "script": -0.6, "tasty": 0.1}
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with every section of the page, of a review full of markup."""
    parts = {"food": [1.5, 0.9, -1.0, -0.3, 0.1], "residual": [0.5, 0.0, -1.0, -0.3, 0.0]}
    explanation = an_explanation(TEXT, an_attribution(TEXT, SCORES, parts=parts),
                                 an_attribution(TEXT, dict.fromkeys(SCORES, 0.5), "food=Positive"), tokens_total=900)
    result = InterventionResult(explanation.prediction, a_prediction(TEXT, "5"), {"food": (0.0, 0.0, 1.0)}, RECEIPT)
    file = tmp_path_factory.mktemp("export") / "explanation.html"
    file.write_text(explanation_html(explanation, result, [a_faithfulness(0.3, [0.1]), a_faithfulness(0.1, [0.3])]),
                    encoding="utf-8")
    return file


@pytest.fixture
def opened(browser: Browser, exported: Path) -> Iterator[Open]:
    """Opens the file for a reader without a network; nothing but the file may be asked for, nothing may go wrong."""
    wrong: list[str] = []
    contexts = []

    def open_file(**settings: object) -> Page:
        context = browser.new_context(offline=True, **settings)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: wrong.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: wrong.append(f"page error: {error}"))
        page.on("dialog", lambda dialog: wrong.append(f"dialog: {dialog.message}"))

        def only_the_file(route: Route) -> None:
            if route.request.url == exported.as_uri():
                route.continue_()
            else:
                wrong.append(f"request: {route.request.url}")
                route.abort()

        page.route("**/*", only_the_file)
        page.goto(exported.as_uri(), wait_until="load")
        return page

    yield open_file
    for context in contexts:
        context.close()
    assert not wrong


def colour(page: Page, selector: str, style: str) -> str:
    """A colour of the first element that matches, as #RRGGBB."""
    channels = page.locator(selector).first.evaluate(
        f"element => getComputedStyle(element).{style}.match(/\\d+/g).slice(0, 3).map(Number)")
    return "#" + "".join(f"{channel:02X}" for channel in channels)


def test_a_reader_without_network_sees_all_of_it(opened: Open) -> None:
    page = opened()
    expect(page.get_by_role("heading", level=1)).to_have_text("The model says: 4 stars (>99\u00a0%)")
    expect(page.get_by_role("blockquote").first).to_contain_text("<script>alert('soup')</script>")
    for heading in ("The label", "How do the concepts make 4 stars?", "Which words did it go by?",
                    "Are these scores faithful to the model?", "What if a concept were different?", "Receipt"):
        expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
    expect(page.get_by_title("−2.00: speaks against it")).to_have_text("slow−2.00")
    expect(page.get_by_text(RECEIPT.checkpoint)).to_be_visible()
    expect(page.get_by_text("first 5 of 900 tokens")).to_be_visible()
    page.get_by_text("Every score as a table").click()
    expect(page.get_by_role("region", name="Every score").get_by_role("row")).to_have_count(len(SCORES) + 1)


@pytest.mark.parametrize(("scheme", "paper"), [("light", PAPER), ("dark", DARK_PAPER)])
def test_it_follows_the_colour_scheme_and_stays_readable(opened: Open, scheme: str, paper: str) -> None:
    page = opened(color_scheme=scheme)
    assert colour(page, "body", "backgroundColor") == paper
    assert colour(page, "[title^='+2.00']", "backgroundColor") == SUPPORTS
    assert colour(page, "[title^='−2.00']", "backgroundColor") == OPPOSES
    page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
    violations = Axe().run(page).response["violations"]
    assert not [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in violations]


def test_on_paper_it_is_light(opened: Open) -> None:
    page = opened(color_scheme="dark")
    page.emulate_media(media="print")
    assert colour(page, "body", "backgroundColor") == PAPER
    assert colour(page, "body", "color") == "#1F2328"


def test_nothing_scrolls_sideways_but_wide_tables(opened: Open) -> None:
    page = opened()
    page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
    for width in (1280, 768, 360):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), width
