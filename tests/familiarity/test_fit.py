"""How unlike: distances worked out by hand, against scikit-learn's, and what they mean among held-out texts."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.covariance import LedoitWolf

from sparsecbm.deck.parts import Passage
from sparsecbm.errors import DataError
from sparsecbm.familiarity.compute import fit_familiarity
from sparsecbm.familiarity.unlike import UNLIKE_FROM, is_unlike, unlike_text
from sparsecbm.model.familiarity import Familiarity, features
from sparsecbm.types import InterventionResult
from sparsecbm.ui.scene_parts import failure_parts, result_parts, words_parts
from tests.builders import RECEIPT, a_prediction, an_explanation


def by_hand(*held_out: float, usual: tuple[float, float] = (1.0, 0.0)) -> Familiarity:
    """The mean is (1, 2) and the inverse covariance L L', with L = (2 0; 1 2) and so L L' = (4 2; 2 5)."""
    return Familiarity(torch.tensor([1.0, 2.0]), torch.tensor([2.0, 1.0, 2.0]), torch.tensor(usual),
                       torch.tensor(held_out))


def pooled(*texts: tuple[float, float]) -> torch.Tensor:
    """Texts of two passes, whose mean is what is given."""
    means = torch.tensor(texts, dtype=torch.float32)
    return torch.stack([means - 3, means + 3], dim=1)


def test_the_distance_is_that_worked_out_by_hand() -> None:
    # (1, 2) from the mean: 4 * 1 + 2 * 2 * 1 * 2 + 5 * 4 = 32; (1, -2): 4 - 8 + 20 = 16
    assert by_hand(0.0).distances(pooled((2, 4), (2, 0), (1, 2))).tolist() == [32, 16, 0]


def test_the_score_is_corrected_for_length() -> None:
    found = by_hand(0.0, usual=(2.0, 24.0)).scores(pooled((2, 4), (2, 0), (2, 0)), [12, 4, 0])
    np.testing.assert_allclose(found, [32 / (2 + 2), 16 / (2 + 6), 16 / (2 + 24)], rtol=1e-6)


def test_the_share_is_that_of_the_held_out_texts_that_are_nearer() -> None:
    assert by_hand(1.0, 15.0, 17.0, 31.0).unlike(pooled((2, 4), (2, 0), (1, 2)), [9] * 3).tolist() == [1, 0.5, 0]


def draws(count: int, seed: int) -> torch.Tensor:
    """Features of three passes that are correlated and of very different size."""
    generator = torch.Generator().manual_seed(seed)
    mix = torch.randn(6, 6, generator=torch.Generator().manual_seed(9)) * torch.tensor([1, 9, 0.1, 3, 1, 5])
    return torch.randn(count, 3, 6, generator=generator) @ mix + 4


def test_fitted_distances_are_those_of_scikit_learn() -> None:
    train, others = draws(50, 0), draws(20, 1)
    found, shrinkage = fit_familiarity(train, draws(30, 2), [9] * 30)
    theirs = LedoitWolf().fit(features(train).numpy())
    np.testing.assert_allclose(found.distances(others), theirs.mahalanobis(features(others).numpy()), rtol=1e-4)
    assert shrinkage == theirs.shrinkage_ > 0


def test_five_in_a_hundred_held_out_texts_are_marked_and_a_far_one_is() -> None:
    held_out, tokens = draws(200, 1), [1 + number % 50 for number in range(200)]
    found, _ = fit_familiarity(draws(100, 0), held_out, tokens)
    shares = found.unlike(held_out, tokens).tolist()
    assert sorted(shares) == [rank / 200 for rank in range(200)]
    assert sum(map(is_unlike, shares)) == 9  # the ranks above 190 of 200
    assert found.unlike(held_out.mean(0, keepdim=True) + 100, [20]).tolist() == [1]


def test_the_marks_do_not_go_with_the_length() -> None:
    """Features that stray as the mean of so many tokens does: a hundred times the length, a tenth of the way."""
    tokens = [10, 1000] * 200
    held_out = (draws(400, 1) - 4) / torch.tensor(tokens)[:, None, None].sqrt()
    found, _ = fit_familiarity((draws(300, 0) - 4) / 10, held_out, tokens)
    marked = (found.unlike(held_out, tokens) > UNLIKE_FROM).reshape(-1, 2).sum(0)
    assert marked.sum() == 19 and marked.min() >= 4


@pytest.mark.parametrize(("train", "held_out", "named"), [(1, 5, "1 training"), (5, 0, "0 held-out")])
def test_too_few_texts_are_refused(train: int, held_out: int, named: str) -> None:
    with pytest.raises(DataError, match=named):
        fit_familiarity(draws(train, 0), draws(held_out, 1), [9] * held_out)


def test_training_texts_that_are_all_alike_are_refused() -> None:
    with pytest.raises(DataError, match="same features"):
        fit_familiarity(torch.ones(9, 2, 4), torch.ones(9, 2, 4), [9] * 9)


def test_the_edge_and_what_is_said() -> None:
    assert [is_unlike(share) for share in (None, UNLIKE_FROM, UNLIKE_FROM + 1e-9)] == [False, False, True]
    assert unlike_text(None) == ""
    assert "98\u00a0%" in unlike_text(0.98) and "Corrections" in unlike_text(0.98)
    assert "40\u00a0%" in unlike_text(0.4) and "Corrections" not in unlike_text(0.4)
    assert "100" not in unlike_text(1.0)


def test_scenes_say_so_of_an_unlike_text_alone() -> None:
    for unlike, said in ((0.98, 1), (0.5, 0), (None, 0)):
        prediction = replace(a_prediction(), unlike=unlike)
        result = InterventionResult(prediction, prediction, {}, RECEIPT)
        for parts in (words_parts(an_explanation(unlike=unlike)), result_parts(result, prediction.label),
                      failure_parts(prediction, None, {})):
            texts = [part.text for part in parts if isinstance(part, Passage)]
            assert texts.count(unlike_text(0.98)) == said
