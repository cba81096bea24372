"""The pictures of the Failures page: what they count, and that a press on one is the slice of the whole page."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from sparsecbm.data.reviews import sample_reviews
from sparsecbm.failures.error_analysis import ErrorAnalysis
from sparsecbm.failures.error_tree import ErrorSlice, SliceSearch
from sparsecbm.failures.outcomes import OUTCOMES, Rate
from sparsecbm.failures.slices import Slice
from sparsecbm.schema import CEBAB
from sparsecbm.types import LABEL_TARGET
from sparsecbm.ui import loaded_sources as sources
from sparsecbm.ui.loaded_model import load_explainer
from tests.app.screen import ROOT, address, cell_views, fine, press, press_cell, segment
from tests.app.test_failures import shown

PICTURE = "failures:pictures"

pytestmark = pytest.mark.usefixtures("failures_of_a_tiny_model")


def opened(**parts: str | list[str]) -> AppTest:
    at = AppTest.from_file(str(ROOT / "pages/4_Failures.py"), default_timeout=120)
    for name, part in parts.items():
        at.query_params[name] = part
    return fine(at.run())


def analysis() -> ErrorAnalysis:
    reviews = sample_reviews(CEBAB)
    return ErrorAnalysis.of(reviews, load_explainer().predict_texts(reviews.texts), None)


def drawn(at: AppTest) -> dict[str, Any]:
    """Every chart by the start of its title: the element and what it draws."""
    found = [(chart.proto, json.loads(chart.proto.spec)) for chart in at.get("plotly_chart")]
    return {spec["layout"]["title"]["text"].split(" of ")[0].split(",")[0]: (proto, spec) for proto, spec in found}


def press_mark(at: AppTest, chart: str, *customdata: object) -> AppTest:
    """Press a bar of a chart, as the browser says it."""
    states = at._tree.get_widget_states()
    states.widgets.add(id=drawn(at)[chart][0].id, string_value=json.dumps({"selection": {
        "points": [{"customdata": list(customdata)}], "point_indices": [0], "box": [], "lasso": []}}))
    return fine(at._run(states))


def test_a_pressed_outcome_is_the_slice_and_the_others_stay_to_be_pressed() -> None:
    at, found = opened(), analysis()
    counts = np.bincount(found.outcomes, minlength=len(OUTCOMES))
    bars = drawn(at)["Outcomes"][1]["data"][0]
    assert [data[0] for data in bars["customdata"]] == ["right", "label-wrong", "concept-wrong", "both-wrong"]
    place = int(counts[:4].argmax())
    at = press_mark(at, "Outcomes", OUTCOMES[place].value)
    assert shown(at) == counts[place] and address(at)["outcome"] == [OUTCOMES[place].value]
    after = drawn(at)["Outcomes"][1]["data"][0]
    assert after["hovertext"] == bars["hovertext"], "the bars count the slice without their own part of it"
    assert [width > 0 for width in after["marker"]["line"]["width"]] == [row == place for row in range(4)]


def test_a_pressed_cell_of_the_confusion_shows_as_many_reviews_as_it_counts() -> None:
    at, found = opened(), analysis()
    true, given = found.reviews.labels[0], found.predicted_labels[0]
    (heading,) = cell_views(at)
    at = press_cell(at, heading, int(true), int(given))
    assert address(at)["true"] == [CEBAB.labels[true]] and address(at)["said"] == [CEBAB.labels[given]]
    assert shown(at) == int(((found.reviews.labels == true) & (found.predicted_labels == given)).sum())
    cells = cell_views(at)[heading]
    assert cells["chosen"] == [[true, given]] and cells["printed"][true][given] == str(shown(at))


def test_pressed_concept_errors_show_the_misread_reviews() -> None:
    at, found = opened(), analysis()
    fine(segment(at, PICTURE).set_value("Concept errors").run())
    row, k = np.argwhere(found.misread)[0]
    value = int(found.reviews.values[row, k])
    by_value, together = cell_views(at)
    at = press_cell(at, by_value, int(k), value)
    assert cell_views(at)[by_value]["chosen"] == [[k, value]] and not cell_views(at)[together]["chosen"]
    assert address(at)["told"] == [f"{CEBAB.concepts[k]}={CEBAB.values[value]}"]
    assert shown(at) == int((found.misread[:, k] & (found.reviews.values[:, k] == value)).sum())
    first, second = np.argwhere(np.triu(found.misread.T.astype(int) @ found.misread.astype(int), 1))[0].tolist()
    at = press_cell(at, together, first, second)
    assert cell_views(at)[together]["chosen"] == [[first, second], [second, first]]
    assert address(at)["misread"] == [CEBAB.concepts[first], CEBAB.concepts[second]] and "told" not in address(at)
    assert shown(at) == int((found.misread[:, first] & found.misread[:, second]).sum())


def test_a_slice_that_was_found_is_one_press_away(monkeypatch: pytest.MonkeyPatch) -> None:
    planted = ErrorSlice(Slice(predicted_values=(("noise", "unknown"),), words=(5, None)), Rate(35, 80), Rate(28, 74),
                         Rate(63, 154), 0.01)
    search = SliceSearch(LABEL_TARGET, Rate(60, 243), Rate(30, 121), Rate(30, 122), 4, (planted,))
    monkeypatch.setattr("sparsecbm.failures.panel_error_slices._search", lambda *_: search)
    at, found = opened(says="the"), analysis()
    fine(segment(at, PICTURE).set_value("Error slices").run())
    at = press(at, "failures:found:0")
    assert address(fine(at)) == {"read": ["noise=unknown"], "words": ["5.."]}, "it takes the place of the slice before"
    assert shown(at) == int(planted.slice.rows(found).sum())
    at = press_mark(press(at, "failures:filter:drop:predicted_values"), "Where the rating is wrong more often", 0)
    assert address(at) == {"read": ["noise=unknown"], "words": ["5.."]}


def test_a_search_is_made_of_every_labelled_subject() -> None:
    at = opened()
    fine(segment(at, PICTURE).set_value("Error slices").run())
    assert any("searched for slices in which the rating" in one.value for one in at.markdown)
    fine(segment(at, "failures:found:of").set_value("noise").run())
    assert any("in which noise is wrong" in one.value for one in at.markdown)


def test_without_truth_the_pictures_say_so() -> None:
    reviews = sample_reviews(CEBAB)
    dataset = reviews.split.dataset.map(lambda row: row | {"label": -1, "concepts": [-1] * 4})
    unlabelled = replace(reviews, split=replace(reviews.split, dataset=dataset))
    at = AppTest.from_file(str(ROOT / "pages/4_Failures.py"), default_timeout=120)
    at.session_state[sources._OWN] = {CEBAB: unlabelled}
    at.query_params["source"] = "own"
    fine(at.run())
    for group in ("Outcomes", "Concept errors", "Error slices"):
        fine(segment(at, PICTURE).set_value(group).run())
        assert not at.get("plotly_chart") and not cell_views(at)
        assert any("labelled" in one.value for one in at.markdown)


def test_the_slice_with_its_pictures_and_a_review_are_pinned() -> None:
    at = opened(true="2")
    slice_pin = f"pin:failures:slice:{abs(hash(Slice(true_labels=('2',)))):x}"
    at.session_state[slice_pin] = True
    at = fine(press(fine(at.run()), f"{slice_pin}:go"))
    scene, rows = current(at)[0], analysis().reviews.labels == 1
    sentence, outcomes, confusion, table = scene.parts
    assert scene.title == "True rating 2 stars" and dict(scene.query)["true"] == "2"
    assert f"{rows.sum()} of {len(rows)} reviews" in sentence.text and "95 % interval" in sentence.text
    assert [json.loads(chart.light)["layout"]["title"]["text"].split(" of ")[0] for chart in (outcomes, confusion)] == [
        "Outcomes", "Rating"]
    assert len(table.rows) == min(20, rows.sum()) and "" not in table.columns
    number = int(np.flatnonzero(rows)[0])
    reviews = analysis().reviews
    at = opened(open=reviews.ids[number])
    key = f"pin:failures:row:{reviews.ids[number]}"
    at.session_state[key] = True
    at = fine(press(fine(at.run()), f"{key}:go"))
    said = CEBAB.label_display[int(analysis().predicted_labels[number])]
    scene = current(at)[0]
    assert scene.title == f"True 2 stars, predicted {said}" and scene.parts[0].text == reviews.texts[number]
    assert scene.parts[-1].rows[0][1:3] == ("2 stars", said)
    assert reviews.ids[number] in scene.receipt


def current(at: AppTest) -> Any:
    """The scenes that the session has pinned."""
    return at.session_state["deck:deck"].scenes
