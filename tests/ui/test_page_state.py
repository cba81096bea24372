"""A page's value and the address: which of the two wins."""

from streamlit.testing.v1 import AppTest


def page() -> None:
    from dataclasses import dataclass

    import streamlit as st

    from sparsecbm.ui.page_state import Address, Kept

    @dataclass(frozen=True)
    class Value:
        name: str = "none"

    def read(parts: Address) -> tuple[Value, tuple[str, ...]]:
        return Value(parts["name"][-1]), ()

    def behind() -> None:
        """The browser still shows the address before; the page ran on."""
        st.query_params["name"] = "old"

    kept = Kept("test", Value)
    kept.opened(read)
    kept.write({"name": kept.current.name})
    st.button("change", on_click=lambda: kept.change(name="new"))
    if st.button("work ended"):
        behind()
        kept.run_again()
    st.button("navigated", on_click=behind)
    st.text(kept.current.name)


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
