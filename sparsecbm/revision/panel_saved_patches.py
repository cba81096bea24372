"""The patches of this server as a list, and what can be done with one of them."""

import os
from collections.abc import Sequence
from datetime import UTC
from functools import partial
from pathlib import Path

import streamlit as st

from sparsecbm.errors import InputError
from sparsecbm.revision.compute_patch import PatchStore, StoredPatch, patch_bytes
from sparsecbm.revision.edit import Revision
from sparsecbm.revision.history import Entry, State, describe
from sparsecbm.revision.panel_history import attempt, counted
from sparsecbm.revision.panel_session import do, history, read_only, state, undo
from sparsecbm.revision.patch import Patch
from sparsecbm.service import Explainer
from sparsecbm.ui.loaded_model import load_explainer
from sparsecbm.ui.session import seed_widget
from sparsecbm.ui.shell import note
from sparsecbm.ui.text import as_markdown, table_html

#: Where another folder for patches is named than `patches` in the working directory.
PATCHES_VARIABLE = "SPARSECBM_PATCHES"


def patch_store() -> PatchStore:
    """The patches that everyone who uses this server sees."""
    return PatchStore(Path(os.environ.get(PATCHES_VARIABLE) or "patches"))


def listed(store: PatchStore) -> tuple[StoredPatch, ...]:
    """All patches, the newest first; files are read again only when one of the folder has changed."""
    files = sorted(store.folder.glob("*")) if store.folder.is_dir() else []
    marks = []
    for path in files:
        try:
            found = path.stat()
        except FileNotFoundError:  # another session has just deleted it
            continue
        marks.append((path.name, found.st_mtime_ns, found.st_size))
    return _listed(str(store.folder.resolve()), tuple(marks))


def revisions_of(now: State) -> tuple[Revision, ...]:
    """The revisions among some edits, in order."""
    return tuple(edit for edit in now.lasting if isinstance(edit, Revision))


def applied_after(entries: Sequence[Entry], patch: Patch) -> int | None:
    """How many edits came before a patch whose revisions are in force one right after another; None if they are not.

    A patch that was made of this session's own revisions counts as applied, too.
    """
    found = [(number, entry.edit.change.digest) for number, entry in enumerate(entries)
             if isinstance(entry.edit, Revision)]
    wanted = [change.digest for change in patch.changes]
    for start in range(len(found) - len(wanted) + 1):
        if [digest for _, digest in found[start : start + len(wanted)]] == wanted:
            return found[start][0]
    return None


@st.cache_resource(max_entries=1, show_spinner=False)
def _listed(folder: str, marks: tuple[tuple[str, int, int], ...]) -> tuple[StoredPatch, ...]:
    return PatchStore(Path(folder)).list()


#: More patches than this scroll.
MOST_IN_SIGHT = 6
_CHOSEN = "interventions:patches:chosen"


def saved_patches(explainer: Explainer) -> None:
    """The list, and one of the patches with its buttons."""
    found = listed(patch_store())
    st.markdown("#### On this server")
    if not found:
        note("No patch yet. Revise a subnetwork, look at its impact, and save it; or add one from a file.")
        return
    base = explainer.checkpoint.hash
    with st.container(height=280 if len(found) > MOST_IN_SIGHT else "content", border=False):
        st.html(table_html("Patches on this server", ("Name", "Made (UTC)", "Author", "Revises", "State"),
                           [_row(one, base) for one in found]))
    by_file, chosen = {one.file: one for one in found}, st.session_state.get(_CHOSEN)
    if chosen not in by_file:  # at first, or because another session has deleted it
        chosen = found[0].file
    one = by_file[st.selectbox("A patch", list(by_file), list(by_file).index(seed_widget(_CHOSEN, chosen)),
                               key=_CHOSEN, format_func=lambda file: _title(by_file[file]))]
    if one.patch is None:
        note(as_markdown(one.problem))
    else:
        _about(one.patch, explainer)
    with st.container(horizontal=True, gap="small"):
        if one.patch is not None:
            _apply_or_revert(one.patch, one.file, base)
            st.download_button("Export", partial(patch_bytes, one.patch), one.file, "application/octet-stream",
                               key="interventions:patches:export", on_click="ignore", icon=":material/download:")
        with st.popover("Delete", icon=":material/delete:", key="interventions:patches:delete"):
            st.markdown(f"**{as_markdown(_title(one))}** will be gone for everyone who uses this server. Sessions that "
                        "applied it keep its revisions.")
            st.button("Delete it for everyone", key="interventions:patches:delete-now", on_click=attempt,
                      args=(partial(_delete, one.file, _title(one)),))


