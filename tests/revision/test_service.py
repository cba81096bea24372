"""Revisions by the service: exact, cached, stacked, undone, and of no effect on other callers."""

import threading
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from sparsecbm.errors import Cancelled, CheckpointError, InputError
from sparsecbm.model.prediction import predict
from sparsecbm.revision.compute_masks import changed_masks
from sparsecbm.revision.compute_patch import patch_bytes, save_patch
from sparsecbm.revision.edit import MaskChange, Revision
from sparsecbm.revision.result import RevisionResult
from sparsecbm.service import Explainer
from sparsecbm.service import predictions as changed
from sparsecbm.subnetworks.knockout import KnockOut
from sparsecbm.types import Prediction
from tests.helpers import TOY, NothingKept, differing_answers, saved_checkpoint, untouched
from tests.revision.toys import contents, random_change

TEXT = "The soup was tasty. The room felt shabby."


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved_checkpoint(tmp_path_factory.mktemp("checkpoints") / "toy-bert")


@pytest.fixture
def explainer(folder: Path) -> Explainer:
    return Explainer.load(folder, "cpu")


@pytest.fixture
def passes(explainer: Explainer, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows with every run of the backbone."""
    runs: list[int] = []
    model = explainer._model
    monkeypatch.setattr(model, "run_pass", lambda *parts, run=model.run_pass: runs.append(1) or run(*parts))
    monkeypatch.setattr(model, "run_passes", lambda *parts, run=model.run_passes: runs.append(1) or run(*parts))
    return runs


def wanted(explainer: Explainer, concept: str = "soup", text: str = TEXT, changes: tuple[MaskChange, ...] = ()) -> str:
    """The concept's second most probable value."""
    shares = explainer.predict_changed(text, changes).concept_probabilities[TOY.concept_index(concept)]
    return TOY.values[int(shares.argsort()[1])]


def revised(explainer: Explainer, concept: str = "soup", text: str = TEXT, **how: Any) -> RevisionResult:
    return explainer.revise(text, concept, wanted(explainer, concept, text, how.get("changes", ())),
                            **{"portion": 0.1} | how)


def arrays(prediction: Prediction) -> dict[str, np.ndarray]:
    found = {field.name: getattr(prediction, field.name) for field in fields(prediction)}
    return {name: array for name, array in found.items() if isinstance(array, np.ndarray)}


def assert_close(one: Prediction, other: Prediction) -> None:
    for name, array in arrays(one).items():
        np.testing.assert_allclose(array, getattr(other, name), atol=2e-6, err_msg=name)


def equal(one: Prediction, other: Prediction) -> bool:
    return all(np.array_equal(array, getattr(other, name)) for name, array in arrays(one).items())


def in_full(explainer: Explainer, *changes: MaskChange, text: str = TEXT) -> Prediction:
    """The reference: all passes of the changed masks, multiplied and run anew."""
    masks = explainer._loaded.masks
    assert masks is not None
    with torch.no_grad():
        weights = explainer._model.masked_weights(changed_masks(masks, changes))
    return predict(explainer._model, explainer._encoder, weights, text, "hash")


def changes_of(explainer: Explainer, *passes: str) -> tuple[MaskChange, ...]:
    """One random change after another."""
    found: list[MaskChange] = []
    for seed, name in enumerate(passes):
        found.append(random_change(changed_masks(explainer._loaded.masks, found), name, seed))
    return tuple(found)


# -- predictions after changes -------------------------------------------------------------------------------------


@pytest.mark.parametrize("names", [("soup",), ("residual",), ("soup", "soup"),
                                   ("residual", "soup", "room", "soup")], ids=str)
def test_a_prediction_after_changes_is_that_of_the_changed_masks(names: tuple[str, ...], explainer: Explainer) -> None:
    changes = changes_of(explainer, *names)
    made = explainer.predict_changed(TEXT, changes)
    assert_close(made, in_full(explainer, *changes))
    before = explainer.predict(TEXT)
    for k, concept in enumerate(TOY.concepts):
        same = np.array_equal(made.concept_probabilities[k], before.concept_probabilities[k])
        assert same == (concept not in names)
    assert np.array_equal(made.residual, before.residual) == ("residual" not in names)
    bare = explainer.predict_changed(TEXT, changes, residual=False)
    assert not bare.residual.any() and np.array_equal(bare.concept_probabilities, made.concept_probabilities)


def test_only_changed_passes_run_and_only_once(explainer: Explainer, passes: list[int]) -> None:
    soup, room = changes_of(explainer, "soup", "room")
    base = explainer.predict_changed(TEXT, ())
    assert len(passes) == 1  # all passes together
    one = explainer.predict_changed(TEXT, [soup])
    assert len(passes) == 2
    explainer.predict_changed(TEXT, [soup, room])
    assert len(passes) == 4
    assert explainer.predict_changed(TEXT, (soup,)) is one and explainer.predict_changed(TEXT, []) is base
    assert len(passes) == 4


def test_without_a_change_left_nothing_runs(explainer: Explainer, passes: list[int]) -> None:
    change, before = changes_of(explainer, "soup")[0], explainer.predict_changed(TEXT, ())
    passes.clear()
    assert equal(explainer.predict_changed(TEXT, [change, change.inverse]), before) and not passes


def test_the_receipt_names_the_changes(explainer: Explainer) -> None:
    soup, room = changes_of(explainer, "soup", "room")
    names = [explainer.predict_changed(TEXT, changes).receipt.checkpoint for changes in ((), [soup], [soup, room])]
    assert names[0] == explainer.checkpoint.hash and len(set(names)) == 3
    assert all(name.startswith(f"{explainer.checkpoint.hash}+") for name in names[1:])


def test_a_shared_prediction_cannot_be_scribbled_over(explainer: Explainer) -> None:
    for changes in ((), changes_of(explainer, "soup")):
        for array in arrays(explainer.predict_changed(TEXT, changes)).values():
            with pytest.raises(ValueError, match="read-only"):
                array[...] = 7


def test_what_is_kept_is_bounded(explainer: Explainer) -> None:
    every = [random_change(explainer._loaded.masks, "soup", seed) for seed in range(6)]
    for change in every:
        explainer.predict_changed(TEXT, [change])
    assert len(explainer._changed_passes) == changed.PASSES_KEPT and len(explainer._changed_masks) == changed.MASKS_KEPT
    assert_close(explainer.predict_changed("The soup was bland.", every[:1]),
                 in_full(explainer, every[0], text="The soup was bland."))


def test_changes_that_do_not_fit_are_refused(explainer: Explainer) -> None:
    change = changes_of(explainer, "soup")[0]
    for changes in ([change, change], [change.inverse], [replace(change, pass_="decor")]):
        for call in (lambda c=changes: explainer.predict_changed(TEXT, c),
                     lambda c=changes: explainer.explain(TEXT, changes=c),
                     lambda c=changes: explainer.knock_out(TEXT, [], changes=c),
                     lambda c=changes: explainer.revise(TEXT, "soup", "unknown", changes=c)):
            with pytest.raises(InputError):
                call()
    explainer.predict(TEXT)  # the lock is free again


@pytest.mark.parametrize("kind", ["dense", "black_box"])
def test_without_masks_there_is_nothing_to_change(kind: str, tmp_path: Path) -> None:
    explainer = Explainer.load(saved_checkpoint(tmp_path, kind=kind), "cpu")
    with pytest.raises(CheckpointError, match="no masks"):
        explainer.revise(TEXT, "soup", "Negative")
    with pytest.raises(CheckpointError, match="no masks"):
        explainer.predict_changed(TEXT, [MaskChange("soup", {}, {})])


# -- revisions -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("concept", TOY.concepts)
@pytest.mark.parametrize("residual", [True, False])
def test_a_revision_changes_its_concept_and_the_label_that_follows(
    concept: str, residual: bool, explainer: Explainer
) -> None:
    result, k = revised(explainer, concept, residual=residual), TOY.concept_index(concept)
    assert result.agrees and not result.already and result.after.value(concept) == result.revision.value
    assert_close(result.before, explainer.predict(TEXT, residual))
    assert equal(result.after, explainer.predict_changed(TEXT, [result.revision.change], residual))
    full = in_full(explainer, result.revision.change)
    assert_close(result.after, full if residual else explainer.without_residual(full))
    for name in ("concept_probabilities", "bottleneck", "contributions"):
        assert np.array_equal(getattr(result.after, name)[1 - k], getattr(result.before, name)[1 - k])
    assert not np.array_equal(result.after.label_logits, result.before.label_logits)
    assert result.dropped == result.grown == result.revision.change.dropped_count > 0
    assert result.active == explainer.active_weights(concept) and result.label_changed == (
        result.before.label != result.after.label)
    assert result.receipt.method == "mask revision" and result.receipt.checkpoint == result.after.receipt.checkpoint
    assert result.steps[-1].probability == pytest.approx(
        float(result.after.concept_probabilities[k, TOY.value_index(result.revision.value)]), abs=1e-6)


def test_a_concept_that_agrees_already_is_left_alone(explainer: Explainer, passes: list[int]) -> None:
    value = explainer.predict_changed(TEXT, ()).value("room")
    passes.clear()
    result = explainer.revise(TEXT, "room", value)
    assert result.already and result.agrees and result.steps == () and not passes
    assert (result.dropped, result.grown, result.revision.portion, result.revision.steps) == (0, 0, 0, 0)
    assert equal(result.before, result.after) and not result.label_changed
    with pytest.raises(InputError, match="portion is 0;"):
        explainer.revise(TEXT, "room", value, portion=0.0)


def test_revisions_stack_and_are_undone_in_turn(explainer: Explainer) -> None:
    masks = contents(explainer._loaded.masks)
    one = revised(explainer)
    two = revised(explainer, "room", changes=[one.revision.change])
    three = revised(explainer, changes=(one.revision.change, two.revision.change))
    assert equal(two.before, one.after) and equal(three.before, two.after)
    changes = [result.revision.change for result in (one, two, three)]
    assert_close(three.after, in_full(explainer, *changes))
    back = [change.inverse for change in reversed(changes)]
    assert equal(explainer.predict_changed(TEXT, changes + back), explainer.predict_changed(TEXT, ()))
    assert contents(explainer._loaded.masks) == masks


def test_a_random_edit_is_as_large_as_its_revision(explainer: Explainer) -> None:
    earlier = changes_of(explainer, "soup")
    like = revised(explainer, changes=earlier)
    drawn = explainer.random_edit(TEXT, like.revision, earlier, seed=5)
    assert (drawn.dropped, drawn.grown, drawn.active) == (like.dropped, like.grown, like.active)
    assert drawn.revision.change.digest != like.revision.change.digest and drawn.receipt.method == "random edit"
    assert_close(drawn.after, in_full(explainer, *earlier, drawn.revision.change))
    assert equal(drawn.before, like.before)
    v = TOY.value_index(like.revision.value)
    assert [step.probability for step in drawn.steps] == pytest.approx(
        [float(p.concept_probabilities[0, v]) for p in (drawn.before, drawn.after)])
    assert [step.portion for step in drawn.steps] == [0, like.revision.portion]


def test_blank_text_is_refused(explainer: Explainer) -> None:
    for text in ("", " \n", "\u00a0"):
        with pytest.raises(InputError, match="empty"):
            explainer.revise(text, "soup", "Negative")
    assert revised(explainer).agrees


# -- words and knock-outs after changes ----------------------------------------------------------------------------


def test_words_are_scored_through_the_changed_masks(explainer: Explainer) -> None:
    """As those of a checkpoint whose masks are so; what no change bears on comes from the cache."""
    before, (soup,) = explainer.explain(TEXT), changes_of(explainer, "soup")
    targets = [attribution.target for attribution in before.attributions]
    after = explainer.explain(TEXT, targets, changes=[soup])
    edited = Explainer(replace(explainer._loaded, masks=changed_masks(explainer._loaded.masks, [soup])))
    for one, other in zip(after.attributions, edited.explain(TEXT, targets).attributions, strict=True):
        np.testing.assert_allclose(one.scores, other.scores, atol=1e-5)
    changed_, same, label = (not np.array_equal(old.scores, new.scores)
                             for old, new in zip(before.attributions, after.attributions, strict=True))
    assert changed_ and label and not same and after.attributions[1] is before.attributions[1]
    assert equal(after.prediction, explainer.predict_changed(TEXT, [soup]))
    assert np.array_equal(explainer.explain(TEXT).attributions[0].scores, before.attributions[0].scores)


def test_weights_are_knocked_out_of_changed_masks(explainer: Explainer) -> None:
    changes = changes_of(explainer, "soup", "residual")
    edited = Explainer(replace(explainer._loaded, masks=changed_masks(explainer._loaded.masks, changes)))
    for knock_out in (KnockOut("soup"), KnockOut(layer=1, head=0), KnockOut("room", exclusive=True, within="residual")):
        one, other = explainer.knock_out(TEXT, [knock_out], changes=changes), edited.knock_out(TEXT, [knock_out])
        assert one.removed == other.removed
        assert_close(one.before, other.before)
        assert_close(one.after, other.after)


# -- patches -------------------------------------------------------------------------------------------------------


def test_a_patch_does_on_another_day_what_it_did(explainer: Explainer, folder: Path, tmp_path: Path) -> None:
    one = revised(explainer)
    two = revised(explainer, "room", changes=[one.revision.change])
    patch = explainer.patch("both", [one.revision, two.revision], "why", "Ada")
    assert patch.base == explainer.checkpoint.hash
    save_patch(tmp_path / "both.safetensors", patch)
    later = Explainer.load(folder, "cpu")
    for source in (tmp_path / "both.safetensors", patch_bytes(patch)):
        assert equal(later.predict_changed(TEXT, later.open_patch(source).changes), two.after)


def test_a_patch_of_another_checkpoint_is_refused(explainer: Explainer, tmp_path: Path) -> None:
    patch = explainer.patch("mine", [revised(explainer).revision])
    other = Explainer.load(saved_checkpoint(tmp_path, bottleneck="logits"), "cpu")
    with pytest.raises(InputError, match=f"{explainer.checkpoint.hash}.*{other.checkpoint.hash}"):
        other.open_patch(patch_bytes(patch))
    with pytest.raises(InputError, match="other masks"):
        explainer.patch("twice", [revised(explainer).revision] * 2)


# -- one model for many --------------------------------------------------------------------------------------------


def jobs(explainer: Explainer) -> list[Callable[[], Prediction]]:
    """Revisions, random edits and predictions after changes, of several texts."""
    found: list[Callable[[], Prediction]] = []
    for text in (TEXT, "It rained all day long and we stayed. " * 3):
        for concept in TOY.concepts:
            value = wanted(explainer, concept, text)
            like = Revision(concept, value, 0.3, 1, random_change(explainer._loaded.masks, concept, 3))
            found += [lambda t=text, c=concept, v=value: explainer.revise(t, c, v, 0.1).after,
                      lambda t=text, one=like: explainer.random_edit(t, one).after,
                      lambda t=text, one=like: explainer.predict_changed(t, [one.change]),
                      lambda t=text: explainer.predict(t)]
    return found


def test_threads_that_edit_get_what_one_alone_would(explainer: Explainer, monkeypatch: pytest.MonkeyPatch) -> None:
    for cache in ("_predictions", "_changed_masks", "_changed_passes"):
        monkeypatch.setattr(explainer, cache, NothingKept())
    todo = jobs(explainer)
    serial = [job() for job in todo]
    assert explainer._weights is not None
    kept = {name: stack.clone() for name, stack in explainer._weights.stacks.items()}
    with untouched(explainer._model, explainer._loaded.masks):
        assert differing_answers(todo, equal, serial, 4) == []
    assert all(torch.equal(stack, kept[name]) for name, stack in explainer._weights.stacks.items())


def test_others_get_their_turn_during_a_revision_and_a_stopped_one_leaves_nothing(explainer: Explainer) -> None:
    answers = []

    def ask_and_stop(share: float) -> None:
        other = threading.Thread(target=lambda: answers.append(explainer.predict("The soup was bland.")), daemon=True)
        other.start()
        other.join(20)
        if share > 0:
            raise Cancelled("Stopped.")

    before = revised(explainer)
    explainer._predictions.clear()
    with untouched(explainer._model, explainer._loaded.masks), pytest.raises(Cancelled):
        revised(explainer, progress=ask_and_stop)
    assert len(answers) == 2 and all(equal(answer, explainer.predict("The soup was bland.")) for answer in answers)
    assert len(explainer._predictions) == 2 and not explainer._revising.locked() and not explainer._lock.locked()
    assert equal(revised(explainer).after, before.after)
