"""Rows dealt to splits: shares hold for every answer, groups stay whole, and a seed decides the rest."""

import numpy as np

from sparsecbm.data.stratified import groups_of, stratified

SHARES = (0.6, 0.2, 0.2)


def test_rows_that_share_any_key_are_one_group() -> None:
    """Also by a chain: the first and the last share nothing."""
    assert groups_of(["a", "b", "b", "c", "d"], [1, 1, 2, None, None]).tolist() == [0, 0, 0, 1, 2]


def test_every_answer_comes_in_each_split_in_its_share() -> None:
    """Of each label twenty rows, and of a rare value five, one of which stays in each small split."""
    labels = np.repeat(np.arange(5), 20)
    rare = np.where(np.arange(100) % 20 == 0, 1, 0)
    found = stratified(np.stack([labels, rare], 1), np.arange(100), SHARES, 0)
    assert np.bincount(found).tolist() == [60, 20, 20]
    assert [np.bincount(labels[found == split], minlength=5).tolist() for split in range(3)] == [[12] * 5, [4] * 5,
                                                                                                [4] * 5]
    assert [int(rare[found == split].sum()) for split in range(3)] == [3, 1, 1]


def test_groups_stay_whole_and_answers_are_still_shared_out() -> None:
    labels = np.arange(200) % 2
    groups = np.arange(200) // 4
    found = stratified(labels[:, None], groups, SHARES, 0)
    assert all(len(set(found[groups == group])) == 1 for group in range(50))
    assert np.bincount(found).tolist() == [120, 40, 40]
    assert [int(labels[found == split].sum()) for split in range(3)] == [60, 20, 20]


def test_the_seed_decides_and_nothing_else() -> None:
    answers, groups = np.arange(100)[:, None] % 2, np.arange(100)
    one, again, other = (stratified(answers, groups, SHARES, seed) for seed in (0, 0, 1))
    assert (one == again).all() and (one != other).any()


def test_rows_without_an_answer_are_dealt_too() -> None:
    found = stratified(np.full((10, 2), -1), np.arange(10), (0.5, 0.5), 0)
    assert np.bincount(found).tolist() == [5, 5]
