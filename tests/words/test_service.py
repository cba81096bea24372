"""Explanations that take long: kept, bounded, reported on, stopped, and in nobody's way."""

import threading
from pathlib import Path

import numpy as np
import pytest

from sparsecbm.errors import Cancelled
from sparsecbm.service import Explainer, words
from sparsecbm.types import Target
from sparsecbm.words import compute as attribution
from tests.helpers import saved_checkpoint, tiny_backbone, untouched

TEXT = "The soup was tasty. The room felt shabby."
GOOD = Target(None, "good")


@pytest.fixture
def explainer(tmp_path: Path) -> Explainer:
    return Explainer.load(saved_checkpoint(tmp_path), "cpu")


@pytest.fixture
def passes(explainer: Explainer, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows with every backbone pass of an explanation; predictions do not count."""
    runs: list[int] = []
    run = attribution.term_values
    monkeypatch.setattr(attribution, "term_values", lambda *parts: runs.append(1) or run(*parts))
    return runs


def test_what_was_worked_out_is_not_worked_out_again(explainer: Explainer, passes: list[int]) -> None:
    first = explainer.explain(TEXT, [GOOD])
    cost = len(passes)
    assert explainer.explain(TEXT, [GOOD]).attributions[0] is first.attributions[0] and len(passes) == cost
    both = explainer.explain(TEXT, [Target("soup", "Positive"), GOOD])
    assert both.attributions[1] is first.attributions[0] and both.attributions[0].target == Target("soup", "Positive")


@pytest.mark.parametrize("other", [
    {"text": "The soup was bland."}, {"method": "occlusion"}, {"steps": 8}, {"residual": False},
    {"targets": [Target(None, "bad")]}, {"targets": [Target(None, "good", "bad")]},
], ids=lambda other: next(iter(other)))
def test_whatever_makes_a_difference_is_worked_out_anew(other: dict, explainer: Explainer, passes: list[int]) -> None:
    asked = {"text": TEXT, "targets": [GOOD]}
    first = explainer.explain(**asked).attributions[0]
    passes.clear()
    assert explainer.explain(**asked | other).attributions[0] is not first and passes


def test_default_steps_are_the_same_request_as_those_steps_by_number(explainer: Explainer, passes: list[int]) -> None:
    explainer.explain(TEXT, [GOOD])
    passes.clear()
    explainer.explain(TEXT, [GOOD], steps=32)
    assert not passes


def test_a_shared_result_cannot_be_scribbled_over(explainer: Explainer) -> None:
    made = explainer.explain(TEXT, [GOOD]).attributions[0]
    for array in (made.scores, *made.parts.values()):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 7


def test_what_is_kept_is_bounded_in_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Room for about two results: the one used longest ago goes."""
    monkeypatch.setattr(words, "CACHE_BYTES", 7_000)
    explainer = Explainer.load(saved_checkpoint(tmp_path), "cpu")
    kept = [explainer.explain(text, [GOOD]).attributions[0] for text in (TEXT, "The soup. " + TEXT, "A soup. " + TEXT)]
    assert 0 < explainer._attributions.currsize <= 7_000
    assert explainer.explain("A soup. " + TEXT, [GOOD]).attributions[0] is kept[2]
    assert explainer.explain(TEXT, [GOOD]).attributions[0] is not kept[0]


def test_others_get_their_turn_during_a_long_explanation(explainer: Explainer) -> None:
    """Another thread predicts while the explanation is under way; with the lock held it never would."""
    answers = []

    def ask(_: float) -> None:
        other = threading.Thread(target=lambda: answers.append(explainer.predict("The soup was bland.")), daemon=True)
        other.start()
        other.join(20)

    made = explainer.explain(TEXT, [GOOD], progress=ask)
    alone = explainer.predict("The soup was bland.")
    assert answers and all(np.array_equal(answer.label_logits, alone.label_logits) for answer in answers)
    assert np.array_equal(made.attributions[0].scores, explainer.explain(TEXT, [GOOD]).attributions[0].scores)


def test_nothing_of_a_stopped_explanation_is_kept(explainer: Explainer, passes: list[int]) -> None:
    def stop(share: float) -> None:
        if share > 0:
            raise Cancelled("Stopped.")

    with untouched(explainer._model), pytest.raises(Cancelled):
        explainer.explain(TEXT, progress=stop)
    assert explainer._attributions.currsize == 0
    assert explainer._lock.acquire(timeout=5)  # it was given back
    explainer._lock.release()
    passes.clear()
    explainer.explain(TEXT)
    assert passes


def test_512_tokens_are_explained_in_bounded_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = saved_checkpoint(tmp_path, tiny_backbone(max_position_embeddings=512), max_tokens=512)
    explainer, tokens = Explainer.load(folder, "cpu"), []
    run = explainer._model.run_passes
    monkeypatch.setattr(explainer._model, "run_passes", lambda own, embedded, mask: tokens.append(
        embedded.shape[:2].numel()) or run(own, embedded, mask))
    made = explainer.explain("soup " * 1000)
    assert made.prediction.truncated and len(made.attributions[-1].scores) == 510
    assert max(tokens) <= max(attribution.BATCH_TOKENS, 3 * 512)  # a point in three passes
    assert all(part.relative_gap < 0.05 for part in made.attributions)
