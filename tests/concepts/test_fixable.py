"""Which concept alone would put a label right, of many reviews at once: what the search for one review says."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sparsecbm.errors import InputError
from sparsecbm.schema import CEBAB
from sparsecbm.service import Explainer
from tests.helpers import TOY, saved_checkpoint, toy_split


@pytest.fixture(scope="module")
def explainer(tmp_path_factory: pytest.TempPathFactory) -> Explainer:
    return Explainer.load(saved_checkpoint(tmp_path_factory.mktemp("checkpoints")), "cpu")


@pytest.mark.parametrize("label", range(3))
def test_it_is_what_the_smallest_fix_of_every_review_says(explainer: Explainer, label: int) -> None:
    texts = toy_split().texts
    found = explainer.fixable(explainer.predict_texts(texts), np.full(len(texts), label))
    assert found is not None and found.shape == (len(texts), 2)
    for row, text in enumerate(texts):
        fix = explainer.smallest_fix(explainer.predict(text), TOY.labels[label])
        concepts = {concept for one in fix.fixes for concept in one.values} if fix.size == 1 else set()
        assert {TOY.concepts[k] for k in np.flatnonzero(found[row])} == concepts


def test_some_rows_can_be_fixed_and_some_cannot(explainer: Explainer) -> None:
    """So the comparison above sees both."""
    predictions = explainer.predict_texts(toy_split().texts)
    every = np.stack([explainer.fixable(predictions, np.full(len(predictions), label)) for label in range(3)])
    assert every.any() and not every.all()


def test_a_label_that_is_right_or_not_told_needs_no_fix(explainer: Explainer) -> None:
    predictions = explainer.predict_texts(toy_split().texts)
    for labels in (predictions.labels, np.full(len(predictions), -1)):
        found = explainer.fixable(predictions, labels)
        assert found is not None and not found.any()


def test_no_model_runs_and_certain_labels_stay_finite(explainer: Explainer, monkeypatch: pytest.MonkeyPatch) -> None:
    predictions = explainer.predict_texts(toy_split().texts[:4])
    explainer.effects()
    for name in ("run_pass", "pool", "label"):
        monkeypatch.setattr(explainer._model, name, lambda *_, **__: pytest.fail("the model was run"))
    certain = replace(predictions, label_probabilities=np.eye(3, dtype=np.float32)[[0, 1, 2, 0]])
    found = explainer.fixable(certain, np.array([1, 1, 1, 1]))
    assert found is not None and not found.any(), "no concept of this model moves a label by 87 logits"


def test_where_the_label_does_not_follow_from_probabilities_nothing_is_said(tmp_path: Path) -> None:
    for number, settings in enumerate(({"kind": "black_box"}, {"bottleneck": "logits"})):
        other = Explainer.load(saved_checkpoint(tmp_path / str(number), **settings), "cpu")
        assert other.fixable(other.predict_texts(["The soup was tasty."]), np.array([0])) is None


def test_predictions_and_labels_must_belong_together(explainer: Explainer) -> None:
    predictions = explainer.predict_texts(toy_split().texts[:3])
    for wrong, labels in ((predictions, np.array([0])), (replace(predictions, schema=CEBAB), np.zeros(3, dtype=int))):
        with pytest.raises(InputError, match="allowed"):
            explainer.fixable(wrong, labels)
