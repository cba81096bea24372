"""What belongs to one text never reaches another one, however late a browser says it."""

from streamlit.testing.v1 import AppTest


def page() -> None:
    import streamlit as st

    from sparsecbm.ui.session import at_hand, change, chosen, current_view, seed_widget, start_review, text_key

    def label_chosen(key: str) -> None:
        if chosen(key):
            change(label=st.session_state[key])

    view = current_view()
    key = text_key("label")
    st.radio("label", ["1", "2"], key=key, index=["1", "2"].index(seed_widget(key, view.label or "1")),
             on_change=label_chosen, args=(key,))
    for text in ("one", "two"):
        st.button(text, on_click=start_review, args=(text,))
    keys = st.session_state.setdefault("keys", [])
    keys.append(key)
    st.button("late", on_click=lambda: label_chosen(keys[0]), args=())
    st.text(f"{view.text}: {view.label}, {key}, {at_hand(keys[0])}")


def press(app: AppTest, label: str) -> str:
    return str(next(button for button in app.button if button.label == label).click().run().text[0].value)


def test_another_text_has_other_widgets_and_those_of_the_last_one_set_nothing() -> None:
    app = AppTest.from_function(page, default_timeout=60).run()
    assert press(app, "one") == "one: None, label, True", "there was no text before, so no widget of it"
    app.radio[0].set_value("2").run()
    assert app.text[0].value.startswith("one: 2")
    assert press(app, "two") == "two: None, label#1, False"
    app.session_state["label"] = "2"
    assert press(app, "late") == "two: None, label#1, False"
    app.radio[0].set_value("2").run()
    assert app.text[0].value.startswith("two: 2")
    assert press(app, "two") == "two: None, label#2, False", "the same text asked for again begins anew, too"
