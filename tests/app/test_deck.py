"""The presenter deck: what is pinned, how it is arranged, presented, exported and loaded again."""

import json
from pathlib import Path
from typing import Any

import pytest
from streamlit.components.v2.bidi_component.main import _make_trigger_id
from streamlit.testing.v1 import AppTest

from sparsecbm.data.reviews import sample_reviews
from sparsecbm.deck.deck import MOST_SCENES, Deck, deck_to_json
from sparsecbm.deck.figure import check_figure
from sparsecbm.deck.parts import Bars, Chart, Heatmap, Passage
from sparsecbm.failures.panel_state import analysis_of
from sparsecbm.home.panel import sample_failures
from sparsecbm.ui.loaded_model import CHECKPOINT_VARIABLE, load_explainer
from tests.app.screen import (
    EXPLAIN,
    HOME,
    QUICK,
    SUBNETWORKS,
    address,
    blocks,
    fine,
    new_session,
    open_explain,
    open_home,
    open_page,
    press,
    press_in_panel,
)
from tests.deck.scenes import a_chart, a_scene
from tests.helpers import saved_checkpoint

REVIEW = "The soup was cold but the waiter was kind."
INTERVENTIONS, EVALUATION = "pages/3_Interventions.py", "pages/6_Evaluation.py"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small random sparse model."""
    return saved_checkpoint(tmp_path_factory.mktemp("deck") / "tiny")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch, tiny: Path) -> None:
    monkeypatch.setenv(CHECKPOINT_VARIABLE, str(tiny))


def deck(at: AppTest) -> Deck:
    """What the session has pinned."""
    kept: Deck = at.session_state["deck:deck"] if "deck:deck" in at.session_state else Deck()
    return kept


def home_with(*titles: str) -> AppTest:
    """Home of a session that has pinned some scenes."""
    at = new_session()
    at.session_state["deck:deck"] = Deck(tuple(a_scene(title, Passage(f"{title} is shown"), a_chart())
                                               for title in titles))
    return fine(at.run())


def pinned(at: AppTest, key: str, title: str | None = None) -> AppTest:
    """Open a pin, call the scene something, and press."""
    at.session_state[f"pin:{key}"] = True
    at.run()
    if title is not None:
        at.text_input(key=f"pin:{key}:title").set_value(title)
    return press(at, f"pin:{key}:go")


def component(at: AppTest, name: str) -> Any:
    """What the browser was given of one of the deck's components."""
    return next(element.proto for element in at.get("bidi_component")
                if element.proto.component_name == f"sparsecbm.{name}")


def cards(at: AppTest) -> list[dict[str, Any]]:
    """The cards of the scenes, in their order."""
    found: list[dict[str, Any]] = json.loads(component(at, "panel_order").json)["cards"]
    return found


def sent(at: AppTest, name: str, event: str, value: object) -> AppTest:
    """What the browser sends for something done to a component."""
    states = at._tree.get_widget_states()
    states.widgets.add(id=_make_trigger_id(component(at, name).id, "events"),
                       json_trigger_value=json.dumps([{"event": event, "value": value}]))
    return fine(at._run(states))


def moved(at: AppTest, number: int, to: int) -> AppTest:
    """A card dragged to another place."""
    return sent(at, "panel_order", "act", {"kind": "move", "number": number, "to": to})


def turn(at: AppTest, to: int | None, number: int = 1) -> AppTest:
    """Press a key while a deck is presented, as the browser sends it; `number` counts the session's presses."""
    return sent(at, "panel_present", "pressed", {"at": to, "turn": number})


