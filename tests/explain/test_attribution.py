"""Word scores: right where the answer can be worked out by hand, honest about their gap, through the right pass."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from sparsecbm.errors import InputError
from sparsecbm.explain.attribution import attribute
from sparsecbm.model.network import SparseCBM
from sparsecbm.types import Target
from tests.helpers import TOY, changed_mask, random_masks, tiny_encoder, tiny_model, untouched

TEXT = "The soup was tasty. The room felt shabby."
SOUP, ROOM, GOOD = Target("soup", "Positive"), Target("room", "Negative"), Target(None, "good")


@pytest.fixture
def linear(monkeypatch: pytest.MonkeyPatch) -> SparseCBM:
    """A model whose every pass is the plain mean of the word embeddings."""
    def mean(self: SparseCBM, embedded: Tensor, attention_mask: Tensor, masks: Any = None) -> Tensor:
        passes = len(self.config.passes) if masks is None else len(next(iter(masks.stacks.values())))
        return embedded.mean(1, keepdim=True).expand(-1, passes, -1)

    monkeypatch.setattr(SparseCBM, "pool_embeddings", mean)
    return tiny_model()


def test_a_linear_function_is_explained_in_full(linear: SparseCBM) -> None:
    """f(x) = a . mean(x): a token's score is a . (x - pad) / tokens, and nothing is left over."""
    encoder = tiny_encoder()
    (found,) = attribute(linear, encoder, None, "tasty soup", [SOUP])
    tokens = encoder.encode(["tasty soup"]).input_ids
    embedded, pad = linear.embed(tokens)[0], linear.embed(torch.zeros(1, 1, dtype=torch.long))[0]
    expected = ((embedded - pad) @ linear.concept_weight[0, 2] / 4).detach().numpy()[1:3]  # [CLS] tasty soup [SEP]
    np.testing.assert_allclose(found.scores, expected, rtol=1e-4)
    assert found.difference == pytest.approx(expected.sum(), rel=1e-4)
    assert found.completeness_gap == pytest.approx(0, abs=1e-6)
    assert [word.text for word in found.words] == ["tasty", "soup"]


def test_the_pieces_of_a_word_are_summed(linear: SparseCBM) -> None:
    encoder = tiny_encoder()
    (found,) = attribute(linear, encoder, None, "zq soup", [SOUP])  # z and ##q are two tokens
    tokens = encoder.encode(["zq soup"]).input_ids
    assert tokens.shape[1] == 5
    embedded, pad = linear.embed(tokens)[0], linear.embed(torch.zeros(1, 1, dtype=torch.long))[0]
    each = ((embedded - pad) @ linear.concept_weight[0, 2] / 5).detach().numpy()
    np.testing.assert_allclose(found.scores, [each[1] + each[2], each[3]], rtol=1e-4)


def test_the_gap_is_what_the_scores_leave_unexplained() -> None:
    model, encoder = tiny_model(), tiny_encoder()
    weights = model.masked_weights(random_masks(model))
    for found in attribute(model, encoder, weights, TEXT, [SOUP, GOOD]):
        assert found.completeness_gap == pytest.approx(abs(found.scores.sum() - found.difference), abs=1e-6)
        assert found.completeness_gap > 1e-4  # a transformer is not linear, and the result says so


def test_a_concept_is_explained_through_its_own_pass_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    model, encoder = tiny_model(), tiny_encoder()
    masks = random_masks(model)
    own, other = (attribute(model, encoder, model.masked_weights(m), TEXT, [SOUP])[0]
                  for m in (masks, changed_mask(masks, 1)))
    np.testing.assert_array_equal(own.scores, other.scores)  # another concept's mask does not matter
    changed = attribute(model, encoder, model.masked_weights(changed_mask(masks, 0)), TEXT, [SOUP])[0]
    assert np.abs(own.scores - changed.scores).max() > 1e-4  # its own does
    seen: list[int] = []
    whole = SparseCBM.pool_embeddings

    def count(self: SparseCBM, embedded: Tensor, attention_mask: Tensor, masks: Any = None) -> Tensor:
        seen.append(len(next(iter(masks.stacks.values()))))
        return whole(self, embedded, attention_mask, masks)

    monkeypatch.setattr(SparseCBM, "pool_embeddings", count)
    attribute(model, encoder, model.masked_weights(masks), TEXT, [ROOM])
    assert set(seen) == {1}
    seen.clear()
    attribute(model, encoder, model.masked_weights(masks), TEXT, [GOOD])
    assert set(seen) == {len(model.config.passes)}


def test_every_pass_reaches_the_labels_words() -> None:
    model, encoder = tiny_model(), tiny_encoder()
    masks = random_masks(model)
    base = attribute(model, encoder, model.masked_weights(masks), TEXT, [GOOD])[0].scores
    for k in range(len(masks.passes)):
        weights = model.masked_weights(changed_mask(masks, k))
        assert np.abs(attribute(model, encoder, weights, TEXT, [GOOD])[0].scores - base).max() > 1e-6, masks.passes[k]


def test_the_residual_can_be_left_out_of_the_labels_words() -> None:
    model, encoder = tiny_model(), tiny_encoder()
    masks = random_masks(model)
    last = changed_mask(masks, len(masks.passes) - 1)
    with_it, without, elsewhere = (
        attribute(model, encoder, model.masked_weights(m), TEXT, [GOOD], residual=residual)[0].scores
        for m, residual in ((masks, True), (masks, False), (last, False)))
    assert np.abs(with_it - without).max() > 1e-6
    np.testing.assert_allclose(without, elsewhere, atol=1e-6)  # then its mask does not matter


def test_nothing_is_left_behind_on_the_model() -> None:
    model, encoder = tiny_model().requires_grad_(False), tiny_encoder()
    masks = random_masks(model)
    with untouched(model, masks):
        attribute(model, encoder, model.masked_weights(masks), TEXT, [SOUP, ROOM, GOOD])
        with pytest.raises(InputError):
            attribute(model, encoder, None, TEXT, [SOUP, Target("decor", "Positive")])


@pytest.mark.parametrize(("text", "said"), [
    ("soup", "concept=value"), ("decor=Positive", "soup, room"), ("soup=good", "Negative, unknown, Positive"),
    ("label=Positive", "bad, fair, good"),
])
def test_a_target_that_does_not_exist_is_refused_by_name(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        Target.parse(text, TOY)


@pytest.mark.parametrize("text", ["soup=Positive", "label=good"])
def test_a_target_reads_back_as_it_is_written(text: str) -> None:
    assert str(Target.parse(text, TOY)) == text
