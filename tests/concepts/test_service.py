"""What the explainer says of concepts that are not set yet: no backbone pass, and the same as the library."""

from pathlib import Path

import numpy as np
import pytest

from sparsecbm.errors import CheckpointError, InputError
from sparsecbm.service import Explainer
from tests.helpers import TOY, saved_checkpoint

TEXT = "The soup was tasty. The room felt shabby."


@pytest.fixture(scope="module")
def explainer(tmp_path_factory: pytest.TempPathFactory) -> Explainer:
    return Explainer.load(saved_checkpoint(tmp_path_factory.mktemp("checkpoints")), "cpu")


def test_no_question_runs_the_model(explainer: Explainer, monkeypatch: pytest.MonkeyPatch) -> None:
    before = explainer.predict(TEXT)
    after = explainer.override(before, {"soup": (1.0, 0.0, 0.0)}).after
    explainer.effects()
    for name in ("run_pass", "pool", "label", "override_bottleneck"):
        monkeypatch.setattr(explainer._model, name, lambda *_, **__: pytest.fail("the model was run"))
    assert np.array_equal(explainer.effects(), concept_effects_of(explainer))
    assert [found.concept for found in explainer.suggest(after, "ucp", ["soup"])] == ["room"]
    assert explainer.smallest_fix(before, before.label).size == 0
    assert set(explainer.unsure(before, ["room"]).winners) <= set(TOY.labels)
    assert [effect.part for effect in explainer.single_effects(before, after)] == ["soup"]


def concept_effects_of(explainer: Explainer) -> np.ndarray:
    """The effects of a bottleneck of probabilities are the weights of the label head."""
    return explainer._model.label_weight.double().numpy()


def test_a_suggestion_once_followed_is_not_made_again(explainer: Explainer) -> None:
    prediction, done = explainer.predict(TEXT), list[str]()
    while suggestions := explainer.suggest(prediction, set_concepts=done):
        done.append(suggestions[0].concept)
        prediction = explainer.override(prediction, {done[-1]: (0.0, 0.0, 1.0)}).after
    assert sorted(done) == sorted(TOY.concepts)


def test_the_first_fix_reaches_the_label(explainer: Explainer) -> None:
    prediction = explainer.predict(TEXT)
    for label in TOY.labels:
        for fix in explainer.smallest_fix(prediction, label).fixes[:1]:
            overrides = {concept: np.eye(3)[TOY.value_index(value)].tolist() for concept, value in fix.values.items()}
            assert explainer.override(prediction, overrides).after.label == label


def test_what_is_unknown_or_impossible_is_refused(explainer: Explainer, tmp_path: Path) -> None:
    prediction = explainer.predict(TEXT)
    for question in (lambda: explainer.suggest(prediction, "lcp"), lambda: explainer.smallest_fix(prediction, "9"),
                     lambda: explainer.unsure(prediction, ["decor"])):
        with pytest.raises(InputError, match="allowed"):
            question()
    black_box = Explainer.load(saved_checkpoint(tmp_path, kind="black_box"), "cpu")
    with pytest.raises(CheckpointError, match="black_box"):
        black_box.effects()
    with pytest.raises(CheckpointError, match="black_box"):
        black_box.suggest(black_box.predict(TEXT))
