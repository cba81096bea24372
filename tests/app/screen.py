"""Driving the app's pages without a browser, and reading what they show."""

import html
import json
import re
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

from sparsecbm.ui.tokens import Piece

ROOT = Path(__file__).parents[2]
#: Quick, for pages whose words do not matter.
QUICK = "gradient-x-input"
HOME, EXPLAIN, SUBNETWORKS = "app.py", "pages/1_Explain.py", "pages/2_Subnetworks.py"


def open_home() -> AppTest:
    """The first page of a new session."""
    return AppTest.from_file(str(ROOT / HOME), default_timeout=120).run()


def open_explain(**address: str | list[str]) -> AppTest:
    """The Explain page of a new session, opened by a link with these parts."""
    return open_page(open_home(), EXPLAIN, **address)


def open_page(at: AppTest, page: str, **address: str | list[str]) -> AppTest:
    """Another page of the same session, opened by a link with these parts."""
    at.switch_page(page)
    for name, part in address.items():
        at.query_params[name] = part
    return at.run()


def fine(at: AppTest) -> AppTest:
    """The same page, after making sure that nothing failed on it."""
    assert not at.exception, at.exception
    assert not at.error, [error.value for error in at.error]
    return at


def blocks(at: AppTest) -> list[str]:
    """Every piece of HTML on the page."""
    return [element.proto.body for element in at.get("html")]


def view_data(at: AppTest) -> dict[str, Any]:
    """What the large view of the words was given to draw."""
    data: dict[str, Any] = json.loads(at.get("bidi_component")[0].proto.json)
    return data


def words(at: AppTest) -> list[Piece]:
    """The words of the large view, in order, also those in folds."""
    pieces = [inner for piece in view_data(at)["pieces"] for inner in piece.get("inside", [piece])]
    return [piece for piece in pieces if "word" in piece]


def shown_text(at: AppTest) -> str:
    """Every character of the large view, without the scores."""
    pieces = [inner for piece in view_data(at)["pieces"] for inner in piece.get("inside", [piece])]
    return "".join(piece["shown"] if "word" in piece else piece["text"] for piece in pieces)


def bars(at: AppTest, side: str) -> dict[str, str]:
    """Label probabilities as drawn under `Before` or `After`, e.g. {"1 star": "4 %"}."""
    spoken = next(match[1] for block in blocks(at) if (match := re.search(rf'aria-label="{side}: ([^"]*)"', block)))
    found = (re.fullmatch(r"(.+?) (\S+\s%)", part) for part in html.unescape(spoken).split(", "))
    return {match[1]: match[2] for match in found if match}


def heading(at: AppTest, start: str) -> str:
    """The first line of text that starts so."""
    return next(line.value for line in at.markdown if line.value.startswith(start))


def address(at: AppTest) -> dict[str, list[str]]:
    """The parts of the address."""
    return {name: part if isinstance(part, list) else [part] for name, part in at.query_params.items()}


def set_concept(at: AppTest, concept: str, value: str) -> AppTest:
    """Press a concept's button for a value."""
    return segment(at, f"explain:set:{concept}").set_value(value).run()


def press(at: AppTest, key_or_label: str) -> AppTest:
    """Press the button of that key or label."""
    return next(b for b in at.button if key_or_label in (b.key, b.label)).click().run()


def segment(at: AppTest, key: str) -> Any:
    """The segmented control of that key."""
    return next(control for control in at.get("segmented_control") if control.key == key)


def submit(at: AppTest, text: str, box: str = "explain:box") -> AppTest:
    """Type a review and press Explain."""
    at.text_area(key=box).set_value(text)
    return press(at, "Explain")
