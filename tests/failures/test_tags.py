"""Smart tags: thresholds at their very edges, and why a tag cannot be computed."""

from dataclasses import replace

import numpy as np
import pytest

from sparsecbm.failures.error_analysis import ErrorAnalysis
from sparsecbm.failures.tags import LEAST_FOR_RARE, Tag, tag_name
from sparsecbm.schema import CEBAB
from tests.failures.toys import BAD, GOOD, NEGATIVE, POSITIVE, UNKNOWN, UNLABELLED, predictions_of, reviews_of, the_nine


def test_a_low_margin_is_below_ten_points() -> None:
    shares = np.array([[0.5, 0.4, 0.1], [0.5, 0.41, 0.09], [0.1, 0.46, 0.44]], dtype=np.float64)
    predictions = replace(predictions_of([0, 0, 1], [(0, 0)] * 3), label_probabilities=shares + np.array([2e-9, 0, 0]))
    tags = ErrorAnalysis.of(reviews_of([0] * 3, [(0, 0)] * 3), predictions, None).tags
    assert tags.held[Tag.LOW_MARGIN].tolist() == [False, True, True]
    assert "less than 10 points" in tags.meaning[Tag.LOW_MARGIN]


def test_long_is_longer_than_nine_in_ten_of_the_same_source() -> None:
    texts = [" ".join(["word"] * count) for count in (*range(1, 11), *range(1, 10), 30)]  # 20 texts; 18 have up to 9
    predictions = predictions_of([0] * 20, [(0, 0)] * 20)
    tags = ErrorAnalysis.of(reviews_of([0] * 20, [(0, 0)] * 20, texts), predictions, None).tags
    assert np.flatnonzero(tags.held[Tag.LONG]).tolist() == [19]
    assert tags.meaning[Tag.LONG].startswith("More than 10 words")
    reviews = reviews_of([0] * 3, [(0, 0)] * 3, ["one two"] * 3)
    alike = ErrorAnalysis.of(reviews, predictions_of([0] * 3, [(0, 0)] * 3), None)
    assert not alike.tags.held[Tag.LONG].any()


@pytest.mark.parametrize(("count", "rare"), [(2, True), (3, False)])
def test_a_combination_in_one_of_a_hundred_is_rare(count: int, rare: bool) -> None:
    read = [(POSITIVE, NEGATIVE)] * count + [(POSITIVE, POSITIVE)] * (200 - count)
    tags = ErrorAnalysis.of(reviews_of([0] * 200, [(0, 0)] * 200), predictions_of([0] * 200, read), None).tags
    assert tags.held[Tag.RARE].tolist() == [rare] * count + [False] * (200 - count)


def test_what_the_model_cut_is_truncated() -> None:
    predictions = predictions_of([0, 0], [(0, 0)] * 2, truncated=[False, True])
    tags = ErrorAnalysis.of(reviews_of([0, 0], [(0, 0)] * 2), predictions, None).tags
    assert tags.held[Tag.TRUNCATED].tolist() == [False, True]


def test_a_text_is_unlike_the_training_texts_above_the_threshold() -> None:
    predictions = replace(predictions_of([0] * 3, [(0, 0)] * 3), unlike=np.array([0.95, 0.9501, 1.0]))
    tags = ErrorAnalysis.of(reviews_of([0] * 3, [(0, 0)] * 3), predictions, None).tags
    assert tags.held[Tag.UNLIKE].tolist() == [False, True, True] and "95 %" in tags.meaning[Tag.UNLIKE]
    assert Tag.UNLIKE in the_nine().tags.missing


def test_raters_disagree_when_two_of_five_chose_otherwise() -> None:
    agreement = [[3 / 5, 1, 1], [4 / 5, 0.6, 1], [np.nan, np.nan, 0.8], [1, 0.8, 0.5]]
    analysis = the_nine(agreement=agreement + [[np.nan] * 3] * 5)
    assert np.flatnonzero(analysis.tags.held[Tag.RATERS_LABEL]).tolist() == [0]
    assert np.flatnonzero(analysis.tags.held[Tag.RATERS_CONCEPT]).tolist() == [1, 3]
    only_label = the_nine(agreement=[[0.6, np.nan, np.nan]] * 9).tags
    assert only_label.held[Tag.RATERS_LABEL].all() and "on a concept" in only_label.missing[Tag.RATERS_CONCEPT]


def test_fixable_is_any_one_concept() -> None:
    assert np.flatnonzero(the_nine().tags.held[Tag.FIXABLE]).tolist() == [4]


def test_a_tag_that_cannot_be_computed_says_why_and_is_not_held() -> None:
    rows = [(UNKNOWN, UNKNOWN)] * 3
    unlabelled = ErrorAnalysis.of(reviews_of([UNLABELLED] * 3, rows), predictions_of([BAD, BAD, GOOD], rows),
                                  np.zeros((3, 2), dtype=bool))
    assert set(unlabelled.tags.missing) == {Tag.FIXABLE, Tag.UNLIKE, Tag.RARE, Tag.RATERS_LABEL, Tag.RATERS_CONCEPT}
    assert str(LEAST_FOR_RARE) in unlabelled.tags.missing[Tag.RARE]
    assert "does not follow" in replace(the_nine(), fixable=None).tags.missing[Tag.FIXABLE]
    for tags in (unlabelled.tags, the_nine().tags):
        assert set(tags.held) == set(tags.meaning) and set(tags.held) | set(tags.missing) == set(Tag)
        assert not set(tags.held) & set(tags.missing)


def test_names_are_for_people() -> None:
    assert tag_name(Tag.RATERS_LABEL, CEBAB) == "raters disagree on the rating"