def test_words_are_pinned_survive_a_page_change_and_are_presented_without_the_model(
    monkeypatch: pytest.MonkeyPatch
) -> None:
    at = fine(pinned(open_explain(text=REVIEW, method=QUICK), "words", "<b>Cold</b> soup"))
    assert len(at.success) == 1
    assert len(deck(fine(press(at, "pin:words:go"))).scenes) == 1  # the second half of a double click
    scene = deck(at).scenes[0]
    words = next(part for part in scene.parts if isinstance(part, Heatmap))
    assert words.text == REVIEW and [word.text for word in words.words][:3] == ["The", "soup", "was"]
    assert (scene.page, dict(scene.query)) == ("Explain", {"text": REVIEW, "method": QUICK})
    assert scene.checkpoint == load_explainer().checkpoint.hash and "Gradient × input" in scene.receipt
    at = fine(open_page(at, HOME))
    assert [card["title"] for card in cards(at)] == ["<b>Cold</b> soup"]
    monkeypatch.setenv(CHECKPOINT_VARIABLE, "/nowhere")
    at = fine(press(at, "deck:present"))
    assert address(at)["present"] == ["0"] and "<h1" in "".join(blocks(at))
    at = turn(at, 1)
    assert address(at)["present"] == ["1"]
    shown = "".join(block for block in blocks(at) if not block.startswith("<style>"))
    assert "&lt;b&gt;Cold&lt;/b&gt; soup" in shown and "waiter" in shown and "<b>" not in shown
    assert not at.button and not at.text_area


def allowed_charts(at: AppTest) -> int:
    """How many charts a page has, all of which could be pinned."""
    drawn = at.get("plotly_chart")
    for chart in drawn:
        spec = json.loads(chart.proto.spec)
        spec["layout"].pop("template", None)
        check_figure(json.dumps({name: spec[name] for name in ("data", "layout")}))
    return len(drawn)


def test_a_chart_is_pinned_on_both_papers_and_made_only_then(monkeypatch: pytest.MonkeyPatch) -> None:
    at = fine(open_page(new_session(), SUBNETWORKS))
    assert allowed_charts(at)
    at = fine(pinned(at, "subnetworks:sharing"))
    kept = deck(at).scenes[0].parts[0]
    assert isinstance(kept, Chart) and kept.light != kept.dark and kept.table is not None and kept.alt
    monkeypatch.setattr("sparsecbm.ui.chart.chart_part", lambda *_: pytest.fail("nobody pinned"))
    fine(at.run())


def test_what_a_person_set_is_pinned_as_it_stands_when_it_is_pressed() -> None:
    at = open_page(new_session(), INTERVENTIONS, text="The soup was tasty.")
    at.session_state["pin:interventions"] = True
    at = press_in_panel(fine(at.run()), ("set", "soup", "Positive"))
    at = fine(press(at, "pin:interventions:go"))
    result = load_explainer().override(load_explainer().predict("The soup was tasty."), {"soup": (0.0, 0.0, 1.0)})
    before, after = [part for part in deck(at).scenes[0].parts if isinstance(part, Bars)]
    assert before.rows[0][1] == pytest.approx(float(result.before.label_probabilities[0]), abs=1e-6)
    assert after.rows[0][1] == pytest.approx(float(result.after.label_probabilities[0]), abs=1e-6)
    assert before.pale and not after.pale


def test_a_failure_is_pinned_from_home_and_a_pin_says_why_it_cannot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(CHECKPOINT_VARIABLE)
    for section, charts in {"scores": 2, "correction": 4}.items():
        assert allowed_charts(open_page(new_session(), EVALUATION, section=section)) == charts
    at, explainer = open_home(), load_explainer()
    samples = sample_reviews(explainer.schema)
    analysis = analysis_of(explainer, samples)
    row = sample_failures(explainer, analysis)[0].row
    key = f"failure:{samples.ids[row]}"
    at = pinned(at, key)
    quote, *notes, bars, values = deck(fine(at)).scenes[0].parts  # a note where the text is unlike the training texts
    assert [part.kind for part in (quote, *notes, bars, values)] == ["text", *("text" for _ in notes), "bars", "table"]
    assert isinstance(quote, Passage) and quote.text == samples.texts[row]
    assert isinstance(bars, Bars) and dict(bars.rows)[bars.top] == pytest.approx(
        float(analysis.predictions.label_probabilities[row].max()), abs=1e-5)
    at.text_input(key=f"pin:{key}:title").set_value("  ")
    at = press(at, f"pin:{key}:go")
    assert "no title" in at.error[0].value and len(deck(at).scenes) == 1
    at.session_state["deck:deck"] = Deck((a_scene("A", Passage("x")),) * MOST_SCENES)
    at.text_input(key=f"pin:{key}:title").set_value("One too many")
    at = press(at, f"pin:{key}:go")
    assert "101 scenes" in at.error[0].value and len(deck(at).scenes) == MOST_SCENES


