"""Correcting on Explain, Interventions and Failures, on a tiny model and a database of its own."""

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from sparsecbm.corrections.compute_store import CorrectionStore
from sparsecbm.corrections.label_correction import Kept, schema_hash, text_hash
from sparsecbm.data.samples import load_samples
from sparsecbm.schema import CEBAB
from sparsecbm.studies.panel_address import study_store
from sparsecbm.ui.loaded_model import CHECKPOINT_VARIABLE, load_explainer
from tests.app.screen import QUICK, blocks, fine, open_alone
from tests.app.studies_screen import STUDIES, a_study
from tests.corrections.toys import a_correction
from tests.helpers import HOSTILE, saved_checkpoint

TEXT = "The soup was cold, but our waiter was a delight."
PLACES = {"explain": "pages/1_Explain.py", "interventions": "pages/3_Interventions.py",
          "failures": "pages/4_Failures.py"}
BAD = "<img src=x onerror=alert(1)> **bold**"


@pytest.fixture(autouse=True)
def _here(tiny_cebab: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CHECKPOINT_VARIABLE, str(tiny_cebab))
    monkeypatch.setenv("SPARSECBM_DATABASE_URL", f"sqlite:///{tmp_path}/studies.sqlite")


@pytest.fixture
def store(tmp_path: Path) -> CorrectionStore:
    return CorrectionStore.open(f"sqlite:///{tmp_path}/studies.sqlite")


def page(place: str, text: str = TEXT, **parts: str | list[str]) -> AppTest:
    """A page with a text open and the fold too."""
    if place == "failures":
        address: dict[str, Any] = {"open": next(one.id for one in load_samples(CEBAB) if one.text == text)}
    else:
        address = {"text": text, "method": QUICK}
    at = open_alone(PLACES[place], **address | parts)
    at.session_state[f"corrections:{place}:fold"] = True
    return fine(at.run())


def key(at: AppTest, end: str) -> str:
    """The key of a widget of the fold that ends so, or begins so after the text's hash."""
    return next(str(one.key) for one in [*at.button, *at.selectbox, *at.text_input]
                if one.key and one.key.startswith("corrections:") and f":{end}" in one.key)


def correct(at: AppTest, field: str, value: str, who: str = "") -> AppTest:
    """Choose a field and what it really is, and save."""
    if who:
        at.text_input(key=key(at, "who")).set_value(who)
    at = at.selectbox(key=key(at, "field")).set_value(field).run()
    at = at.selectbox(key=key(at, f"{field}:value")).set_value(value).run()
    return at.button(key=key(at, "save")).click().run()


def history(at: AppTest) -> str:
    return next((block for block in blocks(at) if "Corrections of this" in block), "")


@pytest.mark.parametrize("place", PLACES)
def test_a_correction_is_saved_listed_and_undone_and_the_name_is_asked_once(place: str, store: Any) -> None:
    text = TEXT if place != "failures" else load_samples(CEBAB)[3].text
    at = fine(correct(page(place, text), "food", "Positive", " Ada  L. "))
    explainer = load_explainer()
    (kept,) = store.history()
    one = kept.correction
    assert (one.text, one.field, one.new, one.who) == (text, "food", "Positive", "Ada L.")
    assert one.old == explainer.predict(text).value("food") and one.checkpoint == explainer.checkpoint.hash
    assert one.schema == schema_hash(CEBAB) and "Ada L." in history(at) and "counts" in history(at)
    assert not [box for box in at.text_input if str(box.key).endswith(":who")]
    at = fine(correct(at, "label", "2"))
    assert store.history()[1].correction.field == "label" and "2 stars" in history(at)
    at = fine(at.button(key=key(at, f"undo:{one.id}")).click().run())
    assert store.history()[0].undo.who == "Ada L." and "undone by Ada L." in history(at)
    assert not [button for button in at.button if str(button.key).endswith(one.id)]


def test_what_several_people_say_is_compared(store: Any) -> None:
    of = {"text": TEXT, "field": "food", "schema": schema_hash(CEBAB)}
    store.add(a_correction(1, **of, who=BAD), a_correction(2, "Positive", **of, who="Bo"),
              a_correction(3, "unknown", **of, who="Cy"))
    at = page("explain")
    said = next(line.value for line in at.markdown if "people agree" in line.value)
    assert "67" in said and "3 people" in said and "\\*\\*bold" in said
    assert "&lt;img" in history(at) and "<img" not in history(at)


