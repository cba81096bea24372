"""Checkpoints that are not sparse concept models: the screens offer what these have."""

from pathlib import Path

import pytest

from sparsecbm.schema import CEBAB
from sparsecbm.ui.loaded_model import CHECKPOINT_VARIABLE
from tests.app.screen import QUICK, bars, fine, open_explain, open_home, panel_data, segment, set_concept, words
from tests.helpers import saved_checkpoint

REVIEW = "The soup was cold and bland, but our waiter was a delight."


@pytest.fixture
def model_of_kind(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, request: pytest.FixtureRequest) -> dict[str, object]:
    """A small model of another kind with CEBaB's concepts."""
    monkeypatch.setenv(CHECKPOINT_VARIABLE, str(saved_checkpoint(tmp_path / "other", schema=CEBAB, **request.param)))
    return dict(request.param)


@pytest.mark.usefixtures("model_of_kind")
@pytest.mark.parametrize("model_of_kind", [{"kind": "black_box"}], indirect=True)
def test_a_black_box_has_words_and_a_label_but_nothing_to_set() -> None:
    at = fine(open_explain(text=REVIEW, target="food=Positive", method=QUICK))
    assert "star" in str(bars(at, "Prediction")) and "black box" in at.info[0].value
    assert segment(at, "explain:subject").options == ["rating"]
    assert not any("panel_concepts" in one.proto.component_name for one in at.get("bidi_component"))
    assert fine(open_home()).get("page_link")


@pytest.mark.parametrize("model_of_kind", [
    {"kind": "dense"}, {"kind": "dense", "residual": False}, {"kind": "dense", "bottleneck": "logits"},
], indirect=True)
def test_a_dense_model_is_explained_and_overridden_like_a_sparse_one(model_of_kind: dict[str, object]) -> None:
    at = fine(open_explain(text=REVIEW, method=QUICK))
    assert words(at)
    switch = panel_data(at)["residual"]
    assert bool(switch) == model_of_kind.get("residual", True), "no switch for a residual that the model has not"
    low = bars(fine(set_concept(at, "food", "Negative")), "After")
    assert low != bars(fine(set_concept(at, "food", "Positive")), "After")
    assert not any("weights kept" in line.value for line in fine(open_home()).markdown)
