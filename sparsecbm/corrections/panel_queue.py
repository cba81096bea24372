"""Label texts, one at a time, each where a label helps most: a key answers, and the next text is there at once.

What the model says is not shown before the answer: it would be repeated.
"""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import streamlit as st
from jaxtyping import Bool

from sparsecbm.corrections.compute_queue import (
    Nearest,
    all_open,
    bag_of_words,
    nearest,
    next_asked,
    pool_of,
    predicted_answer,
)
from sparsecbm.corrections.label_correction import answer_title, answers_of, field_title, schema_hash, text_hash
from sparsecbm.corrections.panel_files import files_box
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
from sparsecbm.corrections.queue import Asked, Pool
from sparsecbm.failures.error_analysis import ErrorAnalysis
from sparsecbm.figures.text import counted
from sparsecbm.schema import ConceptSchema
from sparsecbm.service import Explainer
from sparsecbm.types import LABEL_TARGET
from sparsecbm.ui.action_result import attempt, show_result
from sparsecbm.ui.loaded_model import load_explainer
from sparsecbm.ui.safe_text import as_markdown
from sparsecbm.ui.shell import errors_shown, note
from sparsecbm.words.panel_word_scores import plain_review

#: Sources whose features are kept: some kilobytes a text.
MOST_POOLS = 4
_KEY = "corrections:queue"
_SKIPPED, _GIVEN, _AGAIN, _NEAR = (f"{_KEY}:{part}" for part in ("skipped", "given", "again", "near"))
#: The keys of the answers in their order, of skipping and of undoing.
_DIGITS, _SKIP, _UNDO = "1234567890", "S", "U"
HELP = ("Asked next is the text and field where a label is likely to help most: where the model is unsure, where its "
        "label differs from what its concepts say, and where the text is unlike those that were labelled before. The "
        "model's own answer is not shown, so that you do not repeat it. Press the number of an answer, S to skip or U "
        "to undo.")

#: A text by the hash of it, and a field of it.
Place = tuple[str, str]
#: Where the texts of each hash stand in a source.
Rows = Mapping[str, list[int]]


@st.fragment
def labelling_queue(analysis: ErrorAnalysis, rows: Bool[np.ndarray, " row"]) -> None:
    """The next field of a text among some rows, with a button for each answer."""
    with errors_shown():
        st.markdown("### Label texts", help=HELP)
        store = store_or_say_why()
        if store is None:
            return
        show_result(_KEY)
        if the_person():
            _next(load_explainer(), analysis, rows)
        else:
            _begin(analysis.reviews.schema)
        files_box(analysis.reviews.schema)


def _begin(schema: ConceptSchema) -> None:
    note(f"You see one {as_markdown(schema.document)} after the other and answer by a key. Each answer is kept with "
         "your name, and everybody who uses this server sees it.")
    with st.form(f"{_KEY}:begin", border=False), \
            st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        name_field(_KEY, 260)
        st.form_submit_button("Begin", type="primary", on_click=attempt, args=(_KEY, _take_name, NO_FILE))


def _take_name() -> str:
    take_name(_KEY)
    return ""


def _next(explainer: Explainer, analysis: ErrorAnalysis, rows: Bool[np.ndarray, " row"]) -> None:
    schema, texts = explainer.schema, analysis.reviews.texts
    pool, places = _pool(explainer, analysis, explainer.checkpoint.hash, analysis.reviews.digest)
    marks = correction_store().marks(schema_hash(schema))
    mine = {(one.text_hash, one.field) for one in marks if one.who == the_person()} | _skipped()
    open_ = all_open(pool) & rows[:, None]
    for name, field in mine:
        if field in pool.fields:
            open_[places.get(name, []), pool.fields.index(field)] = False
    seen = {one.text_hash for one in marks} | {name for name, _ in _skipped()}
    near = _nearest(pool, [row for name in seen for row in places.get(name, [])], analysis.reviews.digest)
    asked = _again(pool, open_, near, places) or next_asked(pool, open_, near)
    if asked is None:
        st.success("Nothing is left to label here: every text was labelled by you, or skipped. Choose other filters or "
                   "another source.", icon=":material/done_all:")
        _undo_bar()
        return
    text = texts[asked.row]
    _answers(explainer, analysis, asked, (text_hash(text), asked.field))
    plain_review(text, "16rem", explainer.words(text))
    labelled = sum(one.who == the_person() for one in marks)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        note(f"Why this one: {as_markdown(asked.reason)}. {counted(labelled, 'label')} by you so far.")
        another_person(_KEY)


