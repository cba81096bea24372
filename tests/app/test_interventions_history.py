"""The history and the patches of the Interventions page."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from sparsecbm.revision.compute_patch import PatchStore, patch_bytes
from sparsecbm.revision.edit import Override, Revision
from sparsecbm.revision.history import History
from sparsecbm.revision.panel_patches import PATCHES_VARIABLE
from sparsecbm.revision.rule import Rule, edit_key
from sparsecbm.service import Explainer
from tests.app.screen import address, blocks, fine, new_session, open_page, press, press_in_panel, section
from tests.app.test_interventions_revise import INTERVENTIONS, REVIEW, history, said
from tests.helpers import HOSTILE

PATCHES = "interventions:patches"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PatchStore:
    """The patches of the server; none at first."""
    monkeypatch.setenv(PATCHES_VARIABLE, str(tmp_path / "kept"))
    return PatchStore(tmp_path / "kept")


def a_revision(explainer: Explainer, concept: str = "soup", *before: Revision) -> Revision:
    """A revision towards the second most probable value of a concept."""
    shares = explainer.predict(REVIEW).concept_probabilities[explainer.schema.concept_index(concept)]
    value = explainer.schema.values[int(shares.argsort()[1])]
    return explainer.revise(REVIEW, concept, value, 0.1, changes=[one.change for one in before]).revision


def viewed(edits: History) -> History:
    """The history after a person viewed the impact of the edits in force."""
    return edits.mark_impact_viewed(tuple(edit_key(edit) for edit in edits.now.lasting), "key")


def opened(edits: History | None = None, text: str = REVIEW) -> AppTest:
    at = new_session()
    if edits is not None:
        at.session_state["interventions:history"] = edits
    return fine(open_page(at, INTERVENTIONS, text=text, section="history"))


def button(at: AppTest, key: str) -> Any:
    return next((b for b in at.button if b.key == key), None)


def table(at: AppTest, caption: str) -> str:
    return next((block for block in blocks(at) if f'aria-label="{caption}"' in block), "")


def edits(at: AppTest) -> str:
    return table(at, "Edits of this session")


def patches(at: AppTest) -> str:
    return table(at, "Patches on this server")


def filled(at: AppTest, saves: int = 0, **fields: str) -> AppTest:
    for name, text in fields.items():
        box = at.text_area if name == "note" else at.text_input
        box(key=f"{PATCHES}:{name}:{saves}").set_value(text)
    return at


def uploaded(at: AppTest, data: bytes) -> AppTest:
    box = next(one for one in at.file_uploader if one.key.startswith(f"{PATCHES}:file"))
    box.set_value(("given.safetensors", data, "application/octet-stream")).run()
    return press(at, f"{PATCHES}:add")


@pytest.mark.usefixtures("store")
def test_edits_are_listed_undone_redone_noted_and_viewed(explainer: Explainer) -> None:
    at = opened()
    assert not edits(at) and not patches(at) and button(at, f"{PATCHES}:save").disabled
    made = viewed(History().do(a_revision(explainer), "first <b>of</b> all").do(a_revision(explainer, "room"), "2nd"))
    at = opened(made)
    assert "first &lt;b&gt;of&lt;/b&gt; all" in edits(at) and f"{made.entries[0].time:%Y-%m-%d %H:%M:%S}" in edits(at)
    assert edits(at).index("first") < edits(at).index("2nd") and edits(at).count("in force") == 2
    at = fine(press(at, "interventions:history:undo"))
    assert history(at).position == 1 and edits(at).count("in force") == 1 and edits(at).count("undone") == 1
    at = fine(press(at, "interventions:history:redo"))
    assert history(at).position == 2

    at.selectbox(key="interventions:view:2:2").set_value(1).run()
    at = fine(at.text_input(key="interventions:note:1").set_value(HOSTILE["html"]).run())
    assert [entry.note for entry in history(at).entries] == [HOSTILE["html"], ""]
    assert "<script" not in edits(at) and "&lt;script" in edits(at)

    assert not button(at, f"{PATCHES}:save").disabled
    at = fine(press(at, "interventions:view:show"))
    assert "after 1 edit of 2" in said(at) and "in force, viewed" in edits(at) and history(at).position == 2
    assert button(at, "interventions:history:undo").disabled and button(at, f"{PATCHES}:save").disabled
    at = fine(press(at, "interventions:history:now"))
    assert button(at, "interventions:history:now") is None and not button(at, f"{PATCHES}:save").disabled


@pytest.mark.usefixtures("store")
def test_another_text_keeps_revisions_and_drops_overrides(explainer: Explainer) -> None:
    revision = a_revision(explainer)
    at = opened(History().do(revision, "revised"))
    value = explainer.predict_changed(REVIEW, [revision.change]).value("soup")
    at = fine(press_in_panel(section(at, "concepts"), ("set", "soup", value)))
    assert list(history(at).now.overrides) == ["soup"] and "override" in address(at)
    at.text_area(key="explain:box").set_value("The waiter was rude.")
    at = fine(press(at, "Predict"))
    assert [entry.description for entry in history(at).entries] == ["revised"] and "override" not in address(at)


def test_a_patch_is_saved_after_its_impact_was_viewed(explainer: Explainer, store: PatchStore) -> None:
    made, rule = History().do(a_revision(explainer), "first"), Rule((), (Override("room", (1.0, 0.0, 0.0)),))
    assert button(opened(made), f"{PATCHES}:save").disabled, "its impact was not viewed"
    assert button(opened(viewed(made.do(rule, "second"))), f"{PATCHES}:save").disabled, "a patch cannot keep a rule"
    at = filled(opened(viewed(made)), name="Softer <soup>", note="for *winter*", author="Ada")
    assert not store.list()
    at = fine(press(at, f"{PATCHES}:save"))
    patch = store.list()[0].patch
    assert patch is not None and (patch.name, patch.note, patch.author) == ("Softer <soup>", "for *winter*", "Ada")
    assert patch.base == explainer.checkpoint.hash
    assert [change.digest for change in patch.changes] == [change.digest for change in made.now.changes]
    assert "Softer &lt;soup&gt;" in patches(at) and "Ada" in patches(at) and ">in force<" in patches(at)
    assert at.text_input(key=f"{PATCHES}:name:1").value == ""

    at = press(filled(at, 1, name="Softer <soup>", note="long thought"), f"{PATCHES}:save")
    assert at.error and at.text_area(key=f"{PATCHES}:note:1").value == "long thought", "the name is taken"
    at = press(filled(at, 1, name=" "), f"{PATCHES}:save")
    assert len(at.error) == 1 and "name" in at.error[0].value and len(store.list()) == 1
    assert not fine(press(at, f"{PATCHES}:dismiss")).error


def test_a_patch_is_applied_to_one_session_reverted_and_deleted(explainer: Explainer, store: PatchStore) -> None:
    first = a_revision(explainer)
    second, before = a_revision(explainer, "room", first), explainer.predict(REVIEW)
    store.save(explainer.patch("both", (first, second)))
    at, other = fine(press(opened(), f"{PATCHES}:apply")), opened()
    assert [entry.edit.change.digest for entry in history(at).entries] == [first.change.digest, second.change.digest]
    assert all("“both”" in entry.description for entry in history(at).entries)
    assert not history(at).now.may_be_saved and not edits(other), "another session goes on without it"
    assert (explainer.predict(REVIEW).label_probabilities == before.label_probabilities).all()
    at = fine(press(at, f"{PATCHES}:revert"))
    assert history(at).position == 0 and len(history(at).undone) == 2 and "not in force" in patches(at)

    at = press(opened(History().do(first, "the same")), f"{PATCHES}:apply")
    assert len(at.error) == 1 and len(history(at).entries) == 1, "it does not fit what is in force: all or nothing"
    at = fine(press(press(at, f"{PATCHES}:dismiss"), f"{PATCHES}:delete-now"))
    assert not store.list() and not patches(at) and "'both'" in said(at)
    assert "no patch" in press(other, f"{PATCHES}:apply").error[0].value


def test_files_are_imported_only_when_they_are_patches_of_this_checkpoint(
    explainer: Explainer, store: PatchStore
) -> None:
    patch = explainer.patch("sent", (a_revision(explainer),))
    foreign, data = replace(patch, base="0" * 64), patch_bytes(patch)
    at = uploaded(opened(), patch_bytes(foreign))
    assert "0" * 64 in at.error[0].value and explainer.checkpoint.hash in at.error[0].value
    for spoilt in (b"", b"no patch", data[:-3]):
        at = uploaded(at, spoilt)
        assert len(at.error) == 1 and not at.exception
    assert not store.list()
    at = fine(uploaded(at, data))
    assert store.export(store.list()[0].file) == data and "'sent'" in said(at)
    assert uploaded(at, data).error, "the name is taken"

    store.delete(store.list()[0].file)
    store.save(replace(foreign, name="foreign"))
    (store.folder / "broken.safetensors").write_bytes(b"no patch")
    at = opened()
    assert button(at, f"{PATCHES}:apply").disabled and "0" * 64 in said(at) and "cannot be read" in patches(at)
    at = fine(at.selectbox(key=f"{PATCHES}:chosen").set_value("broken.safetensors").run())
    assert button(at, f"{PATCHES}:apply") is None


def test_a_folder_that_cannot_be_used_is_an_error_in_place(
    explainer: Explainer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    monkeypatch.setenv(PATCHES_VARIABLE, str(tmp_path / "file" / "kept"))
    made = viewed(History().do(a_revision(explainer), "first"))
    at = press(filled(opened(made), name="new"), f"{PATCHES}:save")
    assert "folder" in at.error[0].value and not at.exception
