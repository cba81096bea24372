"""Predictions of whole sources: the same as of each alone, done once, and taken up where they were stopped."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from sparsecbm.batch import compute_store
from sparsecbm.batch.compute_store import PredictionStore
from sparsecbm.data.samples import Sample, load_samples
from sparsecbm.errors import Cancelled
from sparsecbm.familiarity.compute import add_familiarity
from sparsecbm.model.checkpoint import load_checkpoint
from sparsecbm.service import Explainer
from sparsecbm.shipped import DEFAULT_CHECKPOINT
from sparsecbm.types import Predictions
from tests.helpers import saved_checkpoint, toy_split

TEXTS = tuple(f"The soup was tasty on day {number}." for number in range(10))


@pytest.fixture
def explainer(tmp_path: Path) -> Explainer:
    return Explainer.load(saved_checkpoint(tmp_path / "tiny"), "cpu")


@pytest.fixture
def asked(explainer: Explainer, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many texts each call to the model had; windows of four."""
    sizes, predict = list[int](), explainer.predict_texts

    def counted(texts: Sequence[str], *others: object) -> Predictions:
        found = predict(texts, *others)  # type: ignore[arg-type]
        sizes.append(len(texts))
        return found

    monkeypatch.setattr(explainer, "predict_texts", counted)
    monkeypatch.setattr(compute_store, "WINDOW", 4)
    return sizes


def test_windows_are_joined_in_order_and_done_once(explainer: Explainer, asked: list[int]) -> None:
    store, shares = PredictionStore(), list[float]()
    found = store.predict(explainer, TEXTS, shares.append)
    assert asked == [4, 4, 2] and shares == sorted(shares) and shares[-1] == 1
    whole = Explainer.predict_texts(explainer, TEXTS)
    np.testing.assert_allclose(found.label_probabilities, whole.label_probabilities, atol=1e-5)
    np.testing.assert_allclose(found.concept_probabilities, whole.concept_probabilities, atol=1e-5)
    assert found.truncated.tolist() == [False] * 10
    store.predict(explainer, TEXTS, lambda _: None)
    assert asked == [4, 4, 2] and store.finished(explainer, TEXTS) == 10
    store.predict(explainer, TEXTS[:9], lambda _: None)  # other texts are other work
    assert asked == [4, 4, 2, 4, 4, 1]


def test_a_stopped_source_goes_on_where_it_stopped(explainer: Explainer, asked: list[int]) -> None:
    store = PredictionStore()

    def stop(share: float) -> None:
        if share > 0.5:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        store.predict(explainer, TEXTS, stop)
    assert asked == [4] and store.finished(explainer, TEXTS) == 4
    assert len(store.predict(explainer, TEXTS, lambda _: None)) == 10 and asked == [4, 4, 2]


def test_the_store_is_bounded(explainer: Explainer, asked: list[int]) -> None:
    store = PredictionStore(most_rows=10)
    store.predict(explainer, TEXTS[:6], lambda _: None)
    store.predict(explainer, TEXTS[6:], lambda _: None)
    store.predict(explainer, TEXTS[:5], lambda _: None)  # the oldest makes room
    assert (store.finished(explainer, TEXTS[6:]), store.finished(explainer, TEXTS[:6])) == (4, 0)
    assert len(store.predict(explainer, (*TEXTS, "One too many."), lambda _: None)) == 11
    assert len(store.predict(explainer, (), lambda _: None)) == 0


@pytest.fixture
def samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """Ten samples ship for the toy model, and the cache is empty."""
    monkeypatch.setenv(compute_store.CACHE_VARIABLE, str(tmp_path / "cache"))
    shipped = tuple(Sample(text, "plain", text, "good", {}) for text in TEXTS)
    monkeypatch.setattr(compute_store, "load_samples", lambda schema: shipped)
    return TEXTS


def test_samples_are_predicted_once_for_all_starts(
    explainer: Explainer, asked: list[int], samples: tuple[str, ...], tmp_path: Path
) -> None:
    found = PredictionStore().predict(explainer, samples)
    again = PredictionStore().predict(explainer, samples)  # as after a start of the server
    assert asked == [4, 4, 2] and PredictionStore().finished(explainer, samples) == 10
    for name in ("label_probabilities", "concept_probabilities", "truncated"):
        np.testing.assert_array_equal(getattr(found, name), getattr(again, name))
    PredictionStore().predict(explainer, samples[:4])  # other texts are not kept on disk
    assert asked == [4, 4, 2, 4] and len(list((tmp_path / "cache").iterdir())) == 1


def test_how_unlike_the_samples_are_is_kept_for_the_measure_it_was_made_with(
    explainer: Explainer, asked: list[int], samples: tuple[str, ...]
) -> None:
    assert PredictionStore().predict(explainer, samples).unlike is None
    add_familiarity(load_checkpoint(explainer.checkpoint.path, "cpu"), toy_split().texts, TEXTS)
    measured = Explainer.load(explainer.checkpoint.path, "cpu")
    assert PredictionStore().finished(measured, samples) == 0
    found = PredictionStore().predict(measured, samples).unlike
    assert found is not None and len(found) == 10 and PredictionStore().finished(measured, samples) == 10
    assert PredictionStore().predict(measured, samples).unlike.tolist() == found.tolist()  # type: ignore[union-attr]


def test_a_cache_that_differs_is_not_believed(
    explainer: Explainer, asked: list[int], samples: tuple[str, ...], tmp_path: Path
) -> None:
    PredictionStore().predict(explainer, samples)
    (file,) = (tmp_path / "cache").iterdir()
    good = json.loads(file.read_bytes())
    spoilt = [b"", b"[" * 10**5, b"{}", b"null"]
    for name, value in (("format", 2), ("key", "other"), ("sha256", "other"), ("predictions", {})):
        spoilt.append(json.dumps(good | {name: value}).encode())
    for moved in ({"truncated": [True] * 10}, {"unlike": [0.5] * 10}):
        spoilt.append(json.dumps(good | {"predictions": good["predictions"] | moved}).encode())
    for content in spoilt:
        asked.clear()
        file.write_bytes(content)
        assert not PredictionStore().predict(explainer, samples).truncated.any()
        assert asked == [4, 4, 2] and json.loads(file.read_bytes()) == good, content[:40]
    other = Explainer.load(saved_checkpoint(tmp_path / "other", seed=1), "cpu")
    assert PredictionStore().finished(other, samples) == 0, "of another checkpoint"


def test_the_shipped_checkpoint_brings_the_predictions_of_the_samples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a change of the samples: delete the file, open Home, and copy the new one from the cache folder."""
    monkeypatch.setenv(compute_store.CACHE_VARIABLE, str(tmp_path / "empty"))
    explainer = Explainer.load(DEFAULT_CHECKPOINT, "cpu")
    texts = [sample.text for sample in load_samples(explainer.schema)]
    assert PredictionStore().finished(explainer, texts) == len(texts)
    found, some = PredictionStore().predict(explainer, texts), explainer.predict_texts(texts[:3])
    np.testing.assert_allclose(found.label_probabilities[:3], some.label_probabilities, atol=1e-4)


def test_a_folder_that_cannot_be_written_is_no_obstacle(
    explainer: Explainer, samples: tuple[str, ...], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "cache").write_text("a file in the way", encoding="utf-8")
    assert len(PredictionStore().predict(explainer, samples)) == 10 and "cannot be kept" in caplog.text