def _row(one: StoredPatch, base: str) -> tuple[str, ...]:
    if one.patch is None:
        return one.file, "", "", "", "cannot be read"
    patch = one.patch
    standing = ("for another checkpoint" if patch.base != base
                else "not in force" if applied_after(state().entries, patch) is None else "in force")
    concepts = dict.fromkeys(revision.concept for revision in patch.revisions)
    return patch.name, f"{patch.time.astimezone(UTC):%Y-%m-%d %H:%M}", patch.author, ", ".join(concepts), standing


def _title(one: StoredPatch) -> str:
    return one.file if one.patch is None else one.patch.name


def _about(patch: Patch, explainer: Explainer) -> None:
    lines = [f"{number}. {as_markdown(describe(revision, explainer.schema))}"
             for number, revision in enumerate(patch.revisions, 1)]
    said = f"**Note:** {as_markdown(patch.note)}\n\n" if patch.note.strip() else ""
    st.markdown(said + "\n".join(lines))
    if patch.impact:
        note(f"Its impact when it was saved: {as_markdown(patch.impact)}")
    if patch.base != explainer.checkpoint.hash:
        note(f"It was made for checkpoint {as_markdown(patch.base)}, but this is {explainer.checkpoint.hash}: it "
             "cannot be applied here.")


def _apply_or_revert(patch: Patch, file: str, base: str) -> None:
    position = applied_after(state().entries, patch)
    if position is None:
        st.button("Apply", key="interventions:patches:apply", type="primary", icon=":material/play_arrow:",
                  disabled=read_only() or patch.base != base, on_click=attempt, args=(partial(_apply, file),),
                  help="Its revisions become edits of your session, after those that are in force")
    else:
        st.button("Revert", key="interventions:patches:revert", icon=":material/undo:", disabled=read_only(),
                  on_click=attempt, args=(partial(_revert, patch),),
                  help="Back to before its first revision: whatever was done after that is undone, too. Redo brings it "
                       "back")


def _apply(file: str) -> str:
    """The revisions of a patch become edits, all of them or, where one does not fit, none."""
    explainer, patch, before = load_explainer(), patch_store().load(file), state()
    explainer.check_patch(patch)
    explainer.patch(patch.name, (*revisions_of(before), *patch.revisions))  # fits what is in force, too
    for revision in patch.revisions:
        do(revision, _described(revision, patch, explainer))
    return f"The patch {patch.name!r} is in force: {counted(len(patch.revisions), 'edit')} more in your session."


def _described(revision: Revision, patch: Patch, explainer: Explainer) -> str:
    return f"from the patch “{patch.name}”: {describe(revision, explainer.schema)}"


def _revert(patch: Patch) -> str:
    position = applied_after(state().entries, patch)
    if position is None:
        raise InputError(f"The patch {patch.name!r} is not in force any more; allowed: to revert one that is. Look at "
                         "the history above.")
    undone = history().position - position
    for _ in range(undone):
        undo()
    return f"The patch {patch.name!r} is no longer in force: {counted(undone, 'edit')} undone."


def _delete(file: str, title: str) -> str:
    patch_store().delete(file)
    return f"The patch {title!r} is gone from this server."
