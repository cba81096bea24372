"""Scores of heads and neurons, in pictures and words, made by hand."""

from dataclasses import replace

import numpy as np
import pytest

from sparsecbm.figures.style import OPPOSES, PAPER, SUPPORTS
from sparsecbm.schema import CEBAB
from sparsecbm.subnetworks.figure_units import (
    attribution_name,
    check_text,
    colour_limit,
    head_score_map,
    holds,
    strongest_heads_text,
    sure_text,
    unit_text,
    units_table,
    without_words_text,
)
from sparsecbm.subnetworks.knockout import KnockOutResult
from sparsecbm.subnetworks.unit_attribution import Unit, UnitAttribution, UnitScores
from sparsecbm.types import Target
from tests.builders import RECEIPT, a_prediction, an_attribution

TEXT = "The waiter was rude."
WORDS = an_attribution(TEXT, {"The": 0.0, "waiter": 0.5, "was": -0.9, "rude": 1.0}, "service=Negative")
HEAD, NEURON = Unit("head", 5, 1), Unit("neuron", 4, 2)


def found(target: str = "service=Negative") -> UnitAttribution:
    """Two heads and three neurons in layers 4 and 5; head 1 of layer 5 is the strongest."""
    heads, neurons = np.array([[0.25, -0.5], [0.1, 2.0]]), np.array([[0.0, 0.01, -0.3], [0.02, 0.0, 0.0]])
    scores = [UnitScores((4, 5), each, np.zeros((*each.shape, 4), dtype=np.float32)) for each in (heads, neurons)]
    return UnitAttribution(Target.parse(target, CEBAB), "service", WORDS.words, 3.0, *scores, "gradient", 1.0)


def test_the_map_has_a_row_per_layer_and_the_diverging_scale() -> None:
    figure = head_score_map(found(), "service = <Negative>", HEAD).figure(False)
    heat, marks, text = figure.data
    assert np.array(heat.z) == pytest.approx(found().heads.scores) and (heat.zmin, heat.zmax) == (-2, 2)
    assert [stop[1] for stop in heat.colorscale] == [OPPOSES, PAPER, SUPPORTS]
    assert list(figure.layout.yaxis.ticktext) == ["layer 4", "layer 5"]
    assert list(text.text) == ["", "−0.50", "", "+2.00"], "weak ones are left to the colour and the pointer"
    assert marks.text[3] == "head 1 of layer 5<br>+2.00 logits for service = &lt;Negative&gt;"
    assert "&lt;Negative&gt;" in figure.layout.title.text
    assert [(shape.x0 < 1 < shape.x1, shape.y0 < 1 < shape.y1) for shape in figure.layout.shapes] == [(True, True)]
    assert not head_score_map(found(), "it", NEURON).chosen, "a neuron is in no cell"


def test_weak_scores_never_look_strong() -> None:
    weak = replace(found(), heads=replace(found().heads, scores=0.01 * found().heads.scores))
    assert colour_limit(weak) == 0.2 and colour_limit(found()) == 2.0


def test_the_table_has_scores_and_own_shares() -> None:
    shares = {HEAD: 0.125, Unit("head", 4, 1): 0.5}
    table = units_table(found(), found().strongest("head", 2), shares.__getitem__)
    assert list(table.columns) == ["layer", "head", "score", "percent its own"]
    assert table.to_numpy().tolist() == [[5, 1, 2.0, 12.5], [4, 1, -0.5, 50.0]]
    assert len(units_table(found(), (), shares.__getitem__)) == 0


def test_the_strongest_each_way_are_named() -> None:
    said = strongest_heads_text(found(), "it")
    places = [said.index(part) for part in ("head 1 of layer 5 (+2.00)", "head 0 of layer 4 (+0.25)",
                                            "head 1 of layer 4 (−0.50)")]
    assert places == sorted(places) and "4 attention heads" in said
    weak = replace(found(), heads=replace(found().heads, scores=0.02 * found().heads.scores))
    against = replace(found(), heads=replace(found().heads, scores=-np.abs(found().heads.scores)))
    for none in (weak, against):
        assert "of layer" not in strongest_heads_text(none, "it")
    label = strongest_heads_text(replace(weak, target=Target(None, "4")), "it")
    assert len(label) > len(strongest_heads_text(weak, "it")), "a sure concept hides what it adds"


