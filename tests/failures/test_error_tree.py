"""Slices found: what was planted is found with its counts, and where there is only chance, nothing is."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from sparsecbm.failures.error_analysis import ErrorAnalysis, Rows
from sparsecbm.failures.error_tree import LEAST_ROWS, LEAST_SUPPORT, VERSIONS, DiscoverySplit, find_slices
from sparsecbm.failures.outcomes import Rate
from sparsecbm.failures.slices import Slice
from sparsecbm.failures.tags import Tag
from tests.failures.toys import BAD, GOOD, NEGATIVE, POSITIVE, UNKNOWN, predictions_of, reviews_of

ROWS = 800


def a_source(errors: Rows | None = None, seed: int = 0, misread: Rows | None = None) -> ErrorAnalysis:
    """Rows with every combination of values as read, 1 to 60 words, right but for `errors`, soup but for `misread`."""
    random = np.random.default_rng(seed)
    read, words = random.integers(0, 3, (ROWS, 2)), random.integers(1, 61, ROWS)
    told = read.copy()
    told[:, 0] = np.where(np.zeros(ROWS, dtype=bool) if misread is None else misread, (read[:, 0] + 1) % 3, read[:, 0])
    labels = np.full(ROWS, GOOD) if errors is None else np.where(errors, BAD, GOOD)
    texts = [" ".join(["word"] * count) for count in words]
    return ErrorAnalysis.of(reviews_of(labels, told, texts), predictions_of([GOOD] * ROWS, read), None)


def one_in(number: int, rows: Rows) -> Rows:
    """Every so-many-th of some rows."""
    held = np.zeros(len(rows), dtype=bool)
    held[np.flatnonzero(rows)[::number]] = True
    return held




def test_a_planted_slice_is_found_with_its_counts() -> None:
    """Three in four are wrong where soup is read as Negative and there are more than 40 words, one in ten elsewhere."""
    plain = a_source()
    planted = (plain.predicted_values[:, 0] == NEGATIVE) & (plain.words > 40)
    analysis = a_source((planted & ~one_in(4, planted)) | one_in(10, ~planted))
    search = find_slices(analysis)
    (one,), first = search.slices, DiscoverySplit(analysis.reviews).discovery
    assert one.slice == Slice(predicted_values=(("soup", "Negative"),), words=(one.slice.words[0], None))
    assert 36 <= one.slice.words[0] <= 44  # a tree places the bound between two lengths that occur
    rows = one.slice.rows(analysis)
    assert one.overall == Rate(int((analysis.label_wrong & rows).sum()), int(rows.sum()))
    assert one.overall.share == pytest.approx(0.75, abs=0.1)
    assert one.validation == analysis.error_rate(rows & ~first) and one.discovery == analysis.error_rate(rows & first)
    assert one.chance < 0.001 and one.validation.interval[0] > search.validation.share > 0
    assert search.overall == analysis.error_rate(np.ones(ROWS, dtype=bool))
    assert (search.discovery.n, search.validation.n) == (first.sum(), (~first).sum())


def test_a_slice_of_one_condition_is_not_refined_by_chance() -> None:
    soup = a_source().predicted_values[:, 0] == UNKNOWN
    search = find_slices(a_source((soup & ~one_in(2, soup)) | one_in(10, ~soup)))
    assert [one.slice for one in search.slices] == [Slice(predicted_values=(("soup", "unknown"),))]


def test_a_narrower_slice_stands_beside_the_wider_only_where_both_hold() -> None:
    plain = a_source()
    soup, narrow = plain.predicted_values[:, 0] == NEGATIVE, plain.words > 30
    errors = (soup & ~narrow & one_in(2, soup & ~narrow)) | (soup & narrow & ~one_in(20, soup & narrow)) \
        | one_in(10, ~soup)
    narrower, wider = (one.slice for one in find_slices(a_source(errors)).slices)
    assert wider == Slice(predicted_values=(("soup", "Negative"),)) == narrower.without("words")
    assert 28 <= narrower.words[0] <= 34 and narrower.words[1] is None


def test_where_errors_fall_at_random_nothing_is_found() -> None:
    """At most one search in twenty may find something; a tree that is believed on its own half finds it in most."""
    alarms = 0
    for seed in range(30):
        random = np.random.default_rng(1000 + seed)
        alarms += bool(find_slices(a_source(random.random(ROWS) < 0.25, seed)).slices)
    assert alarms <= 3


def test_a_concept_has_slices_of_its_own() -> None:
    room = a_source().predicted_values[:, 1] == POSITIVE
    analysis = a_source(misread=(room & ~one_in(3, room)) | one_in(10, ~room))
    search = find_slices(analysis, "soup")
    assert [one.slice for one in search.slices] == [Slice(predicted_values=(("room", "Positive"),))]
    assert search.slices[0].overall == analysis.error_rate(room, "soup")
    assert "never wrong" in find_slices(analysis).reason


def test_the_truth_is_no_question_to_ask() -> None:
    """That a row is fixable says that its label is wrong: as a slice it would be sold as the best of all."""
    errors = np.random.default_rng(5).random(ROWS) < 0.25
    analysis = replace(a_source(errors), fixable=np.stack([errors, errors], axis=1))
    assert analysis.tags.held[Tag.FIXABLE].tolist() == errors.tolist()
    assert find_slices(analysis).slices == ()


def test_too_few_rows_are_not_searched() -> None:
    few = 2 * LEAST_ROWS - 2
    rows = [(NEGATIVE, UNKNOWN)] * few
    search = find_slices(ErrorAnalysis.of(reviews_of([BAD] * few, rows), predictions_of([GOOD] * few, rows), None))
    assert search.slices == () and search.candidates == 0
    assert f"takes {LEAST_ROWS} in each" in search.reason and search.overall == Rate(few, few)
    assert "always wrong" in find_slices(a_source(np.ones(ROWS, dtype=bool))).reason


def test_every_slice_has_support_on_both_sides() -> None:
    soup = a_source().predicted_values[:, 0] == NEGATIVE
    analysis = a_source(soup | one_in(10, ~soup))
    rare = np.arange(ROWS) % 40 == 0  # 20 rows in all: too few for either half
    analysis = replace(analysis, predictions=replace(analysis.predictions, truncated=rare))
    assert all(min(one.discovery.n, one.validation.n) >= LEAST_SUPPORT for one in find_slices(analysis).slices)


def test_the_split_is_the_same_in_any_order_and_versions_stay_together() -> None:
    texts = [f"text {row // 5}" for row in range(ROWS)]
    reviews = reviews_of([0] * ROWS, [(0, 0)] * ROWS, columns={VERSIONS: texts})
    first = DiscoverySplit(reviews).discovery
    assert 0.4 < first.mean() < 0.6
    assert all(len(set(first[start:start + 5].tolist())) == 1 for start in range(0, ROWS, 5))
    order = np.random.default_rng(0).permutation(ROWS)
    split = replace(reviews.split, dataset=reviews.split.dataset.select(order))
    turned = replace(reviews, split=split, columns=reviews.columns.iloc[order].reset_index(drop=True))
    assert DiscoverySplit(turned).discovery.tolist() == first[order].tolist()
    alone = DiscoverySplit(replace(reviews, columns=pd.DataFrame({VERSIONS: [None] * ROWS}, dtype=object)))
    assert len(set(alone.texts.tolist())) == ROWS, "where no versions are known, every row is a text of its own"


def test_chance_is_fishers_and_versions_count_once() -> None:
    """10 rows, 3 of them wrong, all among the 4 inside: C(7, 1) / C(10, 4) = 7 / 210."""
    wrong, inside = np.arange(10) < 3, np.arange(10) < 4
    every = np.ones(10, dtype=bool)
    once = DiscoverySplit(reviews_of([0] * 10, [(0, 0)] * 10))
    assert once.chance(wrong, inside, every) == pytest.approx(7 / 210)
    assert once.chance(wrong, ~inside, every) == 1.0
    versions = {VERSIONS: [f"t{row // 2}" for row in range(20)]}
    twice = DiscoverySplit(reviews_of([0] * 20, [(0, 0)] * 20, columns=versions))
    doubled = [np.repeat(part, 2) for part in (wrong, inside, every)]
    assert twice.chance(*doubled) == pytest.approx(7 / 210)
    assert twice.chance(doubled[0], doubled[0], doubled[2]) == pytest.approx(1 / 120), "where all inside are wrong, too"