def test_scenes_are_moved_renamed_and_deleted() -> None:
    at = home_with("A", "B", "C")
    at = moved(moved(at, 0, 2), 0, 0)
    assert [scene.title for scene in deck(at).scenes] == ["B", "C", "A"] == [card["title"] for card in cards(at)]
    at = sent(at, "panel_order", "act", {"kind": "choose", "number": 2})
    box = next(box for box in at.text_input if (box.key or "").startswith("deck:title:"))
    assert box.value == "A"
    box.set_value("A*")
    at = fine(press(at, "deck:rename"))
    assert [scene.title for scene in deck(at).scenes] == ["B", "C", "A*"]
    at = fine(press(at, "deck:delete"))
    assert [scene.title for scene in deck(at).scenes] == ["B", "C"]
    at = fine(press(at, "deck:clear-now"))
    assert not deck(at).scenes and any("Nothing is pinned yet" in line.value for line in at.markdown)


def test_a_deck_from_a_file_is_added_and_a_hostile_one_is_refused() -> None:
    at = home_with("A")
    data = deck_to_json(Deck((a_scene("B"), a_scene("<script>alert(1)</script>"))))
    at.file_uploader[0].set_value(("deck.json", data.encode(), "application/json"))
    at = fine(press(at.run(), "deck:add"))
    assert [scene.title for scene in deck(at).scenes] == ["A", "B", "<script>alert(1)</script>"]
    assert not any("<script>" in block for block in blocks(at))
    evil = data.replace('\\"layout\\":{', '\\"layout\\":{\\"images\\":[{\\"source\\":\\"https://evil.example\\"}],', 1)
    assert evil != data
    at.file_uploader[0].set_value(("evil.json", evil.encode(), "application/json"))
    at = press(at.run(), "deck:add")
    assert "images" in at.error[0].value and len(deck(at).scenes) == 3
    assert not press(at, "deck:dismiss").error


def test_keys_turn_the_scenes_and_escape_leaves() -> None:
    at = press(home_with("A", "B", "C"), "deck:present")
    at = turn(at, 2)
    assert "B is shown" in "".join(blocks(at)) and address(at)["present"] == ["2"] and at.get("plotly_chart")
    assert "C is shown" in "".join(blocks(turn(at, 3, number=2)))
    at = turn(at, None, number=3)
    assert "present" not in address(at) and any("Presenter deck" in line.value for line in at.markdown)
    assert len(deck(at).scenes) == 3


def test_the_address_says_which_slide_is_shown() -> None:
    at = home_with("A", "B")
    for given, slide in (("2", 2), ("99", 2), ("1", 1), ("0", 0), ("-1", 0), ("x", 0), ("²", 0)):
        at.query_params["present"] = given
        at = fine(at.run())
        shown = "".join(blocks(at))
        seen = ['<div class="cover">' in shown, "A is shown" in shown, "B is shown" in shown]
        assert seen.index(True) == slide and sum(seen) == 1
        assert address(at)["present"] == [str(slide)]
    del at.query_params["present"]  # as the browser's way back does
    assert any("Presenter deck" in line.value for line in fine(at.run()).markdown)


def test_the_cover_has_the_decks_title() -> None:
    at = home_with("A")
    at = fine(at.text_input(key="deck:title").set_value("Why it fails").run())
    assert deck(at).title == "Why it fails" and "Why it fails" in "".join(blocks(press(at, "deck:present")))


def test_a_session_without_a_deck_says_so_and_leads_on() -> None:
    at = new_session()
    at.query_params["present"] = "1"
    at = fine(at.run())
    assert "no deck to present" in at.info[0].value
    at = fine(press(at, "deck:leave"))
    assert any("Nothing is pinned yet" in line.value for line in at.markdown) and "present" not in address(at)


def test_a_scene_leads_back_to_where_it_was_pinned() -> None:
    at = home_with("A")
    link = next(link.proto for link in at.get("page_link") if link.proto.label == "Where it was pinned")
    assert link.page == "Explain" and link.query_string == "text=good+soup&override=food%3DPositive"
    assert EXPLAIN.endswith(f"{link.page}.py")
