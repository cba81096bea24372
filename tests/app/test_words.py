"""The words on Explain: every control above and below them."""

from dataclasses import replace

import pytest

from sparsecbm.figures.text import percent, signed
from sparsecbm.service import Explainer
from sparsecbm.types import Target
from sparsecbm.ui.loaded_model import load_explainer
from sparsecbm.words import panel_comparison as comparison
from sparsecbm.words import panel_controls as choices
from sparsecbm.words.compute_faithfulness import rank_correlation
from tests.app.screen import (
    QUICK,
    address,
    blocks,
    fine,
    heading,
    open_explain,
    press,
    segment,
    shown_text,
    view_data,
    words,
)

REVIEW = "The soup was cold and bland, but our waiter was a delight."
COPY = "The soup was hot, but our waiter was a delight."


@pytest.fixture(scope="module")
def explainer() -> Explainer:
    return load_explainer()


def scores(at) -> list[str]:
    return [word["tip"].split(":")[0] for word in words(at)]


def expected(explainer: Explainer, target: Target, method: str, steps: int | None = None) -> list[str]:
    attribution = explainer.explain(REVIEW, (target,), method, steps).attributions[0]
    return [signed(float(score)) for score in attribution.scores]


def test_one_answer_rather_than_another(explainer: Explainer) -> None:
    at = fine(open_explain(text=REVIEW, target="label=2", method=QUICK))
    plain = scores(at)
    fine(at.selectbox(key="explain:against:rating:2").set_value("4").run())
    assert address(at)["target"] == ["label=2:4"]
    assert heading(at, "Words for").startswith("Words for and against **rating \\= 2 stars rather than 4 stars**")
    assert scores(at) == expected(explainer, Target(None, "2", "4"), QUICK) != plain
    fine(segment(at, "explain:target:rating").set_value("3").run())
    assert address(at)["target"] == ["label=3:4"], "the other answer stays"
    fine(segment(at, "explain:target:rating").set_value("4").run())
    assert address(at)["target"] == ["label=4"], "an answer is not held against itself"


def test_method_and_steps_are_chosen_and_another_method_starts_with_its_own(explainer: Explainer) -> None:
    target = Target("food", "Negative")
    at = fine(open_explain(text=REVIEW, target="food=Negative"))
    assert at.selectbox(key="explain:method").value == "integrated-gradients"
    fine(at.number_input(key="explain:steps:integrated-gradients").set_value(2).run())
    assert scores(at) == expected(explainer, target, "integrated-gradients", 2)
    assert address(at)["steps"] == ["2"]
    fine(at.selectbox(key="explain:method").set_value("occlusion").run())
    assert scores(at) == expected(explainer, target, "occlusion")
    assert address(at)["method"] == ["occlusion"] and "steps" not in address(at)
    assert not at.number_input, "occlusion takes no steps"
    fine(at.selectbox(key="explain:method").set_value("integrated-gradients").run())
    assert at.number_input(key="explain:steps:integrated-gradients").value == 32
    assert not {"method", "steps"} & address(at).keys()


def test_an_incomplete_explanation_is_shown_in_amber() -> None:
    quick = fine(open_explain(text=REVIEW, method=QUICK))
    assert any("Read these words with care" in line.value for line in quick.warning)
    assert not fine(open_explain(text=REVIEW)).warning


def test_a_label_is_split_by_concept_and_the_parts_sum_to_the_whole(explainer: Explainer) -> None:
    at = fine(open_explain(text=REVIEW, method=QUICK))
    prediction = explainer.predict(REVIEW)
    attribution = explainer.explain(REVIEW, (Target(None, prediction.label),), QUICK).attributions[0]
    assert segment(at, "explain:part").options == ["whole", *attribution.parts]
    fine(segment(at, "explain:part").set_value("food").run())
    assert scores(at) == [signed(float(score)) for score in attribution.parts["food"]]
    assert "** through **food**" in heading(at, "Words for") and address(at)["part"] == ["food"]
    sums = heading(at, ":small[All words together").replace("\\", "")
    assert f"food {signed(float(attribution.parts['food'].sum()))}" in sums
    assert f"in total {signed(float(attribution.scores.sum()))}" in sums
    fine(segment(at, "explain:subject").set_value("service").run())
    assert "through" not in heading(at, "Words for"), "a concept has one way only"


