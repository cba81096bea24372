"""The patches section: revisions saved beyond the session, applied, reverted, exported, imported and deleted.

A patch can be saved only after its author viewed the impact of the revisions in force.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC
from functools import partial
from pathlib import Path

import streamlit as st

from sparsecbm.errors import InputError
from sparsecbm.figures.text import counted
from sparsecbm.paths import path_in
from sparsecbm.revision.compute_patch import SUFFIX, PatchStore, StoredPatch, patch_bytes
from sparsecbm.revision.history import EditState, applied_after, describe
from sparsecbm.revision.panel_session import do, fragment_key, history, read_only, refresh, state, undo, viewed_impact
from sparsecbm.revision.patch import MAX_IMPACT_LENGTH, MAX_LENGTH, Patch
from sparsecbm.service import Explainer
from sparsecbm.ui.action_result import attempt, show_result
from sparsecbm.ui.loaded_model import load_explainer
from sparsecbm.ui.safe_text import as_markdown, clean_text, table_html
from sparsecbm.ui.session import seed_widget
from sparsecbm.ui.shell import errors_shown, note
from sparsecbm.ui.visitor import may, require

HELP = (
    "A patch keeps revisions of subnetworks beyond your session, with a name, a note and an author. It fits only the "
    "checkpoint that it was made for. Concepts that you set belong to one text and are not part of it."
)
#: Names the folder of patches; the default is `patches` in the working directory.
PATCHES_VARIABLE = "SPARSECBM_PATCHES"
#: A longer list scrolls.
VISIBLE_PATCHES = 6
_KEY = "interventions:patches"
_UPLOADS, _SAVED, _CHOSEN = f"{_KEY}:uploads", f"{_KEY}:saved", f"{_KEY}:chosen"


def patches_panel() -> None:
    """The patches of this server, a form that saves the revisions in force, and one that imports a file."""
    st.markdown("### Patches", help=HELP)
    st.fragment(_panel, key=fragment_key("patches"))()


def patch_store() -> PatchStore:
    """The patches that everyone who uses this server sees."""
    return PatchStore(path_in(PATCHES_VARIABLE) or Path("patches"))


def stored_patches(store: PatchStore) -> tuple[StoredPatch, ...]:
    """All patches, the newest first; the files are read again only when one of them has changed."""
    files = sorted(store.folder.glob("*")) if store.folder.is_dir() else []
    marks = []
    for path in files:
        try:
            found = path.stat()
        except FileNotFoundError:  # another session has just deleted it
            continue
        marks.append((path.name, found.st_mtime_ns, found.st_size))
    return _stored_patches(str(store.folder.resolve()), tuple(marks))


@st.cache_resource(max_entries=1, show_spinner=False)
def _stored_patches(folder: str, marks: tuple[tuple[str, int, int], ...]) -> tuple[StoredPatch, ...]:
    return PatchStore(Path(folder)).list()


def why_not_saved(edits: EditState, past: bool) -> str | None:
    """Why the revisions in force cannot be saved as a patch; None when they can."""
    if past:
        return "This is an earlier state. Go back to the current state to save its revisions."
    if not edits.changes:
        return "No revision is in force. Revise a subnetwork first."
    if edits.rules:
        return "A rule is in force, and a patch cannot keep rules. Undo the rule first."
    if not edits.may_be_saved:
        return "View the impact of the revisions in force first (section Impact)."
    if not may("analyst"):
        return "Saving for everyone needs the role analyst."
    return None


def _panel() -> None:
    with errors_shown():
        explainer = load_explainer()
        if explainer.checkpoint.kind != "sparse":
            note("This model has no subnetworks, so there are no patches. Load a sparse checkpoint.")
            return
        note("Everyone who uses this server sees the saved patches and can apply or delete them. Applying one changes "
             "your own session only.")
        show_result(_KEY)
        left, right = st.columns([1.5, 1], gap="large")
        with left:
            _stored(explainer)
        with right:
            _save_form()
            _import_form()


def _stored(explainer: Explainer) -> None:
    """The list, and one of the patches with its buttons."""
    found = stored_patches(patch_store())
    st.markdown("#### Saved patches")
    if not found:
        note("No patch yet. Revise a subnetwork, view its impact, and save it; or import a file.")
        return
    base = explainer.checkpoint.hash
    with st.container(height=280 if len(found) > VISIBLE_PATCHES else "content", border=False):
        st.html(table_html("Patches on this server", ("Name", "Made (UTC)", "Author", "Revises", "Status"),
                           [_row(one, base) for one in found]))
    by_file, chosen = {one.file: one for one in found}, st.session_state.get(_CHOSEN)
    if chosen not in by_file:  # at first, or because another session has deleted it
        chosen = found[0].file
    one = by_file[st.selectbox("Patch", list(by_file), list(by_file).index(seed_widget(_CHOSEN, chosen)), key=_CHOSEN,
                               format_func=lambda file: _title(by_file[file]))]
    if one.patch is None:
        note(as_markdown(one.problem))
    else:
        _details(one.patch, explainer)
    with st.container(horizontal=True, gap="small"):
        if one.patch is not None:
            _apply_or_revert(one.patch, one.file, base)
            st.download_button("Export", partial(patch_bytes, one.patch), one.file, "application/octet-stream",
                               key=f"{_KEY}:export", on_click="ignore", icon=":material/download:")
        with st.popover("Delete", icon=":material/delete:", key=f"{_KEY}:delete"):
            st.markdown(f"This deletes **{as_markdown(_title(one))}** for everyone who uses this server. Sessions that "
                        "applied it keep its revisions.")
            _button("Delete for everyone", "delete-now", partial(_delete, one.file, _title(one)),
                    disabled=not may("analyst"))


def _row(one: StoredPatch, base: str) -> tuple[str, ...]:
    if one.patch is None:
        return one.file, "", "", "", "cannot be read"
    patch = one.patch
    status = ("for another checkpoint" if patch.base != base
              else "not in force" if applied_after(state().entries, patch.changes) is None else "in force")
    concepts = dict.fromkeys(revision.concept for revision in patch.revisions)
    return patch.name, f"{patch.time.astimezone(UTC):%Y-%m-%d %H:%M}", patch.author, ", ".join(concepts), status


def _title(one: StoredPatch) -> str:
    return one.file if one.patch is None else one.patch.name


def _details(patch: Patch, explainer: Explainer) -> None:
    lines = [f"{number}. {as_markdown(describe(revision, explainer.schema))}"
             for number, revision in enumerate(patch.revisions, 1)]
    said = f"**Note:** {as_markdown(patch.note)}\n\n" if patch.note.strip() else ""
    st.markdown(said + "\n".join(lines))
    if patch.impact:
        note(f"Its impact when it was saved: {as_markdown(patch.impact)}")
    if patch.base != explainer.checkpoint.hash:
        note(f"It was made for checkpoint {as_markdown(patch.base)}, but this is {explainer.checkpoint.hash}, so it "
             "cannot be applied here.")


def _apply_or_revert(patch: Patch, file: str, base: str) -> None:
    if applied_after(state().entries, patch.changes) is None:
        _button("Apply", "apply", partial(_apply, file), ":material/play_arrow:", read_only() or patch.base != base,
                "Its revisions become edits of your session, after those in force", "primary")
    else:
        _button("Revert", "revert", partial(_revert, patch), ":material/undo:", read_only(),
                "Undoes every edit from its first revision on; redo brings them back")


def _save_form() -> None:
    problem = why_not_saved(state(), read_only())
    st.markdown("#### New patch")
    with st.form(f"{_KEY}:form", border=False):
        st.text_input("Name", key=_field("name"), max_chars=MAX_LENGTH["name"])
        st.text_input("Author", key=_field("author"), max_chars=MAX_LENGTH["author"], placeholder="Whom to ask")
        st.text_area("Note", key=_field("note"), max_chars=MAX_LENGTH["note"], height=80,
                     placeholder="What it is for, and what it does to other texts")
        st.form_submit_button("Save as a patch", key=f"{_KEY}:save", icon=":material/save:",
                              disabled=problem is not None, on_click=_attempt, args=(_save,))
    note(f":material/block: {problem}" if problem else
         f"It keeps {counted(len(state().changes), 'revision')}, and you have viewed the impact.")


def _field(name: str) -> str:
    """The key of a box of the form; after a patch was saved there are new, empty boxes."""
    return f"{_KEY}:{name}:{st.session_state.setdefault(_SAVED, 0)}"


def _import_form() -> None:
    st.markdown("#### Import")
    key = f"{_KEY}:file:{st.session_state.setdefault(_UPLOADS, 0)}"
    given = st.file_uploader("An exported patch", type=[SUFFIX.removeprefix(".")], key=key, max_upload_size=5)
    _button("Import the file", "add", partial(_import, key), ":material/upload:",
            given is None or not may("analyst"))


def _button(
    name: str, key: str, action: Callable[[], str], icon: str | None = None, disabled: bool = False,
    help: str | None = None, type: str = "secondary",
) -> None:
    """A button whose action says what it did."""
    st.button(name, key=f"{_KEY}:{key}", icon=icon, disabled=disabled, help=help, on_click=_attempt, args=(action,),
              type="primary" if type == "primary" else "secondary")


def _attempt(action: Callable[[], str]) -> None:
    attempt(_KEY, action, "The folder of patches cannot be used")
    refresh()


def _save() -> str:
    problem = why_not_saved(state(), read_only())
    if problem:
        raise InputError(problem)
    name, note_, author = (clean_text(st.session_state[_field(field)]) for field in ("name", "note", "author"))
    patch = load_explainer().patch(name.strip(), state().revisions, note_.strip(), author.strip())
    patch_store().save(replace(patch, impact=viewed_impact()[:MAX_IMPACT_LENGTH]))
    st.session_state[_SAVED] += 1
    return f"The patch {patch.name!r} is saved. Everyone who uses this server can apply it."


def _import(key: str) -> str:
    require("analyst")
    given = st.session_state.get(key)
    if given is None:
        raise InputError("There is no file yet; allowed: a patch that was exported. Choose a file first.")
    patch = load_explainer().open_patch(given.getvalue())
    patch_store().save(patch)
    st.session_state[_UPLOADS] += 1  # the next box is empty
    return f"The patch {patch.name!r} is imported. Everyone who uses this server can apply it."


def _apply(file: str) -> str:
    """The revisions of a patch become edits: all of them or, where one does not fit, none."""
    explainer, patch = load_explainer(), patch_store().load(file)
    explainer.check_patch(patch)
    explainer.patch(patch.name, (*state().revisions, *patch.revisions))  # they fit the revisions in force, too
    for revision in patch.revisions:
        do(revision, f"from the patch “{patch.name}”: {describe(revision, explainer.schema)}")
    return f"The patch {patch.name!r} is in force: your session has {counted(len(patch.revisions), 'edit')} more."


def _revert(patch: Patch) -> str:
    position = applied_after(state().entries, patch.changes)
    if position is None:
        raise InputError(f"The patch {patch.name!r} is no longer in force, so it cannot be reverted.")
    undone = history().position - position
    for _ in range(undone):
        undo()
    return f"The patch {patch.name!r} is no longer in force: {counted(undone, 'edit')} undone."


def _delete(file: str, title: str) -> str:
    require("analyst")
    patch_store().delete(file)
    return f"The patch {title!r} is deleted from this server."
