"""The dots stand at the scores, the whiskers at the intervals."""

import pytest

from sparsecbm.figures.dots import HIGHLIGHT, ModelScore, label_scores

SCORES = (ModelScore("mine", 100, 0.66, (0.6, 0.7), 0.6, None, loaded=True),
          ModelScore("other", 100, 0.3, None, 0.1, None))


def test_dots_and_whiskers() -> None:
    accuracy, macro_f1 = label_scores(SCORES, "Scores").data
    assert list(accuracy.x) == pytest.approx([66, 30]) and list(macro_f1.x) == pytest.approx([60, 10])
    assert list(accuracy.error_x.array) == pytest.approx([4, 0])
    assert list(accuracy.error_x.arrayminus) == pytest.approx([6, 0])


def test_the_loaded_model_is_on_top_and_stands_out() -> None:
    figure = label_scores(SCORES, "Scores")
    assert figure.layout.yaxis.range[0] > figure.layout.yaxis.range[1], "the first row is at the top"
    assert list(figure.layout.yaxis.ticktext) == ["mine", "other"]
    colours = figure.data[0].marker.color
    assert colours[0] == HIGHLIGHT != colours[1]
    assert figure.layout.title.text == "Scores"
