"""The Explain page: a review in, an explanation out, and concepts that a person sets."""

import numpy as np
import pytest

from sparsecbm.figures.text import percent, signed
from sparsecbm.model.encoding import Encoded
from sparsecbm.model.network import SparseCBM
from sparsecbm.service import Explainer
from sparsecbm.types import Target
from sparsecbm.ui.loaded_model import load_explainer
from sparsecbm.words.figure import gap_text
from tests.app.screen import (
    QUICK,
    address,
    bars,
    blocks,
    fine,
    heading,
    open_explain,
    panel_data,
    press_in_panel,
    row,
    segment,
    set_concept,
    shown_text,
    submit,
    view_data,
    words,
)

REVIEW = "The soup was cold and bland, but our waiter was a delight."


@pytest.fixture(scope="module")
def explainer() -> Explainer:
    return load_explainer()


def expected(explainer: Explainer, probabilities: np.ndarray) -> dict[str, str]:
    names = explainer.schema.label_display
    return {name: percent(float(share)) for name, share in zip(names, probabilities, strict=True)}


def test_an_empty_page_says_what_to_do() -> None:
    at = fine(open_explain())
    assert "Type a review above" in at.info[0].value
    assert not blocks(at)


def test_a_typed_review_shows_the_models_prediction(explainer: Explainer) -> None:
    at = fine(submit(open_explain(), REVIEW))
    prediction = explainer.predict(REVIEW)
    assert bars(at, "Before") == bars(at, "After") == expected(explainer, prediction.label_probabilities)
    drawn, effects = panel_data(at), explainer.effects()
    assert drawn["before"]["labels"] == drawn["after"]["labels"] == prediction.label_probabilities.tolist()
    assert drawn["after"]["concepts"] == prediction.concept_probabilities.tolist() and not drawn["edited"]
    assert drawn["effects"] == effects.tolist() and drawn["bias"] == prediction.label_bias.tolist()
    assert address(at) == {"text": [REVIEW]}