def test_hiding_words_says_above_the_text_what_is_predicted_without_them(explainer: Explainer) -> None:
    at = fine(open_explain(text=REVIEW, method=QUICK, hidden="4,6"))
    without = "The soup was and , but our waiter was a delight."
    assert [word["shown"] for word in words(at) if word["hidden"]] == ["cold", "bland"]
    assert shown_text(at) == REVIEW, "hidden words stay on screen"
    before, after = explainer.predict(REVIEW), explainer.predict(without)
    said = heading(at, "Without")
    assert "cold" in said and "bland" in said and "food" in said
    for concept in explainer.schema.concepts:
        changed = f"{concept} reads **{after.value(concept)}**" in said
        assert changed == (before.value(concept) != after.value(concept))
    fine(press(at, "explain:drop"))
    assert not any(word["hidden"] for word in words(at)) and "hidden" not in address(at)
    assert not any(line.value.startswith("Without") for line in at.markdown)


def test_an_edited_copy_is_compared_word_by_word_and_the_original_stays(explainer: Explainer) -> None:
    at = fine(open_explain(text=REVIEW, method=QUICK, target="food=Negative"))
    at.session_state["explain:editing"] = True
    fine(at.run())
    at.text_area(key="explain:edit").set_value(COPY)
    fine(press(at, "Compare"))
    assert address(at)["edit"] == [COPY] and at.text_area(key="explain:box").value == REVIEW
    assert shown_text(at) == REVIEW
    said = heading(at, "Changed:").replace("\\", "")
    assert percent(float(explainer.predict(COPY).label_probabilities.max())) in said
    table = at.dataframe[0].value.set_index("word")
    assert table.loc["cold", "change"] == "removed" and table.loc["hot", "change"] == "added"
    one, other = (explainer.explain(text, (Target("food", "Negative"),), QUICK).attributions[0]
                  for text in (REVIEW, COPY))
    assert table.loc["soup", ["original", "changed"]].tolist() == pytest.approx(
        [one.scores[1], other.scores[1]], abs=1e-4)
    fine(press(at, "explain:adopt"))
    assert address(at) == {"text": [COPY], "method": [QUICK]} and shown_text(at) == COPY


def test_an_edit_that_changes_nothing_is_no_copy() -> None:
    at = fine(open_explain(text=REVIEW, method=QUICK, edit=COPY))
    at.text_area(key="explain:edit").set_value(REVIEW)
    fine(press(at, "Compare"))
    assert "edit" not in address(at)


def test_two_methods_stand_side_by_side_with_their_rank_correlation(explainer: Explainer) -> None:
    at = fine(open_explain(text=REVIEW, method=QUICK, target="food=Negative"))
    fine(at.selectbox(key=f"explain:compare:{QUICK}").set_value("occlusion").run())
    both = [explainer.explain(REVIEW, (Target("food", "Negative"),), method).attributions[0]
            for method in (QUICK, "occlusion")]
    correlation = rank_correlation(*both)
    assert f"**{correlation:+.2f}**".replace("-", "−") in heading(at, "Rank correlation")
    assert address(at)["compare"] == ["occlusion"]
    fine(at.selectbox(key="explain:method").set_value("occlusion").run())
    assert "compare" not in address(at), "a method is not compared with itself"


def test_all_targets_are_small_multiples_on_one_scale(explainer: Explainer) -> None:
    at = open_explain(text=REVIEW, method=QUICK)
    at.session_state["explain:all"] = True
    fine(at.run())
    attributions = explainer.explain(REVIEW, method=QUICK).attributions
    table = at.dataframe[0].value
    assert list(table.columns) == ["word", *(f"{c} = {explainer.predict(REVIEW).value(c)}"
                                             for c in explainer.schema.concepts), table.columns[-1]]
    assert table.iloc[:, 1].tolist() == pytest.approx(attributions[0].scores.tolist(), abs=1e-4)
    legends = [block for block in blocks(at) if "named above each" in block]
    strongest = max(float(abs(attribution.scores).max()) for attribution in attributions)
    assert len(legends) == 1 and f"{signed(strongest)} for" in legends[0]


