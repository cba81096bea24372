"""Many texts at once give what one text gives, in their own order."""

import pytest
import torch

from sparsecbm.errors import InputError
from sparsecbm.model.prediction import batches, pool_texts
from tests.helpers import random_masks, tiny_encoder, tiny_model, toy_reviews, untouched

TEXTS = [review.text for review in toy_reviews()][:7]


@pytest.mark.parametrize("batch_size", [1, 3, 64])
def test_rows_keep_their_order(batch_size: int) -> None:
    """Although texts of similar length share a batch."""
    model, encoder = tiny_model(), tiny_encoder()
    masks, done = random_masks(model), []
    assert sorted(TEXTS, key=len) != TEXTS
    pooled = pool_texts(model, encoder, masks, TEXTS, batch_size, done.append)
    alone = torch.cat([model.pool(encoder.encode([text]), masks) for text in TEXTS])
    torch.testing.assert_close(pooled, alone, atol=1e-5, rtol=1e-5)
    assert sum(done) == len(TEXTS) and len(done) == -(-len(TEXTS) // batch_size)


def test_dropout_is_off_and_the_mode_comes_back() -> None:
    model, encoder = tiny_model(), tiny_encoder()
    still = pool_texts(model, encoder, None, TEXTS)
    model.train()
    with untouched(model):
        torch.testing.assert_close(pool_texts(model, encoder, None, TEXTS), still)
        with pytest.raises(InputError):
            pool_texts(model, encoder, None, ["The soup.", " "])


def test_a_batch_is_bounded_with_its_padding() -> None:
    """2 + 3 + 3 would be 9 tokens when padded to 3; 20 has to go alone."""
    assert list(batches([20, 3, 2, 8, 3], 8)) == [[2, 1], [4], [3], [0]]
    assert list(batches([4, 4, 4], 12)) == [[0, 1, 2]]
    assert list(batches([], 8)) == []


def test_no_texts_give_no_rows() -> None:
    assert pool_texts(tiny_model(), tiny_encoder(), None, []).shape == (0, 3, 16)
