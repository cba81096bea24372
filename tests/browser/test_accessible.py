"""Both pages under axe-core, in both themes."""

from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.watch import Visit, settled

TEXT = quote("The soup was cold and bland, but our waiter was a delight.")
#: With words, one of them hidden, an incomplete method beside another, a changed concept, a notice about the address.
EXPLAIN = (f"/Explain?text={TEXT}&override=food%3DPositive&label=six&method=gradient-x-input&compare=occlusion"
           "&target=food%3DNegative&hidden=4")


@pytest.mark.parametrize("path", ["/", EXPLAIN], ids=["home", "explain"])
def test_no_serious_violation(visitor: Visit, path: str) -> None:
    page = settled(visitor(path))
    papers = set()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        expect(page.get_by_role("heading", level=3).last).to_be_visible()
        if path == EXPLAIN:
            expect(page.get_by_text("Rank correlation of the two")).to_be_visible()
        page.wait_for_timeout(1000)  # fading in changes contrast
        papers.add(page.get_by_test_id("stApp").evaluate("app => getComputedStyle(app).backgroundColor"))
        found = [(violation["id"], violation["impact"], [node["html"][:200] for node in violation["nodes"]])
                 for violation in Axe().run(settled(page)).response["violations"]]
        assert not [violation for violation in found if violation[1] in ("serious", "critical")], scheme
    assert len(papers) == 2