def test_the_strip_shows_what_removing_words_does(explainer: Explainer) -> None:
    at = open_explain(text="The soup was cold.", method=QUICK, target="food=Negative")
    at.session_state["explain:faithfulness"] = True
    fine(at.run())
    attribution = explainer.explain("The soup was cold.", (Target("food", "Negative"),), QUICK).attributions[0]
    measured = explainer.faithfulness(attribution, "The soup was cold.")
    table = next(frame.value for frame in at.dataframe if "removed words" in frame.value)
    assert table["in the order of the scores"].tolist()[1:] == pytest.approx(100 * measured.without_top, abs=0.06)
    assert at.get("plotly_chart")


@pytest.mark.parametrize("beats", [True, False])
def test_a_method_that_was_no_better_than_chance_is_called_out_beside_its_words(
    explainer: Explainer, beats: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = {"comprehensiveness": {"mean": 0.31, "ci95": [0.3, 0.4]},
               "random_comprehensiveness": {"mean": 0.12, "ci95": [0.1, 0.2]}, "beats_random": beats}
    metrics = {**explainer.checkpoint.metrics, "faithfulness": {"methods": {QUICK: {"food": numbers}}}}
    monkeypatch.setattr(explainer, "checkpoint", replace(explainer.checkpoint, metrics=metrics))
    at = fine(open_explain(text=REVIEW, method=QUICK, target="food=Negative"))
    said = [line.value for line in at.warning if "31 points" in line.value]
    assert bool(said) != beats
    assert any("31 points" in line.value for line in (at.markdown if beats else at.warning))
    fine(segment(at, "explain:subject").set_value("service").run())
    assert not any("31 points" in line.value for line in (*at.markdown, *at.warning)), "measured for food only"


def test_strong_words_only_folds_the_others() -> None:
    text = "Awful soup. We came on a Monday with my sister and her two sons, who live nearby, and sat by the door."
    at = fine(open_explain(text=text, method="occlusion", target="food=Negative"))
    assert not any("fold" in piece for piece in view_data(at)["pieces"])
    fine(segment(at, "explain:density:comfortable").set_value("strong").run())
    assert any(piece.get("fold", 0) > 10 for piece in view_data(at)["pieces"])
    assert shown_text(at) == text


def test_downloads_hold_the_view_on_screen() -> None:
    at = fine(open_explain(text=REVIEW, method=QUICK, target="food=Negative", override="food=Positive"))
    names = [button.proto.label for button in at.get("download_button")]
    assert names == ["HTML page", "CSV table", "JSON"]


def test_a_link_restores_every_choice() -> None:
    parts = {"text": [REVIEW], "target": ["label=2:4"], "method": ["occlusion"], "compare": [QUICK], "part": ["food"],
             "hidden": ["4,6"]}
    at = fine(open_explain(**parts))
    assert address(at) == parts and not any("address" in line.value for line in at.warning)
    assert [word["word"] for word in words(at) if word["hidden"]] == [3, 5]
    assert segment(at, "explain:part").value == "food"
    assert any("Rank correlation" in line.value for line in at.markdown)
    again = fine(open_explain(**address(at)))
    assert view_data(again) == view_data(at)


def test_a_control_that_is_gone_by_now_chooses_nothing() -> None:
    """The browser's next message may still hold what the controls of the subject or method before showed."""
    gone, now, changed = Target(None, "3"), Target("food", "Negative"), list[dict[str, object]]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(choices, "change", lambda **changes: changed.append(changes))
        patch.setattr(choices.st, "session_state", {})
        for key, value in (("answer", "4"), ("against", "2"), ("steps", 9), ("part", "food"), ("compare", "occlusion")):
            choices.seed_widget(key, value)
        choices._name_chosen(gone, "answer")
        choices._against_chosen(gone, "against")
        choices._steps_chosen("steps", 32)
        choices._part_chosen("part")
        comparison._compare_chosen("compare")
        assert not changed
        choices.seed_widget("answer", "Negative")
        for value in ("Positive", "Negative"):  # back again before the control could be drawn
            choices.st.session_state["answer"] = value
            choices._name_chosen(now, "answer")
        assert changed == [{"target": Target("food", "Positive")}, {"target": Target("food", "Negative")}]