def test_a_click_on_explain_predicts_once(explainer: Explainer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The words' scores build on that prediction; they run the network on embeddings, for slopes only."""
    at, predicted, pool = open_explain(), list[int](), explainer._model.pool

    def counted(encoded: Encoded, *masks: object) -> object:
        predicted.append(len(encoded.input_ids))
        return pool(encoded, *masks)

    monkeypatch.setattr(explainer._model, "pool", counted)
    fine(submit(at, "The bread was stale, and nobody had read these words before."))
    assert words(at) and bars(at, "After") and predicted == [1]


def test_the_words_are_the_whole_review_and_name_their_target(explainer: Explainer) -> None:
    at = fine(open_explain(text=REVIEW, target="service=Positive"))
    assert heading(at, "Words for").startswith(r"Words for and against **service \= Positive**: ")
    assert segment(at, "explain:target:service").value == "Positive"
    assert shown_text(at) == REVIEW
    attribution = explainer.explain(REVIEW, (Target("service", "Positive"),)).attributions[0]
    assert [word["tip"].split(":")[0] for word in words(at)] == [signed(float(score)) for score in attribution.scores]
    assert "Words for and against service = Positive" in view_data(at)["label"]
    assert any("for service = Positive" in block for block in blocks(at))


def test_the_receipt_is_always_there(explainer: Explainer) -> None:
    at = fine(open_explain(text=REVIEW, target="service=Positive", steps="8"))
    receipt = next(line.value for line in at.markdown if "completeness gap" in line.value).replace("\\", "")
    attribution = explainer.explain(REVIEW, (Target("service", "Positive"),), steps=8).attributions[0]
    assert f"Checkpoint {explainer.checkpoint.hash[:12]} · Integrated gradients, 8 steps · service=Positive" in receipt
    assert gap_text(attribution) in receipt and "cpu float32" in receipt and receipt.endswith("ms]")


def test_choosing_another_target_changes_words_and_address() -> None:
    at = fine(open_explain(text=REVIEW))
    first = words(at)
    fine(segment(at, "explain:subject").set_value("food").run())
    of_food = words(at)
    assert of_food != first
    fine(segment(at, "explain:target:food").set_value("unknown").run())
    assert words(at) != of_food
    assert address(at)["target"] == ["food=unknown"]
    fine(segment(at, "explain:subject").set_value("rating").run())
    assert words(at) == first and "target" not in address(at)


@pytest.mark.parametrize("value", ["Negative", "unknown", "Positive"])
def test_setting_a_concept_shows_the_overridden_label(explainer: Explainer, value: str) -> None:
    at = fine(set_concept(open_explain(text=REVIEW), "food", value))
    certain = [float(name == value) for name in explainer.schema.values]
    after = explainer.override(explainer.predict(REVIEW), {"food": certain}).after
    assert bars(at, "After") == expected(explainer, after.label_probabilities)
    assert bars(at, "Before") == expected(explainer, explainer.predict(REVIEW).label_probabilities)
    assert address(at)["override"] == [f"food={value}"]


def test_every_concept_moves_the_label() -> None:
    at = fine(open_explain(text=REVIEW))
    for concept in ("food", "ambiance", "service", "noise"):
        low = bars(fine(set_concept(at, concept, "Negative")), "After")
        high = bars(fine(set_concept(at, concept, "Positive")), "After")
        assert low != high, concept


def test_resetting_one_concept_keeps_the_others() -> None:
    at = fine(set_concept(set_concept(open_explain(text=REVIEW), "food", "Positive"), "service", "Negative"))
    only_service = bars(fine(set_concept(open_explain(text=REVIEW), "service", "Negative")), "After")
    at = press_in_panel(at, ("reset", "food"))
    assert bars(fine(at), "After") == only_service
    assert address(at)["override"] == ["service=Negative"]
    assert row(at, "food")["own"] == "" and row(at, "service")["own"] == "set"


def test_reset_all_is_the_models_own_prediction() -> None:
    at = fine(open_explain(text=REVIEW, override=["food=Positive", "noise=0.2,0.3,0.5"], residual="off"))
    assert bars(at, "Before") != bars(at, "After")
    at = press_in_panel(at, ("reset-all",))
    assert bars(fine(at), "Before") == bars(at, "After")
    assert address(at) == {"text": [REVIEW]} and panel_data(at)["residual"]["counts"] is True


def test_the_residual_can_be_switched_off(explainer: Explainer) -> None:
    at = fine(open_explain(text=REVIEW))
    with_residual = words(at)
    at = press_in_panel(at, ("residual", False))
    bare = explainer.predict(REVIEW, residual=False)
    assert bars(fine(at), "After") == expected(explainer, bare.label_probabilities)
    assert "** without the residual: " in heading(at, "Words for")
    assert words(at) != with_residual
    assert address(at)["residual"] == ["off"]


def test_a_mixed_concept_stays_a_distribution(explainer: Explainer) -> None:
    at = open_explain(text=REVIEW, override="food=0.2,0.3,0.5")
    assert row(at, "food")["shares"] == pytest.approx([0.2, 0.3, 0.5])
    at = fine(press_in_panel(at, ("set", "food", [0, 0.35, 0.65])))
    assert address(at)["override"] == ["food=0,0.35,0.65"]
    after = explainer.override(explainer.predict(REVIEW), {"food": (0.0, 0.35, 0.65)}).after
    assert bars(at, "After") == expected(explainer, after.label_probabilities)
    assert press_in_panel(at, ("set", "food", [0.5, 0.5, 0.5])).exception


def test_the_contributions_to_another_label_add_up(explainer: Explainer) -> None:
    at = open_explain(text=REVIEW, label="1", override="food=Negative")
    at.session_state["explain:tables"] = True
    fine(at.run())
    table = at.dataframe[0].value.set_index("part")
    assert table.loc["sum", "after"] == pytest.approx(table.drop("sum")["after"].sum(), abs=5e-4)
    after = explainer.override(explainer.predict(REVIEW), {"food": (1.0, 0.0, 0.0)}).after
    assert table.loc["food", "after"] == pytest.approx(float(after.contributions[0, 0]), abs=1e-4)
    assert table.loc["sum", "after"] == pytest.approx(float(after.label_logits[0]), abs=1e-4)


def test_a_link_restores_everything() -> None:
    parts = {"text": [REVIEW], "target": ["food=Negative"], "label": ["2"],
             "override": ["food=Positive", "noise=0.2,0.3,0.5"], "residual": ["off"]}
    at = fine(open_explain(**parts))
    assert address(at) == parts
    assert not at.warning
    assert at.text_area(key="explain:box").value == REVIEW
    assert row(at, "food")["own"] == row(at, "noise")["own"] == "set" and panel_data(at)["label"]["shown"] == 1
    again = fine(open_explain(**address(at)))
    assert {**panel_data(again), "receipt": ""} == {**panel_data(at), "receipt": ""}


def test_a_new_review_starts_from_the_models_own_prediction() -> None:
    at = fine(open_explain(text=REVIEW, override="food=Positive", target="food=Positive", method=QUICK))
    submit(at, "The terrace was lovely.")
    assert address(fine(at)) == {"text": ["The terrace was lovely."], "method": [QUICK]}
    assert bars(at, "Before") == bars(at, "After")


def test_the_review_is_still_there_after_another_page() -> None:
    at = fine(open_explain(text=REVIEW, override="food=Positive"))
    before = bars(at, "After")
    at.switch_page("app.py").run()
    at.switch_page("pages/1_Explain.py").run()
    assert bars(fine(at), "After") == before
    assert address(at)["override"] == ["food=Positive"]


def test_an_override_runs_no_backbone_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    at = fine(open_explain(text=REVIEW, method=QUICK))
    passes: list[object] = []
    run = SparseCBM.run_passes
    monkeypatch.setattr(SparseCBM, "run_passes", lambda self, *given: passes.append(1) or run(self, *given))
    fine(set_concept(at, "food", "Positive"))
    fine(set_concept(at, "noise", "Negative"))
    fine(press_in_panel(at, ("reset-all",)))
    assert passes == []
    fine(submit(at, "Another review, so that the counter is seen to count."))
    assert passes
