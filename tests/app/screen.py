"""Driving the app's pages without a browser, and reading what they show."""

import html
import json
import re
from pathlib import Path
from typing import Any

from streamlit.components.v2.bidi_component.main import _make_trigger_id
from streamlit.testing.v1 import AppTest

from sparsecbm.figures.text import percent
from sparsecbm.words.panel_tokens import Piece

ROOT = Path(__file__).parents[2]
#: Quick, for pages whose words do not matter.
QUICK = "gradient-x-input"
HOME, EXPLAIN, SUBNETWORKS = "app.py", "pages/1_Explain.py", "pages/2_Subnetworks.py"


def new_session() -> AppTest:
    """The app before it has shown any page."""
    return AppTest.from_file(str(ROOT / HOME), default_timeout=120)


def open_home() -> AppTest:
    """The first page of a new session."""
    return new_session().run()


def open_alone(page: str, **address: str | list[str]) -> AppTest:
    """A page of a new session that nobody came to by Home, opened by a link with these parts; not run yet."""
    at = AppTest.from_file(str(ROOT / page), default_timeout=120)
    for name, part in address.items():
        at.query_params[name] = part
    return at


def open_explain(**address: str | list[str]) -> AppTest:
    """The Explain page of a new session, opened by a link with these parts."""
    return open_page(new_session(), EXPLAIN, **address)


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
    data: dict[str, Any] = json.loads(_views(at, "panel_tokens")[0].json)
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
    for proto in _views(at, "panel_concepts"):
        data = json.loads(proto.json)
        for answer in (data["before"], data["after"]):
            if answer["title"] == side:
                return {name: percent(share) for name, share in zip(data["labels"], answer["labels"], strict=True)}
    return bars_in("".join(blocks(at)), side)


def bars_in(drawn: str, side: str) -> dict[str, str]:
    """The same of a piece of HTML."""
    spoken = re.findall(rf'aria-label="{side}: ([^"]*)"', drawn)[0]
    found = (re.fullmatch(r"(.+?) (\S+\s%)", part) for part in html.unescape(spoken).split(", "))
    return {match[1]: match[2] for match in found if match}


def heading(at: AppTest, start: str) -> str:
    """The first line of text that starts so."""
    return next(line.value for line in at.markdown if line.value.startswith(start))


def address(at: AppTest) -> dict[str, list[str]]:
    """The parts of the address."""
    return {name: part if isinstance(part, list) else [part] for name, part in at.query_params.items()}


def panel_data(at: AppTest) -> dict[str, Any]:
    """What the concept panel was given to draw."""
    data: dict[str, Any] = json.loads(_views(at, "panel_concepts")[0].json)
    return data


def row(at: AppTest, concept: str) -> dict[str, Any]:
    """The row of a concept in it, with the distribution after the settings."""
    data = panel_data(at)
    k = next(k for k, one in enumerate(data["concepts"]) if one["name"] == concept)
    found: dict[str, Any] = data["concepts"][k] | {"shares": data["after"]["concepts"][k]}
    return found


def cell_views(at: AppTest) -> dict[str, dict[str, Any]]:
    """What every view of coloured cells shows, by its title, and whether it can be pressed."""
    return pages(at, "cells", "pressable")


def pages(at: AppTest, component: str, *more: str) -> dict[str, dict[str, Any]]:
    """What every view of a kind shows of its pages, by its title, with some more of what it was given."""
    views = [json.loads(proto.json) for proto in _views(at, component)]
    shown = [(view["pages"][view["shown"]], view) for view in views if view["shown"] is not None]
    return {page["title"]: page | {name: view[name] for name in more} for page, view in shown}


def press_cell(at: AppTest, title: str, row: int, column: int) -> AppTest:
    """Press a cell, as the browser sends it."""
    view = next(proto for proto in _views(at, "cells")
                if [page["title"] for page in json.loads(proto.json)["pages"].values()] == [title])
    return fine(_trigger(at, view, "pressed", [row, column]))


def press_in_panel(
    at: AppTest, *presses: tuple[Any, ...], first: int = 1, document: str | None = None, clock: Any = None
) -> AppTest:
    """Press in the concept panel, as the browser sends it; `first` counts from the last press that was dealt with.

    Such as ("set", "food", "Positive"), which stands for that value for certain, or ("undo",).
    """
    data = panel_data(at)

    values = dict(zip([one["name"] for one in data["concepts"]], data["values"], strict=True))

    def shares(what: tuple[Any, ...]) -> list[Any]:
        own = values.get(what[1], ()) if len(what) > 1 else ()
        return [[float(value == part) for value in own] if part in own else part for part in what]

    numbered = [[data["turn"] + number, document or data["document"], clock or {}, *shares(what)]
                for number, what in enumerate(presses, first)]
    return _trigger(at, _views(at, "panel_concepts")[0], "presses", numbered)


def _trigger(at: AppTest, view: Any, event: str, value: object) -> AppTest:
    states = at._tree.get_widget_states()
    states.widgets.add(id=_make_trigger_id(view.id, "events"),
                       json_trigger_value=json.dumps([{"event": event, "value": value}]))
    return at._run(states)


def _views(at: AppTest, component: str) -> list[Any]:
    found = (element.proto for element in at.get("bidi_component"))
    return [proto for proto in found if proto.component_name == f"sparsecbm.{component}"]


def table(at: AppTest, *columns: str) -> Any:
    """The first table that has these columns; the folds under the charts are opened for it."""
    open_tables(at)
    return next(frame.value for frame in at.dataframe if set(columns) <= set(frame.value.columns))


def open_tables(at: AppTest) -> AppTest:
    """Open the table under every chart."""
    folds = [key for key in at.session_state._state.filtered_state if str(key).endswith(":table")]
    for key in folds:
        at.session_state[key] = True
    return fine(at.run())


def set_concept(at: AppTest, concept: str, value: str) -> AppTest:
    """Press a concept's button for a value."""
    return press_in_panel(at, ("set", concept, value))


def press(at: AppTest, key_or_label: str) -> AppTest:
    """Press the button of that key or label."""
    return next(b for b in at.button if key_or_label in (b.key, b.label)).click().run()


def section(at: AppTest, name: str) -> AppTest:
    """Choose a section of Subnetworks or Interventions."""
    control = next(one for one in at.get("segmented_control") if one.key.endswith(":section"))
    return fine(control.set_value(name).run())


def segment(at: AppTest, key: str) -> Any:
    """The segmented control of that key."""
    return next(control for control in at.get("segmented_control") if control.key == key)


def submit(at: AppTest, text: str, box: str = "explain:box") -> AppTest:
    """Type a review and press Explain."""
    at.text_area(key=box).set_value(text)
    return press(at, "Explain")
