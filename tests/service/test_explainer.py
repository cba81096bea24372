"""The one door: exact, safe for many threads, and unimpressed by what people paste."""

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from sparsecbm.errors import CheckpointError, InputError
from sparsecbm.model.checkpoint import load_checkpoint, write_notes
from sparsecbm.service import Explainer, default_targets
from sparsecbm.types import Prediction, Target
from tests.helpers import HOSTILE, NothingKept, differing_answers, random_masks, saved_checkpoint, tiny_model, untouched

TEXT = "The soup was tasty. The room felt shabby."
POSITIVE = (0.0, 0.0, 1.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random sparse checkpoint."""
    return saved_checkpoint(tmp_path_factory.mktemp("checkpoints") / "toy-bert")


@pytest.fixture(scope="module")
def explainer(folder: Path) -> Explainer:
    return Explainer.load(folder, "cpu")


def content(result: Any) -> Iterator[Any]:
    """All numbers and words of a result, but for the time it took."""
    if is_dataclass(result) and not isinstance(result, type):
        for field in fields(result):
            if field.name not in ("milliseconds", "schema"):
                yield from content(getattr(result, field.name))
    elif isinstance(result, tuple):
        for part in result:
            yield from content(part)
    elif isinstance(result, Mapping):
        yield from content(tuple(result.items()))
    elif isinstance(result, np.ndarray):
        yield result.tobytes()
    else:
        yield result


def same(one: Any, other: Any) -> bool:
    return list(content(one)) == list(content(other))


# -- answers -------------------------------------------------------------------------------------------------------


def test_the_checkpoint_is_described(folder: Path, tmp_path: Path) -> None:
    write_notes(folder, {"dev": {"n": 1}}, "# card")
    info, model = Explainer.load(folder, "cpu").checkpoint, tiny_model()
    parameters = sum(parameter.numel() for parameter in model.parameters())
    masked = sum(rows * columns for rows, columns in (site.shape for site in model.sites.values()))
    assert (info.name, info.path, info.kind) == ("toy-bert", folder, "sparse")
    assert (info.device, info.dtype) == ("cpu", "float32")
    assert (info.metrics, info.card, info.max_tokens) == ({"dev": {"n": 1}}, "# card", 64)
    assert info.hash == load_checkpoint(folder, "cpu").hash and info.load_ms > 0
    assert info.parameters == parameters
    assert info.memory_bytes == 4 * (parameters + model.typical_logits.numel() + 3 * masked)
    assert info.density == random_masks(model).density()
    dense = Explainer.load(saved_checkpoint(tmp_path, kind="dense"), "cpu").checkpoint
    assert dense.density == {} and dense.memory_bytes == info.memory_bytes - 4 * 3 * masked


def test_a_missing_checkpoint_is_told(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError):
        Explainer.load(tmp_path / "none")


def test_a_prediction_comes_from_the_masked_model(explainer: Explainer, folder: Path) -> None:
    read = load_checkpoint(folder, "cpu")
    concept_logits, residual = read.model(read.encoder.encode([TEXT]), read.masks)
    made = explainer.predict(TEXT)
    np.testing.assert_allclose(made.concept_probabilities, concept_logits.softmax(-1)[0], atol=1e-6)
    np.testing.assert_allclose(made.residual, residual[0], atol=1e-6)
    unmasked, _ = read.model(read.encoder.encode([TEXT]), None)
    assert np.abs(made.concept_probabilities - unmasked.softmax(-1)[0].numpy()).max() > 1e-3
    assert made.receipt.checkpoint == read.hash and made.text == TEXT


def test_by_default_the_predicted_values_and_label_are_explained(explainer: Explainer) -> None:
    made = explainer.explain(TEXT)
    assert same(made.prediction, explainer.predict(TEXT))
    assert [attribution.target for attribution in made.attributions] == list(default_targets(made.prediction)) == [
        Target("soup", made.prediction.value("soup")), Target("room", made.prediction.value("room")),
        Target(None, made.prediction.label)]
    assert made.receipt.method == "integrated-gradients" and made.receipt.milliseconds > 0


def test_targets_may_be_chosen(explainer: Explainer) -> None:
    chosen = (Target(None, "bad"), Target("room", "unknown"))
    assert tuple(made.target for made in explainer.explain(TEXT, chosen).attributions) == chosen


@pytest.mark.parametrize("target", [Target("decor", "Positive"), Target("soup", "nice"), Target(None, "6")], ids=str)
def test_unknown_targets_are_refused(target: Target, explainer: Explainer) -> None:
    with pytest.raises(InputError, match="allowed"):
        explainer.explain(TEXT, [target])
    explainer.predict(TEXT)  # and the lock is free again


def test_an_unknown_method_lists_the_known_ones(explainer: Explainer) -> None:
    with pytest.raises(InputError, match="gradient-x-input"):
        explainer.explain(TEXT, method="astrology")


def test_the_residual_can_be_left_out(explainer: Explainer) -> None:
    whole, bare = explainer.predict(TEXT), explainer.predict(TEXT, residual=False)
    assert whole.residual.any() and not bare.residual.any()
    np.testing.assert_allclose(bare.label_logits, bare.label_bias + bare.contributions.sum(0), atol=1e-5)
    assert same(explainer.without_residual(whole), bare) and bare.receipt.method == "prediction"
    explained = explainer.explain(TEXT, [Target(None, "good")], residual=False)
    assert same(explained.prediction, bare)
    assert not np.allclose(explained.attributions[0].scores,
                           explainer.explain(TEXT, [Target(None, "good")]).attributions[0].scores)


def test_no_override_reproduces_the_prediction_bit_for_bit(explainer: Explainer) -> None:
    for residual in (True, False):
        made = explainer.predict(TEXT, residual)
        after = explainer.override(made, {}).after
        for field in fields(Prediction):
            if isinstance(getattr(made, field.name), np.ndarray):
                assert np.array_equal(getattr(after, field.name), getattr(made, field.name)), field.name


def test_a_text_is_passed_through_the_backbone_once(explainer: Explainer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks, in whatever order; word scores add only the passes of their method."""
    passes: list[int] = []
    pool = explainer._model.pool
    monkeypatch.setattr(explainer._model, "pool", lambda *given: passes.append(1) or pool(*given))
    text = "The waiter was kind and the room was warm."
    prediction = explainer.predict(text)
    explainer.predict(text, residual=False)
    explainer.override(prediction, {"soup": POSITIVE, "room": (0.2, 0.3, 0.5)})
    assert explainer.explain(text, method="gradient-x-input").prediction is prediction
    explainer.knock_out(text, [])
    assert len(passes) == 2, "one for the prediction, one without the weights"


@pytest.mark.parametrize("kind", ["dense", "black_box"])
def test_baselines_answer_too(kind: str, tmp_path: Path) -> None:
    explainer = Explainer.load(saved_checkpoint(tmp_path, kind=kind), "cpu")
    made = explainer.explain(TEXT)
    total = made.prediction.label_bias + made.prediction.contributions.sum(0) + made.prediction.residual
    np.testing.assert_allclose(total, made.prediction.label_logits, atol=1e-5)
    assert len(made.attributions[-1].scores) == len(made.attributions[-1].words) == 10


# -- what people paste ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\u00a0\u2003"])
def test_blank_text_is_refused_and_nothing_is_lost(text: str, explainer: Explainer) -> None:
    before = explainer.predict(TEXT)
    for call in (explainer.predict, explainer.explain):
        with pytest.raises(InputError, match="empty"):
            call(text)
    assert same(explainer.predict(TEXT), before)


def test_long_text_is_cut_and_counted(explainer: Explainer) -> None:
    made = explainer.explain("soup " * 10_000)
    assert (made.prediction.tokens_read, made.prediction.tokens_total) == (64, 10_002)
    assert made.prediction.truncated and len(made.attributions[0].words) == 62
    assert made.prediction.text == "soup " * 10_000
    assert same(made.prediction.label_logits, explainer.predict("soup " * 500).label_logits)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_text(text: str, explainer: Explainer) -> None:
    made = explainer.explain(text)
    assert made.prediction.text == text
    assert np.isfinite(made.prediction.label_logits).all()
    for attribution in made.attributions:
        assert all(text[word.start : word.end] == word.text for word in attribution.words)
        assert np.isfinite(attribution.scores).all()


# -- one model for many --------------------------------------------------------------------------------------------


def jobs(explainer: Explainer) -> list[Callable[[], Any]]:
    """Predictions, explanations and overrides of texts of several lengths."""
    texts = ["The soup was tasty.", TEXT, "It rained all day long and we stayed. " * 3, *HOSTILE.values()]
    earlier = explainer.predict(TEXT)
    found: list[Callable[[], Any]] = []
    for text in texts:
        found += [lambda text=text: explainer.predict(text), lambda text=text: explainer.explain(text)]
    found += [lambda: explainer.override(earlier, {"soup": POSITIVE}).after,
              lambda: explainer.override(earlier, {}).after,
              lambda: explainer.predict(TEXT, residual=False),
              lambda: tuple(explainer.predict_many(texts)),
              lambda: explainer.explain(TEXT, [Target(None, "bad")])]
    return found


def test_many_threads_get_what_one_would(explainer: Explainer, monkeypatch: pytest.MonkeyPatch) -> None:
    for cache in ("_attributions", "_predictions"):
        monkeypatch.setattr(explainer, cache, NothingKept())
    todo = jobs(explainer)
    serial = [job() for job in todo]
    with untouched(explainer._model):
        assert differing_answers(todo, same, serial, 6) == []


def test_nothing_changes_the_model(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither answers nor an exception in the middle of one."""
    checkpoint = load_checkpoint(folder, "cpu")
    explainer = Explainer(checkpoint)
    kept = {name: stack.clone() for name, stack in explainer._weights.stacks.items()} if explainer._weights else {}
    before = explainer.explain(TEXT)

    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("in the middle")

    with untouched(checkpoint.model, checkpoint.masks):
        explainer.override(before.prediction, {"soup": POSITIVE})
        explainer.without_residual(before.prediction)
        with monkeypatch.context() as patch:
            for cache in ("_attributions", "_predictions"):
                patch.setattr(explainer, cache, NothingKept())
            patch.setattr(checkpoint.model.backbone.encoder.layer[1].output.LayerNorm, "forward", fail)
            for call in (explainer.predict, explainer.explain):
                with pytest.raises(RuntimeError, match="in the middle"):
                    call(TEXT)
        with pytest.raises(InputError):
            explainer.override(before.prediction, {"decor": POSITIVE})
        assert same(explainer.explain(TEXT), before)
    assert kept and all(torch.equal(stack, kept[name]) for name, stack in explainer._weights.stacks.items())


def test_others_get_their_turn_while_many_are_predicted(explainer: Explainer) -> None:
    """Another thread predicts between two batches; with the lock held it never would."""
    answers, texts = [], [TEXT * count for count in (1, 20, 2)]

    def ask(share: float) -> None:
        other = threading.Thread(target=lambda: answers.append(explainer.predict(TEXT)), daemon=True)
        other.start()
        other.join(20)

    made = explainer.predict_many(texts * 20, ask)
    assert len(answers) > 1 and all(same(answer, explainer.predict(TEXT)) for answer in answers)
    assert [one.text for one in made] == texts * 20
    for one, text in zip(made[:3], texts, strict=True):
        np.testing.assert_allclose(one.label_logits, explainer.predict(text).label_logits, atol=1e-5)
    with pytest.raises(InputError):
        explainer.predict_many([TEXT, ""])
    assert explainer._lock.acquire(timeout=5)  # it was given back
    explainer._lock.release()


def test_no_caller_can_write_into_a_result_that_others_get(explainer: Explainer) -> None:
    made = explainer.predict(TEXT)
    arrays = [array for field in fields(Prediction) if isinstance(array := getattr(made, field.name), np.ndarray)]
    assert len(arrays) > 5 and not any(array.flags.writeable for array in arrays)
    assert explainer.predict(TEXT) is made