def test_what_the_scores_are_of_is_named() -> None:
    assert attribution_name(found(), CEBAB) == "service = Negative"
    assert attribution_name(found("label=4"), CEBAB) == "4 stars through service"


def test_a_head_is_said_with_its_words() -> None:
    assert unit_text(found(), HEAD, WORDS, CEBAB) == (
        "Head 1 of layer 5 pushes service towards Negative (+2.00 logits), mostly through “rude” and “waiter”.")
    assert unit_text(found("label=4"), HEAD, WORDS, CEBAB).startswith("Head 1 of layer 5 raises what service adds")


def test_a_part_that_opposes_is_said_with_the_words_against() -> None:
    assert unit_text(found(), NEURON, WORDS, CEBAB) == (
        "Neuron 2 of layer 4 holds service back from Negative (−0.30 logits), mostly through “was”.")
    assert "lowers what service adds to 4 stars" in unit_text(found("label=4"), NEURON, WORDS, CEBAB)


def test_words_that_hardly_matter_are_not_named() -> None:
    weak = replace(WORDS, scores=0.3 * WORDS.scores)
    assert unit_text(found(), HEAD, weak, CEBAB).endswith("(+2.00 logits), but no single word stands out.")


def test_a_part_without_a_score_moves_nothing() -> None:
    said = unit_text(found(), Unit("neuron", 5, 1), WORDS, CEBAB)
    assert said.startswith("Neuron 1 of layer 5") and "logits" not in said and "“" not in said


def test_the_rest_of_a_score_is_there_without_words() -> None:
    said = without_words_text(found(), HEAD, replace(WORDS, difference=2.5))
    assert all(number in said for number in ("+2.00", "+2.50", "−0.50"))


@pytest.mark.parametrize(("score", "loss", "good"), [
    (2.0, 2.9, True), (2.0, 3.1, False), (2.0, 1.4, True), (2.0, 1.3, False), (-0.3, -0.4, True), (0.02, -0.02, True),
    (0.3, -0.3, False), (0.0, 0.06, False),
])
def test_an_estimate_holds_within_a_third(score: float, loss: float, good: bool) -> None:
    assert holds(score, loss) == good


def test_the_measured_effect_is_compared_with_the_score() -> None:
    """A good estimate, a wrong size, a wrong direction and a missed effect are each said in their own words."""
    cases = [(HEAD, 2.2), (HEAD, 7.0), (HEAD, -1.0), (Unit("neuron", 5, 0), -0.5)]
    said = [check_text(found(), unit, loss, "it") for unit, loss in cases]
    for (unit, loss), text in zip(cases, said, strict=True):
        assert str(unit) in text and f"{'falls' if loss > 0 else 'rises'} by {abs(loss):.2f}" in text
    assert len({text.rsplit(": ", 1)[1] for text in said}) == len(cases)
    good = check_text(found(), NEURON, -0.3, "it")
    assert "−0.30" in good and good.rsplit(": ", 1)[1] == said[0].rsplit(": ", 1)[1]


def test_the_answer_without_the_part_is_said_in_percent() -> None:
    before, after = a_prediction(concepts={"service": "Negative"}), a_prediction(concepts={"service": "Positive"})
    after.concept_probabilities[2] = (0.25, 0.0, 0.75)
    said = sure_text(found(), KnockOutResult(before, after, (), {}, RECEIPT)).replace("\u00a0", " ")
    assert "service = Negative goes from 100 % to 25 %" in said and said.endswith("Positive.")
    flipped = KnockOutResult(before, a_prediction(label="2", concepts={"service": "Negative"}), (), {}, RECEIPT)
    assert "from 4 stars to 2 stars" in sure_text(found(), flipped)
    assert "probability of 4 stars goes from" in sure_text(found("label=4"), flipped)
