"""Every page with two models of two schemas: one visitor switches, and nothing of one model shows in the other."""

import os
import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from sparsecbm.model.checkpoint import CONFIG_FILE
from sparsecbm.schema import CEBAB, IMDB_C
from sparsecbm.shipped import CHECKPOINT_VARIABLE, CHECKPOINTS_VARIABLE
from sparsecbm.studies.panel_address import study_store
from sparsecbm.studies.panel_builder_draft import DRAFT
from sparsecbm.studies.protocol import Case
from sparsecbm.ui.loaded_model import LOADED, explainer_with
from tests.app.screen import (
    EXPLAIN,
    HOME,
    QUICK,
    ROOT,
    SUBNETWORKS,
    address,
    blocks,
    fine,
    open_page,
    panel_data,
    row,
)
from tests.app.studies_screen import STUDIES, a_study, agree, click
from tests.app.studies_screen import opened as participant
from tests.helpers import saved_checkpoint

INTERVENTIONS, FAILURES, EVALUATION = "pages/3_Interventions.py", "pages/4_Failures.py", "pages/6_Evaluation.py"
PAGES = (HOME, EXPLAIN, SUBNETWORKS, INTERVENTIONS, FAILURES, STUDIES, EVALUATION)
FOOD, FILM = "The soup was cold.", "The plot was dull."
#: What only one of the two would say.
OF_FOOD = re.compile(r"(?i)\b(restaurant\w*|food|ambiance|noise|[1-5] stars?|rating|waiter|soup|cebab\b(?!-tiny))")
OF_FILMS = re.compile(r"(?i)\b(storyline|emotional arousal|cinematography|sentiment|plot)\b")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("models")
    saved_checkpoint(root / "meals", schema=CEBAB)
    saved_checkpoint(root / "films", schema=IMDB_C, max_tokens=12)
    return root


@pytest.fixture(autouse=True)
def _two(folders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CHECKPOINT_VARIABLE, str(folders / "meals"))
    monkeypatch.setenv(CHECKPOINTS_VARIABLE, str(folders))
    monkeypatch.setenv("SPARSECBM_DATABASE_URL", f"sqlite:///{tmp_path}/studies.sqlite")
    monkeypatch.setattr("sparsecbm.ui.offered.CHECKPOINTS", tmp_path / "none ship")


def opened(page: str, **parts: str | list[str]) -> AppTest:
    """A page of a new session, from which one can go to the others."""
    return fine(open_page(AppTest.from_file(str(ROOT / HOME), default_timeout=120), page, **parts))


def choose(at: AppTest, name: str) -> AppTest:
    return fine(at.sidebar.radio(key="models:choice").set_value(name).run())


def everything(at: AppTest) -> str:
    """All that the page says, without the sidebar, whose chooser names every model."""
    kinds = ("markdown", "info", "warning", "success", "code", "caption", "table", "dataframe")
    said = [str(one.value) for kind in kinds for one in at.main.get(kind)] + blocks(at)
    said += [str((one.label, one.proto)) for kind in ("text_area", "text_input", "selectbox", "multiselect", "button",
                                                     "segmented_control", "expander") for one in at.main.get(kind)]
    return "\n".join([*said, *(str(one.proto) for one in at.get("bidi_component"))])


@pytest.mark.parametrize("page", PAGES)
def test_a_page_says_nothing_of_the_other_models_subject(page: str) -> None:
    at = opened(page, text=FOOD, method=QUICK) if page in (EXPLAIN, INTERVENTIONS) else opened(page)
    assert not OF_FILMS.findall(everything(at))
    choose(at, "films")
    assert address(at)["model"] == ["films"] and not OF_FOOD.findall(everything(at))
    assert not OF_FOOD.findall(everything(opened(page, model="films")))
    choose(at, "meals")
    assert not OF_FILMS.findall(everything(at)) and "model" not in at.query_params


def test_a_text_and_what_was_set_for_it_stay_with_their_model() -> None:
    at = opened(EXPLAIN, text=FOOD, override="food=Positive", method=QUICK)
    choose(at, "films")
    assert at.text_area(key="explain:box").value == "" and not at.get("bidi_component")
    films = opened(EXPLAIN, model="films", text=FILM, override="acting=Negative", method=QUICK)
    choose(films, "meals")
    assert at.text_area(key="explain:box").value == ""
    choose(films, "films")
    assert row(films, "acting")["shares"] == [1.0, 0.0, 0.0] and films.text_area(key="explain:box").value == FILM
    choose(at, "meals")
    assert row(at, "food")["shares"] == [0.0, 0.0, 1.0] and address(at)["override"] == ["food=Positive"]
    for page in (INTERVENTIONS, SUBNETWORKS, EXPLAIN):  # the links of the menu keep the model
        links = [link.proto.query_string for link in choose(at, "films").sidebar.get("page_link")]
        assert links == ["model=films"] * len(PAGES)
        fine(open_page(choose(at, "meals"), page))
    assert panel_data(at)["concepts"]


