"""The one door: what pages and command line rely on, also from many threads at once."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from sparsecbm.errors import CheckpointError, InputError
from sparsecbm.explainer import Explainer, default_targets
from sparsecbm.model.network import SparseCBM
from sparsecbm.types import Explanation, Target
from tests.helpers import HOSTILE, TOY, saved_checkpoint, untouched

TEXTS = ("The soup was tasty.", "The room felt shabby, the soup was bland!", "Lunch for two! The room felt warm.")


@pytest.fixture
def explainer(tmp_path: Path) -> Explainer:
    return Explainer.load(saved_checkpoint(tmp_path / "toy"), "cpu")


def same(one: Explanation, two: Explanation) -> bool:
    pairs = zip(one.attributions, two.attributions, strict=True)
    return (np.array_equal(one.prediction.label_logits, two.prediction.label_logits)
            and np.array_equal(one.prediction.concept_probabilities, two.prediction.concept_probabilities)
            and all(a.target == b.target and np.array_equal(a.scores, b.scores) for a, b in pairs))


def test_what_is_loaded_is_stated(explainer: Explainer, tmp_path: Path) -> None:
    info = explainer.checkpoint
    assert (info.name, info.path, info.kind, info.device, info.dtype) == ("toy", tmp_path / "toy", "sparse", "cpu", "float32")
    assert len(info.hash) == 64
    assert set(info.density) == {*TOY.concepts, "residual"}
    assert info.memory_bytes > 4 * info.parameters  # the masked copies are counted
    assert info.load_ms > 0


def test_by_default_every_predicted_value_and_the_label_are_explained(explainer: Explainer) -> None:
    explanation = explainer.explain(TEXTS[1])
    made = explanation.prediction
    assert [a.target for a in explanation.attributions] == [
        Target("soup", made.value("soup")), Target("room", made.value("room")), Target(None, made.label)]
    assert tuple(a.target for a in explanation.attributions) == default_targets(made)
    assert explanation.receipt.method == "gradient-x-input"
    assert explanation.receipt.checkpoint == explainer.checkpoint.hash


def test_words_are_the_reviews_own(explainer: Explainer) -> None:
    explanation = explainer.explain(TEXTS[1], [Target("room", "Negative")])
    words = explanation.attributions[0].words
    assert [word.text for word in words] == [TEXTS[1][word.start : word.end] for word in words]
    assert "".join(word.text for word in words) == TEXTS[1].replace(" ", "")
    assert len(explanation.attributions[0].scores) == len(words)


def test_threads_get_what_a_single_caller_gets(explainer: Explainer) -> None:
    def work(text: str) -> tuple[Explanation, np.ndarray]:
        explanation = explainer.explain(text)
        after = explainer.override(explanation.prediction, {"soup": (1.0, 0.0, 0.0)}).after
        return explanation, after.label_logits

    serial = [work(text) for text in TEXTS]
    with ThreadPoolExecutor(6) as pool:
        parallel = list(pool.map(work, TEXTS * 6))
    for index, (explanation, logits) in enumerate(parallel):
        expected, expected_logits = serial[index % len(TEXTS)]
        assert same(expected, explanation)
        np.testing.assert_array_equal(expected_logits, logits)


def test_nothing_a_caller_does_changes_the_model(explainer: Explainer, monkeypatch: pytest.MonkeyPatch) -> None:
    before = explainer.explain(TEXTS[0])
    with untouched(explainer._model):
        explainer.override(before.prediction, {"room": (0.0, 0.0, 1.0)})
        explainer.predict(TEXTS[1], residual=False)
        for bad in ("", " \n\t"):
            with pytest.raises(InputError):
                explainer.explain(bad)
        with monkeypatch.context() as patch:
            patch.setattr(SparseCBM, "concept_logits", lambda *_: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                explainer.explain(TEXTS[0])
    assert same(before, explainer.explain(TEXTS[0]))


def test_without_the_residual_only_the_label_head_runs(explainer: Explainer, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, bare = explainer.predict(TEXTS[0]), explainer.predict(TEXTS[0], residual=False)
    monkeypatch.setattr(SparseCBM, "run_pass", lambda *_: pytest.fail("a backbone pass ran"))
    again = explainer.without_residual(whole)
    assert not bare.residual.any()
    np.testing.assert_array_equal(bare.label_logits, again.label_logits)
    np.testing.assert_array_equal(bare.concept_probabilities, whole.concept_probabilities)


def test_a_long_text_is_cut_and_says_so(tmp_path: Path) -> None:
    explainer = Explainer.load(saved_checkpoint(tmp_path / "short", max_tokens=16), "cpu")
    long = "The soup was tasty. " * 2500
    prediction = explainer.predict(long)
    assert (prediction.tokens_read, prediction.truncated) == (16, True)
    assert prediction.tokens_total == 2500 * 5 + 2  # four words and a stop each, [CLS] and [SEP]
    assert prediction.text == long
    assert not explainer.predict(TEXTS[0]).truncated


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_are_explained_like_any_other(explainer: Explainer, name: str) -> None:
    explanation = explainer.explain(HOSTILE[name])
    assert explanation.prediction.text == HOSTILE[name]
    for attribution in explanation.attributions:
        assert np.isfinite(attribution.scores).all()
        assert all(word.text == HOSTILE[name][word.start : word.end] for word in attribution.words)


def test_a_missing_checkpoint_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="nowhere"):
        Explainer.load(tmp_path / "nowhere")


def test_an_unknown_method_lists_the_known_ones(explainer: Explainer) -> None:
    with pytest.raises(InputError, match="gradient-x-input"):
        explainer.explain(TEXTS[0], method="astrology")
