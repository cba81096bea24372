"""The strongest scores are those of a full sort, ties included, and no sort sees them all."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsecbm.revision import compute_exchange as module
from sparsecbm.revision.compute_exchange import strongest


def by_sorting(scores: np.ndarray, kinds: np.ndarray, kind: int, count: int) -> list[int]:
    """The reference: everything sorted, by falling score and rising position."""
    order = sorted(range(len(scores)), key=lambda position: (-scores[position], position))
    return [position for position in order if kinds[position] == kind and scores[position] > 0][:count]


@settings(max_examples=50, deadline=None, database=None)
@given(data=st.data(), size=st.integers(1, 60), count=st.integers(0, 70), sampled=st.booleans())
def test_the_result_is_that_of_a_full_sort(data: st.DataObject, size: int, count: int, sampled: bool) -> None:
    """Few different scores, so that ties are the rule; with a sample of every third, so that thresholds miss."""
    scores = np.array(data.draw(st.lists(st.integers(-2, 3), min_size=size, max_size=size)), dtype=np.float32)
    kinds = np.array(data.draw(st.lists(st.integers(0, 2), min_size=size, max_size=size)), dtype=np.uint8)
    with pytest.MonkeyPatch.context() as patch:
        if sampled:
            patch.setattr(module, "STRIDE", 3)
            patch.setattr(module, "MIN_SAMPLE", 2)
        found = strongest(torch.from_numpy(scores), kinds, 1, count)
    assert found.tolist() == by_sorting(scores, kinds, 1, count)


def test_many_scores() -> None:
    generator = np.random.default_rng(0)
    scores = generator.standard_normal(100_000).astype(np.float32).round(3)
    kinds = generator.integers(0, 2, len(scores), dtype=np.uint8)
    expected = by_sorting(scores, kinds, 1, len(scores))
    for count in (0, 1, 400, 4000, 20_000):
        assert strongest(torch.from_numpy(scores), kinds, 1, count).tolist() == expected[:count]


def test_a_sample_that_misleads_is_found_out() -> None:
    """Every score that the sample looks at is large, all others are small: the first threshold is far too high."""
    scores = np.full(100_000, 0.5, dtype=np.float32)
    scores[:: module.STRIDE] = 2
    kinds = np.ones(len(scores), dtype=np.uint8)
    found = strongest(torch.from_numpy(scores), kinds, 1, 20_000)
    assert found.tolist() == by_sorting(scores, kinds, 1, 20_000)


def test_only_about_as_many_as_wanted_are_sorted(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    argsort, partition = np.argsort, np.partition
    monkeypatch.setattr(np, "argsort", lambda values, **how: seen.append(len(values)) or argsort(values, **how))
    monkeypatch.setattr(np, "partition", lambda values, place: seen.append(len(values)) or partition(values, place))
    monkeypatch.setattr(torch.Tensor, "sort", lambda *_, **__: pytest.fail("sorted"))
    scores = torch.randn(589_824, generator=torch.Generator().manual_seed(0))
    assert len(strongest(scores, np.ones(len(scores), dtype=np.uint8), 1, 1769)) == 1769
    assert 0 < max(seen) < 12_000


def test_where_nothing_is_positive_nothing_is_chosen() -> None:
    kinds = np.ones(9, dtype=np.uint8)
    assert strongest(torch.zeros(9), kinds, 1, 4).tolist() == []
    assert strongest(-torch.ones(9), kinds, 1, 4).tolist() == []
    assert strongest(torch.ones(9), kinds, 0, 4).tolist() == []
