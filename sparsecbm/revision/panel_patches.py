"""Patches: revisions that are kept beyond the session, saved from it or taken up from a file.

A patch can be saved only once the impact of what is in force was seen.
"""

from dataclasses import replace
from functools import partial

import streamlit as st

from sparsecbm.errors import InputError
from sparsecbm.figures.text import counted
from sparsecbm.revision.compute_patch import SUFFIX
from sparsecbm.revision.history import State
from sparsecbm.revision.panel_history import attempt, outcome
from sparsecbm.revision.panel_saved_patches import patch_store, revisions_of, saved_patches
from sparsecbm.revision.panel_session import follow, impact_seen, read_only, state
from sparsecbm.revision.patch import LONGEST, LONGEST_IMPACT
from sparsecbm.revision.rule import Rule
from sparsecbm.ui.loaded_model import load_explainer
from sparsecbm.ui.shell import errors_shown, note
from sparsecbm.ui.text import clean_text

HELP = (
    "A patch keeps revisions of subnetworks beyond your session, with a name, a note and its author. It fits the "
    "checkpoint that it was made for and no other. Settings of concepts belong to one review and are not part of it."
)
_UPLOADS = "interventions:patches:uploads"
_FIELDS = {name: f"interventions:patches:{name}" for name in LONGEST}


def patches_panel() -> None:
    """The patches of this server, a form that saves what is in force, and one that takes up a file."""
    st.markdown("### Patches", help=HELP)
    st.fragment(_panel, key=follow("patches"))()


def why_not_saved(now: State, looking_back: bool) -> str | None:
    """Why what is in force cannot be saved as a patch; None when it can."""
    if looking_back:
        return "You look at an earlier state. Go back to now to save what is in force."
    if not now.changes:
        return "No revision is in force. Revise a subnetwork first: that is what a patch keeps."
    if any(isinstance(edit, Rule) for edit in now.lasting):
        return "A rule is in force, which no patch keeps, and the impact is of both. Undo the rule first."
    if not now.may_be_saved:
        return (f"You have not seen yet what the {counted(len(now.changes), 'revision')} in force do to other reviews. "
                "Look at the impact first.")
    return None


def _panel() -> None:
    with errors_shown():
        explainer = load_explainer()
        if explainer.checkpoint.kind != "sparse":
            note("This model has no subnetworks, so there is nothing to keep as a patch. Load a sparse checkpoint.")
            return
        st.markdown("Saved patches lie on this server: **everyone who uses it sees them, and can apply and delete "
                    "them.** Applying one changes your own session only.")
        outcome()
        left, right = st.columns([1.5, 1], gap="large")
        with left:
            saved_patches(explainer)
        with right:
            _save_form()
            _file_form()


def _save_form() -> None:
    problem = why_not_saved(state(), read_only())
    st.markdown("#### Save what is in force")
    with st.form("interventions:patches:form", border=False):
        st.text_input("Name", key=_FIELDS["name"], max_chars=LONGEST["name"])
        st.text_input("Author", key=_FIELDS["author"], max_chars=LONGEST["author"], placeholder="Whom others can ask")
        st.text_area("Note", key=_FIELDS["note"], max_chars=LONGEST["note"], height=80,
                     placeholder="What it is for, and what it does to other reviews")
        st.form_submit_button("Save as a patch", key="interventions:patches:save", icon=":material/save:",
                              disabled=problem is not None, on_click=attempt, args=(_save,))
    note(f":material/block: {problem}" if problem else
         f"It keeps {counted(len(state().changes), 'revision')}, whose impact you have seen.")


def _file_form() -> None:
    st.markdown("#### Add one from a file")
    key = _file_key()
    given = st.file_uploader("A patch that was exported", type=[SUFFIX.removeprefix(".")], key=key, max_upload_size=5)
    st.button("Add it to the patches", key="interventions:patches:add", icon=":material/upload:",
              disabled=given is None, on_click=attempt, args=(partial(_add, key),))


def _save() -> str:
    problem = why_not_saved(state(), read_only())
    if problem:
        raise InputError(problem)
    name, note_, author = (clean_text(st.session_state[_FIELDS[field]]) for field in ("name", "note", "author"))
    patch = load_explainer().patch(name.strip(), revisions_of(state()), note_.strip(), author.strip())
    patch = replace(patch, impact=impact_seen()[:LONGEST_IMPACT])
    patch_store().save(patch)
    for key in _FIELDS.values():
        st.session_state[key] = ""
    return f"The patch {patch.name!r} is saved: everyone who uses this server can apply it."


def _add(key: str) -> str:
    given = st.session_state.get(key)
    if given is None:
        raise InputError("No file came; allowed: a patch that was exported. Choose a file first.")
    patch = load_explainer().open_patch(given.getvalue())
    patch_store().save(patch)
    st.session_state[_UPLOADS] += 1  # the next box is empty
    return f"The patch {patch.name!r} is added: everyone who uses this server can apply it."


def _file_key() -> str:
    return f"interventions:patches:file:{st.session_state.setdefault(_UPLOADS, 0)}"
