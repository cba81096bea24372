"""The model of a session: the address and the chooser, and what is kept of each model apart."""

import os
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from sparsecbm.schema import CEBAB, IMDB_C
from sparsecbm.shipped import CHECKPOINT_VARIABLE, CHECKPOINTS_VARIABLE
from tests.ui.test_offered import settings

FIRST, OTHER = "first", "other"


def page() -> None:
    import streamlit as st

    from sparsecbm.ui.chosen_model import (
        chosen_model,
        draw_for_model,
        model_chooser,
        open_model,
        unknown_model_notice,
        with_model,
    )

    def put() -> None:
        st.session_state["own"] = chosen_model().name
        st.session_state["deck:deck"] = "of all"

    model_chooser(open_model())
    draw_for_model()
    unknown_model_notice()
    st.text(f"at {chosen_model().name}, kept {st.session_state.get('own')}, {st.session_state.get('deck:deck')}")
    st.text(f"link {with_model({'text': 'a'})}")
    st.text(f"early {st.session_state.get('lasting')} {st.session_state.get('passing')}")
    st.button("put", on_click=put)
    st.text_input("lasting", key="lasting", persist_state="session")
    st.text_input("passing", key="passing")
    st.text_input("called", key="called", on_change=put)


@pytest.fixture(autouse=True)
def _two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CHECKPOINT_VARIABLE, str(settings(tmp_path / "a" / FIRST, CEBAB)))
    settings(tmp_path / "b" / OTHER, IMDB_C)
    monkeypatch.setenv(CHECKPOINTS_VARIABLE, str(tmp_path / "b"))
    monkeypatch.setattr("sparsecbm.ui.offered.CHECKPOINTS", tmp_path / "none ship")


def opened(**address: str) -> AppTest:
    app = AppTest.from_function(page)
    for name, part in address.items():
        app.query_params[name] = part
    return app.run()


def choose(app: AppTest, name: str) -> AppTest:
    return app.radio(key="models:choice").set_value(name).run()


def press(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label == label).click().run()


def at(app: AppTest) -> str:
    assert not app.exception
    return app.text[0].value


def test_the_choice_stands_in_the_address_and_comes_back_from_it() -> None:
    app, neighbour = opened(text="of the first"), opened()
    assert at(app).startswith("at first") and "model" not in app.query_params
    choose(app, OTHER)
    assert at(app).startswith("at other") and app.query_params == {"model": OTHER}, "the text was the other model's"
    assert "'model': 'other'" in app.text[1].value
    assert at(opened(model=OTHER)).startswith("at other") and at(neighbour.run()).startswith("at first")
    choose(app, FIRST)
    assert at(app).startswith("at first") and not app.query_params
    app.query_params.update(model=OTHER, text="of the other")  # a link that is followed within the session
    assert at(app.run()).startswith("at other") and set(app.query_params) == {"model", "text"}
    del app.query_params["model"]  # back in the browser's history
    assert at(app.run()).startswith("at first")


def test_an_unknown_name_says_what_there_is_and_shows_the_default() -> None:
    app = opened(model="nothing", text="a")
    assert at(app).startswith("at first") and set(app.query_params) == {"text"}
    assert all(name in app.warning[0].value for name in ("nothing", FIRST, OTHER))
    assert app.run().warning, "until it is dismissed"
    assert not press(app, "Dismiss").warning
    choose(opened(model="nothing"), OTHER)


def test_what_was_made_with_one_model_is_put_away_and_comes_back() -> None:
    app = press(opened(), "put")
    for key in ("lasting", "passing"):
        app.text_input(key=key).set_value(f"{key} of the first")
    assert at(app.run()) == "at first, kept first, of all"
    choose(app, OTHER)
    assert at(app) == "at other, kept None, of all" and app.text[2].value == "early None None"
    assert [box.value for box in app.text_input] == ["", "", ""]
    app.text_input(key="lasting").set_value("of the other")
    press(app, "put")
    choose(app, FIRST)
    assert at(app) == "at first, kept first, of all"
    assert [box.value for box in app.text_input] == ["lasting of the first", "", ""], "as when one leaves a page"
    choose(app, OTHER)
    assert at(app) == "at other, kept other, of all" and app.text_input(key="lasting").value == "of the other"


def test_a_late_press_on_a_widget_of_the_model_before_changes_nothing() -> None:
    app = opened()
    called, chooser = app.text_input(key="called").proto.id, app.radio(key="models:choice").proto.id
    choose(app, OTHER)
    assert app.text_input(key="called").proto.id != called, "the browser draws another widget"
    assert app.radio(key="models:choice").proto.id == chooser, "but the same chooser"
    late = app._tree.get_widget_states()
    late.widgets.add(id=called, string_value="late")
    assert at(app._run(late)) == "at other, kept None, None" and app.text_input(key="called").value == ""


def test_one_model_is_named_and_not_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CHECKPOINTS_VARIABLE, os.pathsep)
    app = opened(model=FIRST)
    assert not app.radio and FIRST in app.markdown[0].value and not app.query_params and not app.warning


def test_a_model_that_is_gone_gives_way_to_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    app = choose(opened(), OTHER)
    monkeypatch.delenv(CHECKPOINTS_VARIABLE)
    assert at(app.run()).startswith("at first") and OTHER in app.warning[0].value
