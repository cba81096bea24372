"""What the concept panel hands to the browser: numbers and names that fit each other, for any schema."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import softmax

from sparsecbm.concepts.panel_concepts import Panel, ResidualRow, Row, Side, document_of, of_all
from tests.concepts.toys import random_toy


@pytest.mark.parametrize("values", [2, 3, 7])
def test_the_browser_can_add_up_the_label_from_what_it_is_given(values: int) -> None:
    prediction, effects = random_toy(values, concepts=4, values=values, labels=3)
    schema = prediction.schema
    panel = Panel(schema, "document", Side.of(prediction, "Before"), Side.of(prediction, "After"),
                  {name: Row("as predicted") for name in schema.concepts}, effects=effects, label="1",
                  bias=prediction.label_bias, residual=ResidualRow("residual", None))
    drawn = json.loads(json.dumps(panel.drawn()))
    side, moved = drawn["after"], np.eye(values)[-1]
    terms = [*side["contributions"], side["residual"], drawn["bias"]]
    np.testing.assert_allclose(softmax(np.sum(terms, axis=0)), side["labels"])
    np.testing.assert_allclose(np.einsum("kv,kvy->ky", side["concepts"], drawn["effects"]), side["contributions"])
    terms[0] = (moved @ np.array(drawn["effects"][0])).tolist()  # what a slider at its last stop adds up to
    wanted = prediction.label_logits - prediction.contributions[0] + effects[0, -1]
    np.testing.assert_allclose(softmax(np.sum(terms, axis=0)), softmax(wanted))
    assert [len(own) for own in drawn["values"]] == [values] * 4
    assert drawn["label"] == {"shown": 1, "names": ["0", "1", "2"]}


def test_each_concept_has_its_own_values_and_a_setting_is_of_all() -> None:
    """Values v0 and v2 of concept a, v1 and v2 of the others."""
    prediction, effects = random_toy(0, values=3)
    own = (("v0", "v2"), ("v1", "v2"), ("v1", "v2"))
    schema = replace(prediction.schema, concept_values=own)
    side = Side.of(prediction, "Before")
    drawn = Panel(schema, "document", side, side, {name: Row("") for name in schema.concepts}, effects=effects).drawn()
    assert drawn["values"] == [list(values) for values in own]
    assert drawn["after"]["concepts"][0] == prediction.concept_probabilities[0, [0, 2]].tolist()
    assert drawn["effects"][1] == effects[1, [1, 2]].tolist()
    assert of_all([0.25, 0.75], "b", schema) == [0.0, 0.25, 0.75]


def test_documents_are_told_apart_by_their_text() -> None:
    assert document_of("one") == document_of("one") != document_of("other")
    assert document_of("half a character \ud800")
