"""The Explainer, called like a pipeline: what `predict` says, as plain values, for lists and for data sets."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from datasets import Dataset

from sparsecbm.errors import Cancelled, InputError
from sparsecbm.service import Explainer
from tests.helpers import TOY, saved_checkpoint

TEXTS = ["The soup was tasty.", "The room felt shabby. It rained all day long and we stayed.", "Lunch for two!"] * 3


@pytest.fixture(scope="module")
def explainer(tmp_path_factory: pytest.TempPathFactory) -> Explainer:
    return Explainer.load(saved_checkpoint(tmp_path_factory.mktemp("checkpoints") / "toy"), "cpu")


@pytest.mark.parametrize("batch_size", [1, 4, 100])
def test_each_text_gets_what_predict_says(batch_size: int, explainer: Explainer) -> None:
    """In its order, whatever the batches."""
    made = explainer(TEXTS, batch_size=batch_size)
    assert json.loads(json.dumps(made)) == made  # plain values, all of them
    for one, text in zip(made, TEXTS, strict=True):
        alone = explainer.predict(text)
        assert one["label"] == alone.label and list(one["concepts"]) == list(TOY.concepts)
        assert one["score"] == pytest.approx(float(alone.label_probabilities.max()), abs=1e-5)
        for concept, found in one["concepts"].items():
            own = alone.concept_probabilities[TOY.concept_index(concept)]
            assert found["label"] == alone.value(concept)
            assert found["score"] == pytest.approx(float(own.max()), abs=1e-5)


def test_no_more_texts_than_asked_are_taken_at_a_time(explainer: Explainer, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes, shares = list[int](), list[float]()
    predict = explainer.predict_texts
    monkeypatch.setattr(explainer, "predict_texts", lambda texts: sizes.append(len(texts)) or predict(texts))
    explainer(TEXTS, batch_size=4, progress=shares.append)
    assert sizes == [4, 4, 1] and shares == pytest.approx([4 / 9, 8 / 9, 1])


def test_it_can_be_stopped(explainer: Explainer) -> None:
    def stop(_: float) -> None:
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        explainer(TEXTS, progress=stop)


def test_one_text_gives_a_list_of_one_and_none_an_empty_one(explainer: Explainer) -> None:
    assert explainer(TEXTS[0]) == explainer(TEXTS[:1]) and len(explainer(TEXTS[0])) == 1
    assert explainer([]) == []


def test_a_data_set_comes_back_with_a_column_more(explainer: Explainer) -> None:
    given = Dataset.from_dict({"text": TEXTS, "label": list(range(9))})
    made = explainer(given, batch_size=2)
    assert isinstance(made, Dataset) and made.column_names == ["text", "label", "prediction"]
    assert made.remove_columns("prediction").to_dict() == given.to_dict()
    for found, expected in zip(made["prediction"], explainer(TEXTS), strict=True):
        assert found["label"] == expected["label"] and found["concepts"].keys() == expected["concepts"].keys()
        np.testing.assert_allclose(found["score"], expected["score"], atol=1e-5)
    assert explainer(given["text"])[0]["label"] == made[0]["prediction"]["label"]  # a column is a list, too


def test_rows_that_were_chosen_are_the_rows_that_are_read(explainer: Explainer) -> None:
    """A data set may be a view of another one, in another order."""
    made = explainer(Dataset.from_dict({"said": TEXTS}).select([2, 0]), text_column="said")
    assert made["said"][:] == [TEXTS[2], TEXTS[0]]
    assert [one["label"] for one in made["prediction"]] == [one["label"] for one in explainer([TEXTS[2], TEXTS[0]])]


def test_a_data_set_without_rows_has_the_column_too(explainer: Explainer) -> None:
    given = Dataset.from_dict({"text": TEXTS})
    full, empty = explainer(given), explainer(given.select([]))
    assert len(empty) == 0 and empty.features["prediction"] == full.features["prediction"]


def test_a_black_box_tells_no_concepts(tmp_path: Path) -> None:
    explainer = Explainer.load(saved_checkpoint(tmp_path, kind="black_box"), "cpu")
    assert set(explainer(TEXTS)[0]) == {"label", "score"}
    assert set(explainer(Dataset.from_dict({"text": TEXTS}))[0]["prediction"]) == {"label", "score"}


@pytest.mark.parametrize(("given", "options", "part"), [
    (["ok", None], {}, "Row 1 is 'None'"),
    (["ok", 5], {}, "Row 1 is '5', a int"),
    (["ok", " "], {}, "empty"),
    (["ok"], {"batch_size": 0}, "batch_size is 0"),
    ({"text": ["ok"]}, {}, "A dict came"),
    (Dataset.from_dict({"said": ["ok"]}), {}, "columns said; .*text_column"),
    (Dataset.from_dict({"text": ["ok"], "prediction": [1]}), {}, "none called 'prediction'"),
    (Dataset.from_dict({"text": [1]}), {}, "Row 0 is '1'"),
], ids=range(8))
def test_what_cannot_be_read_is_refused(given: Any, options: dict[str, Any], part: str, explainer: Explainer) -> None:
    with pytest.raises(InputError, match=part):
        explainer(given, **options)