def test_what_was_chosen_on_other_pages_stays_with_its_model_too() -> None:
    at = opened(SUBNETWORKS, pair=["food", "noise"])
    at.session_state["subnetworks:out"] = ("what was taken out",)
    at.session_state["revision:history"] = "revisions"
    before = {"pair": ["food", "noise"]}
    choose(at, "films")
    assert address(at) == {"model": ["films"]} and "subnetworks:out" not in at.session_state
    assert "revision:history" not in at.session_state
    fine(open_page(at, FAILURES, model="films"))
    fine(open_page(at, SUBNETWORKS, model="films", pair=["acting", "storyline"]))
    at.session_state["subnetworks:out"] = ()
    choose(at, "meals")
    assert address(at) == before and at.session_state["subnetworks:out"] == ("what was taken out",)
    at.session_state["subnetworks:out"] = ()
    fine(open_page(at, FAILURES, true="2"))
    slice_ = address(at)
    assert slice_ == {"true": ["2"]}
    assert address(choose(at, "films")) == {"model": ["films"]}
    assert address(choose(at, "meals")) == slice_
    fine(open_page(at, STUDIES))
    at.text_input(key=DRAFT.key("name")).set_value("Meals").run()
    assert fine(choose(at, "films")).text_input(key=DRAFT.key("name")).value == ""
    assert fine(choose(at, "meals")).text_input(key=DRAFT.key("name")).value == "Meals"


def test_a_long_text_is_cut_where_its_own_model_stops() -> None:
    long = "The plot was dull and the waiter was rude and it rained all day long."
    at = opened(EXPLAIN, model="films", text=long, method=QUICK)
    assert any("first 12 of" in one.value for one in at.warning)
    assert not any("tokens" in one.value for one in opened(EXPLAIN, text=long, method=QUICK).warning)


def test_one_visitors_choice_is_not_anothers_and_nothing_is_loaded_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    at, neighbour = opened(EXPLAIN, text=FOOD, method=QUICK), opened(EXPLAIN, text=FOOD, method=QUICK)
    choose(at, "films")
    monkeypatch.setattr("sparsecbm.service.load_checkpoint", lambda *_: pytest.fail("a model was read again"))
    assert panel_data(fine(neighbour.run()))["concepts"][0]["name"] == "food"
    choose(at, "meals"), choose(at, "films"), choose(neighbour, "films"), choose(neighbour, "meals")
    assert "model" in at.query_params and "model" not in neighbour.query_params


def test_a_model_that_cannot_be_read_is_an_error_in_place_and_the_others_stay(folders: Path, tmp_path: Path,
                                                                              monkeypatch: pytest.MonkeyPatch) -> None:
    saved_checkpoint(tmp_path / "more" / "torn")
    weights = tmp_path / "more" / "torn" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:500])
    (tmp_path / "more" / "blank").mkdir()
    (tmp_path / "more" / "blank" / CONFIG_FILE).write_text("{}", encoding="utf-8")
    monkeypatch.setenv(CHECKPOINTS_VARIABLE, os.pathsep.join([str(folders), str(tmp_path / "more")]))
    at = opened(EXPLAIN, text=FOOD, method=QUICK)
    for name in ("torn", "blank"):
        at.sidebar.radio(key="models:choice").set_value(name).run()
        assert not at.exception and "cannot be loaded" in at.error[0].value and address(at) == {"model": [name]}
        assert len(at.sidebar.radio(key="models:choice").options) == 4
    assert choose(at, "meals").text_area(key="explain:box").value == FOOD


def test_a_study_runs_on_its_own_model_and_offers_no_other(folders: Path) -> None:
    films = explainer_with(LOADED.hash_of(str(folders / "films")) or "")
    meals = explainer_with(LOADED.hash_of(str(folders / "meals")) or "")
    assert films is not None and meals is not None
    study = study_store().add_study(a_study(films, schema=IMDB_C, arms=("overrides",),
                                            cases=(Case("c0", FILM, "Negative", {"acting": "Negative"}),)))
    study_store().note(study, "started")
    at = fine(click(agree(participant(study=study)), "Open the case"))
    assert at.radio[0].options == list(IMDB_C.label_display)
    assert not at.sidebar.radio and not at.sidebar.get("popover") and "model" not in at.query_params
    at.radio[0].set_value("Negative")
    at.radio[1].set_value(1)
    at = fine(click(at, "Send my answer"))
    assert "Send my final answer" in [button.label for button in at.button]
    other = opened(STUDIES, section="run")
    assert not any("is not here" in one.value for one in other.markdown)
    assert other.sidebar.radio(key="models:choice").value == "meals"
