"""Heads and neurons behind a review's answer, on the Subnetworks page: scores, words, and taking one out."""

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from sparsecbm.figures.style import diverging
from sparsecbm.figures.text import percent, signed
from sparsecbm.model import backbone
from sparsecbm.service import Explainer
from sparsecbm.subnetworks.figure_units import colour_limit
from sparsecbm.subnetworks.unit_attribution import Unit, UnitAttribution
from sparsecbm.types import Target
from sparsecbm.ui.loaded_model import CHECKPOINT_VARIABLE, load_explainer
from tests.app.screen import address, bars, blocks, cell_views, fine, press, segment
from tests.app.test_subnetworks import HOSTILE, REVIEW, open_subnetworks, said
from tests.helpers import saved_checkpoint

CONCEPT, QUESTION, PICK, SHOW = (f"subnetworks:unit:{name}" for name in ("concept", "adds", "pick", "words"))


@pytest.fixture(scope="module")
def explainer() -> Explainer:
    return load_explainer()


def open_review_section(review: str = "", **parts: str) -> AppTest:
    return open_subnetworks(review, section="review", **parts)


def colours(found: UnitAttribution) -> list[list[str]]:
    """The colour of every head on light paper."""
    return [[diverging(float(score) / colour_limit(found)) for score in row] for row in found.heads.scores]


def heatmaps(at: AppTest) -> list[str]:
    """The two reviews with coloured words, without their scores."""
    found = [block for block in blocks(at) if "line-height:2.1" in block]
    return [re.sub(r"<[^>]+>", "", re.sub(r"<sup.*?</sup>", "", block)) for block in found]


def test_without_a_review_it_says_what_to_do() -> None:
    at = fine(open_review_section(leaning="service"))
    assert at.info and PICK not in at.session_state
    assert address(at) == {"section": ["review"], "leaning": ["service"]}, "a link is kept until there is a review"


def test_the_strongest_parts_of_a_concept_are_shown_in_detail(explainer: Explainer) -> None:
    at = fine(open_review_section(REVIEW, leaning="service"))
    value = explainer.predict(REVIEW).value("service")
    target = Target("service", value)
    found = explainer.attribute_units(REVIEW, target)
    drawn = cell_views(at)[f"Heads for (+) and against (−) service = {value}"]
    assert drawn["colours"] == colours(found) and drawn["pressable"]
    for kind in ("head", "neuron"):
        shown = next(frame.value for frame in at.dataframe if len(frame.value) == 10
                     and {"layer", kind, "score"} <= set(frame.value.columns))
        assert [Unit(kind, *pair) for pair in zip(shown["layer"], shown[kind], strict=True)] == list(
            found.strongest(kind))
        own = [getattr(explainer.layer_overlap(unit.layer), f"{kind}s").exclusive_share[unit.number, 2]
               for unit in found.strongest(kind)]
        assert shown["percent its own"].tolist() == [round(100 * share, 1) for share in own]

    strongest = found.strongest("head")[0]
    assert f"**Head {strongest.number} of layer {strongest.layer} " in said(at)
    assert heatmaps(at) == [REVIEW.replace("'", "&#x27;")] * 2
    unit = found.strongest("neuron")[1]
    fine(at.selectbox(key=PICK).set_value(unit).run())
    loss = explainer.unit_effect(found, REVIEW, unit)
    assert f"Neuron {unit.number} of layer {unit.layer}" in said(at)
    assert signed(found.score(unit)) in said(at)
    assert f"{'falls' if loss >= 0 else 'rises'} by {abs(loss):.2f}" in said(at)
    after = explainer.knock_out(REVIEW, [unit.knock_out("service")]).after
    assert f"to {percent(float(after.concept_probabilities[2].max()))}".replace("\u00a0", " ") in said(at)
    fine(segment(at, CONCEPT).set_value("food").run())
    of_food = explainer.attribute_units(REVIEW, Target("food", explainer.predict(REVIEW).value("food")))
    assert at.selectbox(key=PICK).value == of_food.strongest("head")[0], "another question starts anew"
    assert address(at) == {"section": ["review"], "leaning": ["food"]}


def test_what_a_concept_adds_to_the_label_can_be_asked(explainer: Explainer) -> None:
    at = fine(open_review_section(REVIEW, leaning="food"))
    fine(segment(at, QUESTION).set_value(True).run())
    prediction = explainer.predict(REVIEW)
    found = explainer.attribute_units(REVIEW, Target(None, prediction.label), "food")
    name = f"{explainer.schema.label_display[explainer.schema.label_index(prediction.label)]} through food"
    assert cell_views(at)[f"Heads for (+) and against (−) {name}"]["colours"] == colours(found)
    assert address(at) == {"section": ["review"], "leaning": ["food"], "adds": ["on"]}
    read = [block for block in blocks(at) if "line-height:2.1" in block]
    rest = "without any word"
    assert rest in said(at)
    fine(segment(at, SHOW).set_value("place").run())
    acts = [block for block in blocks(at) if "line-height:2.1" in block]
    assert acts[0] != read[0] and acts[1] == read[1] and rest not in said(at)


def test_a_head_goes_to_the_live_knock_out_and_comes_back(explainer: Explainer) -> None:
    at = fine(open_review_section(REVIEW, leaning="service"))
    untouched = bars(at, "After")
    found = explainer.attribute_units(REVIEW, Target("service", explainer.predict(REVIEW).value("service")))
    unit = found.strongest("head")[0]
    fine(press(at, "subnetworks:unit:take"))
    out = [button.label.replace("\\", "") for button in at.button if button.key and ":back:" in button.key]
    assert out == [f"{unit}, for service only ✕"]
    assert "](#knock-out)" in said(at)
    after = explainer.knock_out(REVIEW, [unit.knock_out("service")]).after
    assert list(bars(at, "After").values()) == [percent(float(share)) for share in after.label_probabilities]
    drawn = cell_views(at)[f"Heads for (+) and against (−) service = {found.target.name}"]["colours"]
    assert drawn == colours(found), "the scores stay those of the whole model"
    fine(press(at, "Undo"))
    assert bars(at, "After") == untouched and any(b.key == "subnetworks:unit:take" for b in at.button)


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Path:
    folder = saved_checkpoint(tmp_path / "tiny", **getattr(request, "param", {}))
    monkeypatch.setenv(CHECKPOINT_VARIABLE, str(folder))
    return folder


@pytest.mark.usefixtures("tiny")
def test_a_backbone_with_unknown_names_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backbone, "ROLES", {})
    at = fine(open_review_section("The soup was tasty."))
    assert at.info and PICK not in at.session_state


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize("tiny", [{"schema": HOSTILE}], indirect=True)
def test_hostile_names_and_words_are_text() -> None:
    at = fine(open_review_section("soup <img src=x onerror=alert(1)> **warm** $x$"))
    drawn = "".join(cell for view in cell_views(at).values() for row in view["hover"] for cell in row)
    assert "<img" not in drawn and "<b>soup" not in drawn and "&lt;b&gt;soup" in drawn
    assert not any(re.search(r"(?<!\\)(<img|:red|\$|\*\*room|\*\*warm)", line.value) for line in at.markdown)
    assert not any("<img" in block for block in blocks(at)) and len(heatmaps(at)) == 2