def _answers(explainer: Explainer, analysis: ErrorAnalysis, asked: Asked, place: Place) -> None:
    """The question, and a button for each answer, for skipping and for undoing; they stay where they are."""
    schema, form = explainer.schema, current_form(_KEY)
    label = asked.field == LABEL_TARGET
    helps = "" if label else schema.concept_help[schema.concept_index(asked.field)]
    title = as_markdown(field_title(schema, asked.field))
    st.markdown(f"What is the **{title}** of this {as_markdown(schema.document)}?" if label else
                f"**{title}** in this {as_markdown(schema.document)}: :small[{as_markdown(helps)}]")
    old = predicted_answer(analysis.predictions, asked.row, asked.field, schema)
    with st.container(horizontal=True, gap="small", key=f"{_KEY}:answers"):
        for digit, value in zip(_DIGITS, answers_of(schema, asked.field), strict=False):
            given = partial(_give, explainer, analysis.reviews.texts[asked.row], place, old, value, form)
            st.button(as_markdown(answer_title(schema, asked.field, value)), key=f"{_KEY}:{form}:{digit}",
                      shortcut=digit, on_click=attempt, args=(_KEY, given, NO_FILE))
        st.button("Skip", key=f"{_KEY}:{form}:skip", shortcut=_SKIP, type="tertiary", on_click=_skip,
                  args=(place, form))
        _undo_bar()


def _undo_bar() -> None:
    form = current_form(_KEY)
    st.button("Undo", key=f"{_KEY}:{form}:undo", shortcut=_UNDO, type="tertiary", disabled=not _given(),
              on_click=attempt, args=(_KEY, partial(_take_back, form), NO_FILE))


def _give(explainer: Explainer, text: str, place: Place, old: str, value: str, form: str) -> str:
    if not is_current(_KEY, form):
        return ""
    made = save(explainer, text, place[1], old, value, form)
    _given().append((made.id, place))
    st.session_state.pop(_AGAIN, None)
    next_form(_KEY)
    return ""


def _skip(place: Place, form: str) -> None:
    if not is_current(_KEY, form):
        return
    _skipped().add(place)
    _given().append((None, place))
    st.session_state.pop(_AGAIN, None)
    next_form(_KEY)


def _take_back(form: str) -> str:
    """Undo the last answer, or the last skipping, of this session; its text is asked about again."""
    if not is_current(_KEY, form):
        return ""
    id_, place = _given()[-1]
    if id_ is not None:
        correction_store().undo(id_, the_person())
    _given().pop()
    _skipped().discard(place)
    st.session_state[_AGAIN] = place
    next_form(_KEY)
    return ""


def _again(pool: Pool, open_: Bool[np.ndarray, "row field"], near: Nearest, places: Rows) -> Asked | None:
    """What was undone last, while it is open."""
    name, field = st.session_state.get(_AGAIN, ("", ""))
    if name not in places or field not in pool.fields:
        return None
    only = np.zeros_like(open_)
    only[places[name], pool.fields.index(field)] = True
    return next_asked(pool, only & open_, near)


@st.cache_resource(max_entries=MOST_POOLS, show_spinner="Comparing the texts…")
def _pool(
    _explainer: Explainer, _analysis: ErrorAnalysis, checkpoint: str, digest: str
) -> tuple[Pool, Rows]:
    """What can be asked of a source, and the rows of each text by its hash."""
    texts, whole = _analysis.reviews.texts, _analysis.fixable is not None  # the label comes from probabilities
    pool = pool_of(_analysis.predictions, bag_of_words(texts),
                   _explainer.predict(texts[0]).label_bias if whole else None,
                   _explainer.effects() if whole else None, _analysis.has_concepts)
    places: dict[str, list[int]] = {}
    for row, text in enumerate(texts):
        places.setdefault(text_hash(text), []).append(row)
    return pool, places


def _nearest(pool: Pool, taken: Sequence[int], digest: str) -> Nearest:
    """How like the labelled texts every text is; of those that were labelled before, the session knows it."""
    of, known = st.session_state.get(_NEAR, ("", None))
    found = nearest(pool, taken, known if of == digest else None)
    st.session_state[_NEAR] = digest, found
    return found


def _skipped() -> set[Place]:
    """What this person skipped in this session."""
    skipped: set[Place] = st.session_state.setdefault(f"{_SKIPPED}:{the_person()}", set())
    return skipped


def _given() -> list[tuple[str | None, Place]]:
    """What this person answered in this session, by the id of the correction, or skipped, the last one last."""
    given: list[tuple[str | None, Place]] = st.session_state.setdefault(f"{_GIVEN}:{the_person()}", [])
    return given
