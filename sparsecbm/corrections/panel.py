"""Say what the label or a concept of the text at hand really is; folded away until somebody wants to.

What is said changes no prediction: it is kept for whoever trains the model anew.
"""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from sparsecbm.corrections.label_correction import (
    Correction,
    Kept,
    agreements,
    answer_title,
    answers_of,
    field_title,
    fields_of,
    in_order,
    schema_hash,
    standing,
    text_hash,
)
from sparsecbm.corrections.panel_store import (
    NO_FILE,
    another_person,
    correction_store,
    current_form,
    is_current,
    name_field,
    next_form,
    save,
    store_or_say_why,
    take_name,
    the_person,
)
from sparsecbm.errors import InputError
from sparsecbm.figures.text import listed, percent
from sparsecbm.schema import ConceptSchema
from sparsecbm.service import Explainer
from sparsecbm.studies.panel_address import time_words
from sparsecbm.types import LABEL_TARGET
from sparsecbm.ui.action_result import attempt, show_result
from sparsecbm.ui.loaded_model import load_explainer
from sparsecbm.ui.safe_text import as_markdown, table_html
from sparsecbm.ui.shell import errors_shown, note

#: So many corrections of a text are listed, the newest.
MOST_LISTED = 20
HELP = ("Kept with your name, the time and what the model says now. It changes no prediction: it is there for whoever "
        "trains the model anew, and everybody who uses this server sees it. If the model is right, you can confirm it.")


@st.fragment
def correction_fold(text: str, place: str) -> None:
    """The form, and what people said of this text; `place` tells the folds of several pages apart."""
    schema = load_explainer().schema
    title = f"Is the {as_markdown(schema.label_title)} or a concept wrong? Say what it really is"
    fold = st.expander(title, key=f"corrections:{place}:fold", on_change="rerun", icon=":material/edit_note:")
    if fold.open:
        with fold, errors_shown():
            _content(load_explainer(), text, f"corrections:{place}:{text_hash(text)[:12]}")


def _content(explainer: Explainer, text: str, key: str) -> None:
    schema, store = explainer.schema, store_or_say_why()
    if store is None:
        return
    history = in_order(store.history(schema_hash(schema), text))
    counting = standing(history)
    _form(explainer, text, key)
    show_result(key)
    mine = [one for one in counting if one.who == the_person()]
    if mine:
        with st.container(horizontal=True, gap="small"):
            for one in mine:
                st.button(f"Undo: {_really(one, schema)}", key=f"{key}:undo:{one.id}", icon=":material/undo:",
                          on_click=attempt, args=(key, partial(_undo, one, schema), NO_FILE))
    for found in agreements(history):
        if found.people > 1:
            said = [f"{answer_title(schema, found.field, value)} ({listed(names)})"
                    for value, names in found.votes.items()]
            note(as_markdown(f"{field_title(schema, found.field)}: {percent(found.share)} of {found.people} people "
                             f"agree: {'; '.join(said)}"))
    if history:
        _history(history, {one.id for one in counting}, schema)


def _form(explainer: Explainer, text: str, key: str) -> None:
    """Name, field, value and button in one row."""
    schema = explainer.schema
    every = fields_of(schema, explainer.checkpoint.kind != "black_box")
    said = {field: predicted(explainer, text, field) for field in every}

    def with_prediction(field: str) -> str:
        return f"{field_title(schema, field)} (model: {answer_title(schema, field, said[field])})"

    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        name_field(key)
        field = st.selectbox("What is it about?", every, key=f"{key}:field", width=230, format_func=with_prediction,
                             help=HELP)
        value = st.selectbox("It is really", answers_of(schema, field), None, key=f"{key}:{field}:value", width=170,
                             placeholder="choose", format_func=lambda value: answer_title(schema, field, value))
        form = current_form(key)
        st.button("Save", key=f"{key}:save:{form}", type="primary", on_click=attempt,
                  args=(key, partial(_save, explainer, text, field, said[field], value, key, form), NO_FILE))
        another_person(key)


def predicted(explainer: Explainer, text: str, field: str) -> str:
    """What the model as it was loaded, without this session's edits, says of a field of a text."""
    prediction = explainer.predict(text)
    return prediction.label if field == LABEL_TARGET else prediction.value(field)


def _save(explainer: Explainer, text: str, field: str, old: str, value: str | None, key: str, form: str) -> str:
    if not is_current(key, form):
        return ""
    take_name(key)
    if value is None:
        raise InputError(f"No value is chosen; allowed: one of {', '.join(answers_of(explainer.schema, field))}. "
                         "Choose what it really is.")
    made = save(explainer, text, field, old, value, form)
    next_form(key)
    st.session_state[f"{key}:{field}:value"] = None
    return f"Saved: {_title(made, explainer.schema)}."


def _undo(one: Correction, schema: ConceptSchema) -> str:
    correction_store().undo(one.id, the_person())
    return f"Undone: {_title(one, schema)}. It stays in the history."


def _title(one: Correction, schema: ConceptSchema) -> str:
    said = "is right:" if one.old == one.new else "is really"
    return f"{field_title(schema, one.field)} {said} {answer_title(schema, one.field, one.new)}"


def _really(one: Correction, schema: ConceptSchema) -> str:
    return as_markdown(_title(one, schema))


def _history(history: Sequence[Kept], counting: set[str], schema: ConceptSchema) -> None:
    """What was said of this text, the newest first."""
    def state(kept: Kept) -> str:
        if kept.undo:
            return f"undone by {kept.undo.who}"
        return "counts" if kept.correction.id in counting else "replaced by a later one"

    newest = history[::-1][:MOST_LISTED]
    columns = ("When (UTC)", "Who", "What", "Model said", "Really", "")
    st.html(table_html(f"Corrections of this {schema.document}", columns, [
        (time_words(one.time), one.who, field_title(schema, one.field), answer_title(schema, one.field, one.old),
         answer_title(schema, one.field, one.new), state(kept)) for kept in newest for one in (kept.correction,)],
        [kept.correction.id not in counting for kept in newest]))
    if len(history) > len(newest):
        note(f"and {len(history) - len(newest):,} older ones")
