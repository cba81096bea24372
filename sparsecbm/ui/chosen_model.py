"""Which checkpoint a session shows: chosen in the sidebar or by the address, and one visitor's choice alone.

Everything in a session belongs to the model at hand but what `_SHARED` names: a switch puts it away, and brings it back
with the model. Streamlit knows of no such parts, so this reaches below its public names; it is pinned, and tests hold
what is used here.
"""

from collections.abc import Mapping
from typing import Any

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_run_context import ThreadState
from streamlit.runtime.state.session_state import SessionState

from sparsecbm.errors import unknown_name
from sparsecbm.shipped import CHECKPOINTS_VARIABLE
from sparsecbm.ui.offered import Offered, missing_folders, offered
from sparsecbm.ui.safe_text import as_markdown

#: The part of the address that names it; the default one is left out.
MODEL = "model"
_NAME, _AT, _WRITTEN, _OWN, _PROBLEM, _KEPT, _CHOICE = (
    f"models:{part}" for part in ("name", "at", "written", "own", "problem", "kept", "choice"))
#: What starts the keys of what no model owns: the choice itself, the page, the deck, whose scenes say what they are of,
#: tables by their schema, a participant's visit, and looks at outcomes, each of which is logged.
_SHARED = ("models:", "shell:", "deck:", "sources:", "study:", "studies:results:looked")
_HELP = "For you alone: other visitors keep the model that they chose. What you set for a model stays with it."


def open_model() -> dict[str, Offered]:
    """Find the checkpoint of this run, and what the session keeps for it; returns all that are offered.

    To be called once at the start of a page. The address wins, unless this session wrote it itself.
    """
    every, state = offered(), st.session_state
    default, given, own = next(iter(every)), st.query_params.get(MODEL), state.pop(_OWN, False)
    name = state.get(_NAME) or default
    if not own and (_WRITTEN not in state or given != state[_WRITTEN]):
        name, state[_PROBLEM] = given or default, None
    if name not in every:
        state[_PROBLEM] = f"{unknown_name(MODEL, name, tuple(every))} The default is shown: {default}."
        name = default
    before = state.get(_AT)
    if before is not None and before.name != name:
        _switch(before.name, name)
    state[_AT], state[_NAME] = every[name], None if name == default else name
    state[_WRITTEN] = state[_NAME]
    if own:  # the rest of the address is of the model before
        st.query_params.from_dict(with_model({}))
    elif given != state[_WRITTEN]:
        st.query_params.from_dict(with_model({part: st.query_params.get_all(part) for part in st.query_params}))
    return every


def draw_for_model() -> None:
    """From now on, this run draws for the model that the session shows; what is drawn before is the same for all.

    Widgets of another model are other widgets: a browser keeps what one shows for as long as it is drawn.
    """
    name = st.session_state[_NAME]
    if name is not None:
        ThreadState.update(active_script_hash=f"{ThreadState.get().active_script_hash}-{name}")


def chosen_model() -> Offered:
    """The checkpoint that this session shows; the default one where no page has been opened."""
    if get_script_run_ctx(suppress_warning=True) is None:
        assert not runtime.exists()  # a thread belongs to no session: it must be told its model
        return next(iter(offered().values()))
    at: Offered | None = st.session_state.get(_AT)
    return next(iter(offered().values())) if at is None else at


def with_model(parts: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of an address, and the one that names this session's checkpoint."""
    rest = {name: part for name, part in parts.items() if name != MODEL}
    name = st.session_state.get(_WRITTEN)
    return rest if name is None else {MODEL: name, **rest}


def model_chooser(every: Mapping[str, Offered]) -> None:
    """Every model that is offered, the one of this session marked; only its name where there is no other."""
    at = chosen_model()
    if len(every) == 1:
        st.markdown(f":small[Model: {as_markdown(at.name)}]")
    else:
        st.session_state[_CHOICE] = at.name
        with st.popover(f"Model: {as_markdown(at.name)}", width="stretch", key="models:popover"):
            st.radio("Model", list(every), key=_CHOICE, format_func=as_markdown, help=_HELP, on_change=_choose,
                     captions=[as_markdown(one.said) for one in every.values()])
    for folder in missing_folders():
        st.markdown(f":small[:material/warning: `{CHECKPOINTS_VARIABLE}` names {as_markdown(str(folder))}, which is no "
                    "folder here.]")


def unknown_model_notice() -> None:
    """Say until it is dismissed that the address names a checkpoint which is not offered."""
    problem = st.session_state.get(_PROBLEM)
    if problem:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.warning(as_markdown(problem), icon=":material/warning:")
            st.button("Dismiss", key="models:dismiss", on_click=_dismiss)


def _choose() -> None:
    st.session_state.update({_NAME: st.session_state[_CHOICE], _OWN: True, _PROBLEM: None})


def _dismiss() -> None:
    st.session_state[_PROBLEM] = None


def _switch(before: str, after: str) -> None:
    """Put away what the session keeps for one model, and bring back what it kept for another.

    What a browser still sends for a widget of the old model, such as a press while the new one was loading, changes
    nothing.
    """
    context = get_script_run_ctx()
    assert context is not None  # a page is running
    state, kept = context.session_state._state, st.session_state.setdefault(_KEPT, {})
    keys = [key for key in state.filtered_state if not key.startswith(_SHARED)]
    kept[before] = {key: st.session_state[key] for key in keys if _lasts(state, key)}
    for key in keys:
        del st.session_state[key]
    known, names = state._new_widget_state.widget_metadata, state._key_id_mapper.id_key_mapping
    for widget in [one for one in known if not names.get(one, "").startswith(_SHARED)]:
        del known[widget]  # without it, what a browser says of the widget calls nothing
    for key, value in kept.pop(after, {}).items():
        st.session_state[key] = value


def _lasts(state: SessionState, key: str) -> bool:
    """Whether the session keeps a value over page changes; what only a widget holds goes with its page."""
    widget = state._key_id_mapper.get_id_from_key(key)
    return widget is None or state._persist_tracker.scope_of(widget) == "session"
