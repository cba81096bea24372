"""What is served for a page that is opened by its own link."""

from pathlib import Path

from sparsecbm.ui.shell import page_routes

PAGES = Path(__file__).parents[2] / "pages"


def test_every_page_tells_the_browser_where_its_server_is() -> None:
    routes = {route.path: route for route in page_routes()}
    assert set(routes) == {f"/{page.stem.partition('_')[2]}" for page in PAGES.glob("*.py")}
    for route in routes.values():
        served = route.endpoint(None)
        text = served.body.decode()
        assert text.index("BACKEND_BASE_URL") < text.index('<script type="module"'), "it is known before it is asked"
        assert served.headers["cache-control"] == "no-cache"
