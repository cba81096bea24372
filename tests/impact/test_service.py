"""Rules and impacts through the one door: answers kept within bounds, and nobody kept waiting."""

import operator
import threading
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sparsecbm.errors import Cancelled, InputError
from sparsecbm.revision.rule import LastingEdit, Rule, TextSays
from sparsecbm.service import Explainer
from sparsecbm.service import impact_of_edits as service
from tests.helpers import differing_answers, saved_checkpoint, toy_split, untouched
from tests.revision.toys import always, random_revision, set_to

TEXT = "The soup was tasty. The room felt warm."
WARM = Rule((TextSays("warm"),), (set_to("room", "Negative"),))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random sparse checkpoint."""
    return saved_checkpoint(tmp_path_factory.mktemp("checkpoints") / "toy-bert")


@pytest.fixture
def explainer(folder: Path) -> Explainer:
    return Explainer.load(folder, "cpu")


def revision(explainer: Explainer, seed: int = 0) -> LastingEdit:
    assert explainer._loaded.masks is not None
    return random_revision(explainer._loaded.masks, "soup", seed)


def afters(explainer: Explainer, *edits: LastingEdit) -> list[list[int]]:
    return [effect.after.tolist() for effect in explainer.impact(edits, toy_split()).effects]


def test_a_rule_reaches_a_prediction_and_a_split_alike(explainer: Explainer) -> None:
    split = toy_split()
    impact = explainer.impact([WARM], split)
    for row, text in enumerate(split.texts):
        after = explainer.apply_rules(explainer.predict(text), [WARM]).after
        assert [explainer.schema.labels[impact.effects[0].after[row]],
                explainer.schema.values[impact.effect("room").after[row]]] == [after.label, after.value("room")]
    one = explainer.predict(TEXT)
    own = explainer.apply_rules(one, [WARM], {"room": (0.0, 0.0, 1.0)}, residual=False)
    assert own.overrides == {"room": (0.0, 0.0, 1.0)} and not own.after.residual.any()


def test_the_answers_before_are_worked_out_once(explainer: Explainer, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[int] = []
    run = explainer._model.run_passes
    monkeypatch.setattr(explainer._model, "run_passes", lambda *parts: ran.append(1) or run(*parts))
    fresh = explainer.impact([WARM], toy_split())
    assert ran
    ran.clear()
    again = explainer.impact([WARM], toy_split())
    assert ran == [] and again.settings == fresh.settings and again.receipt.checkpoint == explainer.checkpoint.hash
    explainer.impact([WARM], toy_split(), sample=4)
    assert ran


def test_what_is_kept_is_bounded_in_bytes(explainer: Explainer, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """18 rows of 2 x 3 concept logits and 3 residuals are 648 bytes; what is larger than the bound is kept alone."""
    explainer.impact([WARM], toy_split())
    assert explainer._answers.currsize == 18 * 9 * 4
    monkeypatch.setattr(service, "ANSWERS_BYTES", 500)
    small = Explainer.load(folder, "cpu")
    for sample in (8, 6, 18, 9):
        small.impact([WARM], toy_split(), sample)
        assert 0 < small._answers.currsize <= 500 and len(small._answers) <= 2


def test_others_get_their_turn_meanwhile(explainer: Explainer) -> None:
    """Another thread predicts while the rows are read; with the lock held it never would."""
    alone, expected, answers = explainer.predict(TEXT), afters(explainer, revision(explainer)), []

    def ask(_: float) -> None:
        other = threading.Thread(target=lambda: answers.append(explainer.predict(TEXT)), daemon=True)
        other.start()
        other.join(20)

    made = explainer.impact([revision(explainer)], toy_split(), progress=ask)
    assert len(answers) == 3 and all(np.array_equal(one.label_logits, alone.label_logits) for one in answers)
    assert [effect.after.tolist() for effect in made.effects] == expected


def test_many_threads_get_what_one_would(folder: Path) -> None:
    explainer = Explainer.load(folder, "cpu")
    stacks: list[tuple[LastingEdit, ...]] = [(), (WARM,), (always("soup", "Positive"),),
                                         *((revision(explainer, seed), WARM) for seed in range(3))]
    serial = [afters(explainer, *edits) for edits in stacks]
    fresh = Explainer.load(folder, "cpu")  # nothing kept yet
    with untouched(fresh._model, fresh._loaded.masks):
        jobs = [partial(afters, fresh, *edits) for edits in stacks]
        assert differing_answers(jobs, operator.eq, serial, 8) == []


def test_a_stop_and_an_error_give_the_lock_back(explainer: Explainer) -> None:
    def stop(_: float) -> None:
        raise Cancelled("Stopped.")

    calls: list[tuple[type[Exception], dict[str, Any]]] = [
        (Cancelled, {"progress": stop}), (InputError, {"edits": [always("decor", "Negative")]})]
    with untouched(explainer._model, explainer._loaded.masks):
        for error, changes in calls:
            with pytest.raises(error):
                explainer.impact(**{"edits": [revision(explainer)], "split": toy_split()} | changes)
            assert explainer._answers.currsize == 0
            assert explainer._lock.acquire(timeout=5)
            explainer._lock.release()
