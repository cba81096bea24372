"""The history list and the patches of the Interventions page."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from sparsecbm.revision.compute_patch import PatchStore, patch_bytes
from sparsecbm.revision.edit import Override, Revision
from sparsecbm.revision.history import History
from sparsecbm.revision.panel_saved_patches import PATCHES_VARIABLE
from sparsecbm.revision.rule import Rule, edit_key
from sparsecbm.service import Explainer
from sparsecbm.ui.loaded_model import CHECKPOINT_VARIABLE, load_explainer
from tests.app.screen import address, blocks, fine, open_home, open_page, press, press_in_panel, section
from tests.helpers import HOSTILE, saved_checkpoint

INTERVENTIONS = "pages/3_Interventions.py"
REVIEW = "The soup was tasty. The room felt shabby."
PATCHES = "interventions:patches"


@pytest.fixture
def explainer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Explainer:
    """A small random sparse model is loaded."""
    monkeypatch.setenv(CHECKPOINT_VARIABLE, str(saved_checkpoint(tmp_path / "tiny")))
    return load_explainer()


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PatchStore:
    """The patches of the server; none at first."""
    monkeypatch.setenv(PATCHES_VARIABLE, str(tmp_path / "kept"))
    return PatchStore(tmp_path / "kept")


def a_revision(explainer: Explainer, concept: str = "soup", *before: Revision) -> Revision:
    """A revision towards what the concept is read as after its first reading."""
    shares = explainer.predict(REVIEW).concept_probabilities[explainer.schema.concept_index(concept)]
    value = explainer.schema.values[int(shares.argsort()[1])]
    return explainer.revise(REVIEW, concept, value, 0.1, changes=[one.change for one in before]).revision


def seen(history: History) -> History:
    """The history after a person looked at the impact of what is in force."""
    return history.seen(tuple(edit_key(edit) for edit in history.now.lasting), "key")


def opened(history: History | None = None, text: str = REVIEW) -> AppTest:
    at = open_home()
    if history is not None:
        at.session_state["interventions:history"] = history
    return fine(open_page(at, INTERVENTIONS, text=text, section="history"))


def kept(at: AppTest) -> History:
    history: History = at.session_state["interventions:history"]
    return history


def said(at: AppTest) -> str:
    """All text of the page without its escapes."""
    lines = [line.value for kind in (at.markdown, at.info, at.warning, at.success) for line in kind]
    return "\n".join([*lines, *blocks(at)]).replace("\\", "").replace("\u00a0", " ")


def button(at: AppTest, key: str) -> Any:
    return next(b for b in at.button if b.key == key)


def table(at: AppTest, caption: str) -> str:
    return next(block for block in blocks(at) if f'aria-label="{caption}"' in block)


def typed(at: AppTest, **fields: str) -> AppTest:
    for name, text in fields.items():
        box = at.text_area if name == "note" else at.text_input
        box(key=f"{PATCHES}:{name}").set_value(text)
    return at


def uploaded(at: AppTest, data: bytes) -> AppTest:
    box = next(one for one in at.file_uploader if one.key.startswith(f"{PATCHES}:file"))
    box.set_value(("given.safetensors", data, "application/octet-stream")).run()
    return press(at, f"{PATCHES}:add")


@pytest.mark.usefixtures("explainer", "store")
def test_both_say_what_to_do_first() -> None:
    text = said(opened())
    assert "No edit yet" in text and "No patch yet" in text and "No revision is in force" in text
    assert "everyone who uses it" in text and "changes your own session only" in text


@pytest.mark.usefixtures("store")
def test_every_edit_is_listed_undone_and_redone(explainer: Explainer) -> None:
    history = History().do(a_revision(explainer), "first <b>of</b> all").do(a_revision(explainer, "room"), "second")
    at = opened(history)
    found = table(at, "Edits of this session")
    assert "first &lt;b&gt;of&lt;/b&gt; all" in found and f"{history.entries[0].time:%Y-%m-%d %H:%M:%S}" in found
    assert found.index("first") < found.index("second") and found.count("in force") == 2
    at = fine(press(at, "interventions:history:undo"))
    found = table(at, "Edits of this session")
    assert kept(at).position == 1 and found.count("in force") == 1 and found.count("undone") == 1
    assert kept(fine(press(at, "interventions:history:redo"))).position == 2


@pytest.mark.usefixtures("store")
def test_a_note_is_kept_with_its_edit_and_shown_as_plain_text(explainer: Explainer) -> None:
    at = opened(History().do(a_revision(explainer), "first").do(a_revision(explainer, "room"), "second"))
    at.selectbox(key="interventions:look:2:2").set_value(1).run()
    at = fine(at.text_input(key="interventions:note:1").set_value(HOSTILE["html"]).run())
    assert [entry.note for entry in kept(at).entries] == [HOSTILE["html"], ""]
    assert "<script" not in table(at, "Edits of this session") and "&lt;script" in table(at, "Edits of this session")


@pytest.mark.usefixtures("store")
def test_an_earlier_state_is_only_looked_at(explainer: Explainer) -> None:
    at = opened(seen(History().do(a_revision(explainer), "first").do(a_revision(explainer, "room"), "second")))
    assert not button(at, f"{PATCHES}:save").disabled
    at.selectbox(key="interventions:look:2:2").set_value(1).run()
    at = fine(press(at, "interventions:look:go"))
    assert "You look at an earlier state: after 1 edit of 2" in said(at)
    assert kept(at).position == 2 and "in force, looked at" in table(at, "Edits of this session")
    assert button(at, "interventions:history:undo").disabled and button(at, f"{PATCHES}:save").disabled
    assert "Go back to now to save" in said(at)
    at = fine(press(at, "interventions:history:now"))
    assert "You look at an earlier state" not in said(at) and not button(at, f"{PATCHES}:save").disabled


@pytest.mark.usefixtures("store")
def test_another_review_keeps_revisions_and_drops_what_was_set(explainer: Explainer) -> None:
    revision = a_revision(explainer)
    at = opened(History().do(revision, "revised"))
    is_read = explainer.predict_changed(REVIEW, [revision.change]).value("soup")
    at = fine(press_in_panel(section(at, "concepts"), ("set", "soup", is_read)))
    assert list(kept(at).now.overrides) == ["soup"] and "override" in address(at)
    at.text_area(key="explain:box").set_value("The waiter was rude.")
    at = fine(press(at, "Predict"))
    assert [entry.description for entry in kept(at).entries] == ["revised"] and "override" not in address(at)


def test_a_patch_is_saved_only_once_its_impact_was_seen(explainer: Explainer, store: PatchStore) -> None:
    history = History().do(a_revision(explainer), "first")
    at = opened(history)
    assert button(at, f"{PATCHES}:save").disabled and "Look at the impact first" in said(at)
    assert not store.list()
    at = typed(opened(seen(history)), name="Softer <soup>", note="for *winter*", author="Ada")
    at = fine(press(at, f"{PATCHES}:save"))
    patch = store.list()[0].patch
    assert patch is not None and (patch.name, patch.note, patch.author) == ("Softer <soup>", "for *winter*", "Ada")
    assert patch.base == explainer.checkpoint.hash
    assert [change.digest for change in patch.changes] == [change.digest for change in history.now.changes]
    found = table(at, "Patches on this server")
    assert "Softer &lt;soup&gt;" in found and "Ada" in found and "in force" in found and "not in force" not in found
    assert at.text_input(key=f"{PATCHES}:name").value == ""


def test_a_rule_beside_the_revisions_keeps_them_from_being_saved(explainer: Explainer, store: PatchStore) -> None:
    rule = Rule((), (Override("room", (1.0, 0.0, 0.0)),))
    at = opened(seen(History().do(a_revision(explainer), "first").do(rule, "second")))
    assert button(at, f"{PATCHES}:save").disabled and "which no patch keeps" in said(at) and not store.list()


def test_what_cannot_be_saved_is_said_until_dismissed(explainer: Explainer, store: PatchStore) -> None:
    history = seen(History().do(a_revision(explainer), "first"))
    store.save(explainer.patch("taken", history.now.lasting))
    at = press(typed(opened(history), name="taken", note="long thought"), f"{PATCHES}:save")
    assert "There is a patch" in at.error[0].value and at.text_area(key=f"{PATCHES}:note").value == "long thought"
    at = press(typed(at, name=" "), f"{PATCHES}:save")
    assert len(at.error) == 1 and "has no name" in at.error[0].value
    assert len(store.list()) == 1 and not fine(press(at, f"{PATCHES}:dismiss")).error


def test_a_patch_is_applied_to_one_session_and_reverted(explainer: Explainer, store: PatchStore) -> None:
    first = a_revision(explainer)
    second = a_revision(explainer, "room", first)
    store.save(explainer.patch("both", (first, second)))
    before = explainer.predict(REVIEW)
    at = fine(press(opened(), f"{PATCHES}:apply"))
    assert [entry.edit.change.digest for entry in kept(at).entries] == [first.change.digest, second.change.digest]
    assert all("from the patch “both”" in entry.description for entry in kept(at).entries)
    assert "2 edits more in your session" in said(at) and not kept(at).now.may_be_saved
    assert "No edit yet" in said(opened())  # another session goes on without it
    assert (explainer.predict(REVIEW).label_probabilities == before.label_probabilities).all()
    at = fine(press(at, f"{PATCHES}:revert"))
    assert kept(at).position == 0 and len(kept(at).undone) == 2
    assert "not in force" in table(at, "Patches on this server")


def test_a_patch_that_does_not_fit_what_is_in_force_changes_nothing(explainer: Explainer, store: PatchStore) -> None:
    revision = a_revision(explainer)
    store.save(explainer.patch("own", (revision, a_revision(explainer, "room", revision))))
    at = press(opened(History().do(revision, "the same")), f"{PATCHES}:apply")
    assert len(at.error) == 1 and len(kept(at).entries) == 1


def test_a_patch_is_deleted_for_everyone(explainer: Explainer, store: PatchStore) -> None:
    store.save(explainer.patch("old", (a_revision(explainer),)))
    other = opened()
    at = fine(press(opened(), f"{PATCHES}:delete-now"))
    assert not store.list() and "No patch yet" in said(at) and "is gone from this server" in said(at)
    assert "There is no patch" in press(other, f"{PATCHES}:apply").error[0].value


def test_a_file_is_added_as_it_was_exported(explainer: Explainer, store: PatchStore) -> None:
    data = patch_bytes(explainer.patch("sent", (a_revision(explainer),)))
    at = fine(uploaded(opened(), data))
    assert store.export(store.list()[0].file) == data and "The patch 'sent' is added" in said(at)
    assert "There is a patch" in uploaded(at, data).error[0].value


def test_files_that_are_no_patch_of_this_checkpoint_are_refused(explainer: Explainer, store: PatchStore) -> None:
    patch = explainer.patch("sent", (a_revision(explainer),))
    foreign = replace(patch, base="0" * 64)
    at = uploaded(opened(), patch_bytes(foreign))
    assert "0" * 64 in at.error[0].value and explainer.checkpoint.hash in at.error[0].value
    for data in (b"", b"no patch", patch_bytes(patch)[:-3]):
        at = uploaded(at, data)
        assert len(at.error) == 1 and not at.exception
    assert not store.list()


def test_patches_that_cannot_be_applied_say_why(explainer: Explainer, store: PatchStore) -> None:
    store.save(replace(explainer.patch("foreign", (a_revision(explainer),)), base="0" * 64))
    at = opened()
    assert button(at, f"{PATCHES}:apply").disabled
    assert "0" * 64 in said(at) and explainer.checkpoint.hash in said(at)
    (store.folder / "broken.safetensors").write_bytes(b"no patch")
    at = opened()
    assert "cannot be read" in table(at, "Patches on this server")
    at = fine(at.selectbox(key=f"{PATCHES}:chosen").set_value("broken.safetensors").run())
    assert not [b for b in at.button if b.key == f"{PATCHES}:apply"]


@pytest.mark.usefixtures("explainer")
def test_a_folder_that_cannot_be_used_is_an_error_in_place(explainer: Explainer, tmp_path: Path,
                                                          monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv(PATCHES_VARIABLE, str(tmp_path / "file" / "kept"))
    history = seen(History().do(a_revision(explainer), "first"))
    at = press(typed(opened(history), name="new"), f"{PATCHES}:save")
    assert "The folder of patches cannot be used" in at.error[0].value and not at.exception
