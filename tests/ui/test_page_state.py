"""A page's value and the address: which of the two wins."""

from streamlit.testing.v1 import AppTest


def page() -> None:
    from dataclasses import dataclass

    import streamlit as st

    from sparsecbm.fields import Field
    from sparsecbm.ui.page_state import PageState

    @dataclass(frozen=True)
    class Value:
        name: str = "none"

    def behind() -> None:
        """The browser still shows the address before; the page ran on."""
        st.query_params["name"] = "old"

    state = PageState("test", Value(), (Field("name"),))
    state.opened()
    state.write()
    state.notices()
    st.button("change", on_click=lambda: state.change(name="new"))
    if st.button("work ended"):
        behind()
        state.run_again()
    st.button("navigated", on_click=behind)
    st.text(state.current.name)


def press(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label == label).click().run()


def address(app: AppTest) -> str:
    name = app.query_params["name"]
    return name if isinstance(name, str) else name[-1]


def opened() -> AppTest:
    app = AppTest.from_function(page)
    app.query_params["name"] = "old"
    app.run()
    assert app.text[0].value == "old"
    press(app, "change")
    assert (app.text[0].value, address(app)) == ("new", "new")
    return app


def test_a_page_that_runs_again_does_not_go_back_to_an_address_that_is_behind() -> None:
    app = press(opened(), "work ended")
    assert (app.text[0].value, address(app)) == ("new", "new")


def test_the_address_wins_where_the_browser_went_there() -> None:
    app = press(opened(), "navigated")
    assert (app.text[0].value, address(app)) == ("old", "old")


def test_running_again_leaves_the_next_navigation_alone() -> None:
    app = press(press(opened(), "work ended"), "navigated")
    assert app.text[0].value == "old"


def test_unknown_names_are_said_in_one_line_and_those_that_programs_add_are_not() -> None:
    app = AppTest.from_function(page)
    for name in ("name", "utm_source", "fbclid", "MC_EID", "embed", "txet", "*b*"):
        app.query_params[name] = "new"
    app.run()
    assert app.text[0].value == "new" and not app.warning
    line = app.markdown[0].value
    assert "txet" in line and r"\*b\*" in line and not any(name in line for name in ("utm", "fbclid", "MC", "embed"))
    assert set(app.query_params) == {"name", "embed"}, "Streamlit keeps what it reads itself"
    assert not press(app, "change").exception and app.markdown, "it stays while the page is used"