def test_a_value_and_a_name_are_needed_and_said_to_be(store: Any) -> None:
    at = page("explain")
    at = at.button(key=key(at, "save")).click().run()
    assert "name" in at.error[0].value
    at.text_input(key=key(at, "who")).set_value("Ada")
    at = at.button(key=key(at, "save")).click().run()
    assert "value" in at.error[0].value and not store.history()
    at = correct(at, "food", "unknown")
    assert not at.error and len(store.history()) == 1
    at = fine(at.button(key=key(at, "other")).click().run())
    at = fine(correct(at, "food", "Negative", "Bo"))
    assert [kept.correction.who for kept in store.history()] == ["Ada", "Bo"]


def test_a_press_that_comes_twice_is_saved_once(store: Any) -> None:
    at = page("explain")
    at.text_input(key=key(at, "who")).set_value("Ada")
    at = at.selectbox(key=key(at, "field")).set_value("food").run()
    at = at.selectbox(key=key(at, "food:value")).set_value("unknown").run()
    at.button(key=key(at, "save")).click()
    states = at._tree.get_widget_states()
    at = at._run(states)
    at = at._run(states)  # the browser had not heard of the first
    assert not at.exception and len(store.history()) == 1


@pytest.mark.parametrize("text", [HOSTILE["html"], HOSTILE["right to left"], HOSTILE["emoji"]])
def test_hostile_texts_and_names_are_kept_as_they_are_and_shown_escaped(text: str, store: Any) -> None:
    at = fine(correct(page("explain", text), "label", "1", BAD))
    assert store.history(schema_hash(CEBAB), text)[0].correction.text == text
    assert "<img" not in history(at).replace("&lt;img", "")
    assert all("<" not in button.label.replace("\\<", "") for button in at.button)


def test_a_text_that_no_database_holds_says_so(store: Any) -> None:
    at = correct(page("explain", HOSTILE["control characters"]), "label", "1", "Ada")
    assert "null characters" in at.error[0].value and not store.history()


def test_a_database_that_cannot_be_used_is_said_and_the_page_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    for url in (f"sqlite:///{tmp_path}/taken/studies.sqlite", "nonsense"):
        monkeypatch.setenv("SPARSECBM_DATABASE_URL", url)
        at = page("explain")
        assert any("cannot be kept" in info.value for info in at.info) and str(tmp_path) not in at.info[0].value
        assert not [button for button in at.button if "save" in str(button.key)]
        assert any("SparseCBM" in line.value for line in at.markdown)


def test_folded_away_it_asks_no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARSECBM_DATABASE_URL", "nonsense")
    for place in ("explain", "interventions"):
        at = fine(open_alone(PLACES[place], text=TEXT, method=QUICK).run())
        assert not [one for one in at.selectbox if str(one.key).startswith("corrections:")]


def test_a_model_without_concepts_can_be_corrected_in_its_label(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, store: Any
) -> None:
    monkeypatch.setenv(CHECKPOINT_VARIABLE, str(saved_checkpoint(tmp_path / "box", schema=CEBAB, kind="black_box")))
    at = page("explain")
    assert len(at.selectbox(key=key(at, "field")).options) == 1
    assert fine(correct(at, "label", "3", "Ada")) and len(store.history(None, TEXT)) == 1


def test_participants_never_see_it() -> None:
    study = study_store().add_study(a_study(load_explainer()))
    study_store().note(study, "started")
    at = fine(open_alone(STUDIES, study=study).run())
    for _ in range(3):
        assert not [one for one in [*at.expander, *at.button] if "orrect" in one.label and "really" in one.label]
        shown = [str(one.key) for one in [*at.button, *at.selectbox, *at.text_input]]
        assert not [one for one in shown if one.startswith("corrections:")]
        at = at.button[0].click().run() if at.button else at


def test_the_history_is_bounded_on_screen(store: Any) -> None:
    of = {"text": TEXT, "field": "food", "schema": schema_hash(CEBAB)}
    store.add_history([Kept(a_correction(number, **of)) for number in range(25)])
    at = page("explain")
    assert history(at).count("<tr") == 1 + 20 and any("5 older" in line.value for line in at.markdown)
    assert text_hash(TEXT)[:12] in key(at, "field")
