"""What is said of weights that a person took out."""

import pytest

from sparsecbm.subnetworks.knockout import KnockOut, KnockOutResult
from sparsecbm.subnetworks.panel_knockout import change_table, changed_text, removed_text
from sparsecbm.types import Prediction
from tests.builders import RECEIPT, a_prediction


def result(before: Prediction, after: Prediction) -> KnockOutResult:
    return KnockOutResult(before, after, (KnockOut("food"),), {"food": 1200, "ambiance": 0, "residual": 3}, RECEIPT)


@pytest.mark.parametrize(("one", "words"), [
    (KnockOut("food"), "the whole subnetwork of food"),
    (KnockOut("food", exclusive=True, within="room"), "food's own part, for room only"),
    (KnockOut("food", exclusive=True, layer=2), "food's own part in layer 2"),
    (KnockOut(layer=2), "layer 2"),
    (KnockOut(layer=2, head=0), "head 0 of layer 2"),
    (KnockOut(layer=2, neurons=(4,)), "1 neuron of layer 2"),
    (KnockOut(layer=2, neurons=(4, 5)), "2 neurons of layer 2"),
    (KnockOut(), "all weights"),
])
def test_a_knock_out_is_said_as_people_do(one: KnockOut, words: str) -> None:
    assert one.in_words() == words


def test_changed_concepts_are_named_with_both_answers() -> None:
    before, after = a_prediction(concepts={"food": "Positive"}), a_prediction(concepts={"food": "Negative"})
    assert "food from Positive to Negative" in changed_text(result(before, after))
    table = change_table(result(before, after))
    assert table.loc[0].tolist() == ["food", "Positive", "100\u00a0%", "Negative", "100\u00a0%", True, 1200]
    assert table["changed"].tolist() == [True, False, False, False]


def test_where_no_answer_changes_the_least_sure_is_named() -> None:
    before, after = a_prediction(concepts={"noise": "Positive"}), a_prediction(concepts={"noise": "Positive"})
    assert "noise" not in changed_text(result(before, after))
    after.concept_probabilities[3] = (0.2, 0.2, 0.6)
    assert changed_text(result(before, after)).replace("\u00a0", " ").endswith("noise: 100 % → 60 %.")


def test_only_passes_that_lost_something_are_counted() -> None:
    lost = result(a_prediction(), a_prediction())
    assert removed_text(lost).endswith("food 1,200, residual 3")
