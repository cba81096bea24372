"""Words taken away in batches, only by the passes that are needed, and with nothing left behind."""

import numpy as np
import pytest
import torch

from sparsecbm.errors import Cancelled, InputError
from sparsecbm.model.encoding import Encoder
from sparsecbm.model.network import MaskedWeights
from sparsecbm.types import Target
from sparsecbm.words import compute_removal as removal
from sparsecbm.words.compute_faithfulness import faithfulness
from sparsecbm.words.compute_removal import WordRemoval
from tests.helpers import (
    ARCHITECTURES,
    byte_level,
    changed_mask,
    random_masks,
    tiny_backbone,
    tiny_encoder,
    tiny_model,
    untouched,
)
from tests.words.toys import GOOD, TEXT, curves, scored, sparse


@pytest.mark.parametrize("backbone", ARCHITECTURES)
@pytest.mark.parametrize("how", removal.REMOVALS)
def test_batched_is_one_by_one(how: str, backbone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model, weights = sparse(backbone=backbone)
    made = []
    for budget in (removal.BATCH_TOKENS, 1):
        monkeypatch.setattr(removal, "BATCH_TOKENS", budget)
        review = WordRemoval(model, tiny_encoder(), weights, "The soup was zesty!")
        made.append(faithfulness(review, scored(review, np.arange(5.0), GOOD), how))
    np.testing.assert_allclose(curves(made[0]), curves(made[1]), atol=1e-5)
    assert np.ptp(curves(made[0])) > 1e-3


def test_batches_keep_to_their_budget_and_to_like_lengths(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(removal, "BATCH_TOKENS", 40)
    (model, weights), sizes = sparse(), []
    monkeypatch.setattr(model, "run_passes", lambda w, x, mask, run=model.run_passes:
                        sizes.append((mask.numel(), int(mask.sum()))) or run(w, x, mask))
    review = WordRemoval(model, tiny_encoder(), weights, "The soup was bland but zesty we stayed")
    faithfulness(review, scored(review, np.arange(8.0)))
    assert max(padded for padded, _ in sizes) <= 40 and len(sizes) > 5
    assert sum(padded for padded, _ in sizes) < 1.1 * sum(real for _, real in sizes)


def test_only_the_passes_of_the_target_run_and_each_set_once(monkeypatch: pytest.MonkeyPatch) -> None:
    (model, weights), passes, rows = sparse(), [], []
    monkeypatch.setattr(MaskedWeights, "of", lambda self, k, of=MaskedWeights.of: passes.append(k) or of(self, k))
    monkeypatch.setattr(model, "run_passes", lambda w, x, m, run=model.run_passes: rows.append(len(x)) or run(w, x, m))
    review = WordRemoval(model, tiny_encoder(), weights, TEXT)
    faithfulness(review, scored(review, [1, 2, 3, 4], Target("room", "Positive")))
    assert set(passes) == {1} and sum(rows) <= 2**4  # all there is to leave out of four words
    rows.clear()
    faithfulness(review, scored(review, [1, 2, 3, 4], Target("room", "Negative")))
    assert not rows
    faithfulness(review, scored(review, [1, 2, 3, 4], GOOD), residual=False)
    assert set(passes) == {0, 1}
    faithfulness(review, scored(review, [1, 2, 3, 4], GOOD))
    assert set(passes) == {0, 1, 2} and sum(rows) <= 2 * 2**4


def test_a_concept_is_read_through_its_own_mask() -> None:
    model, changed = tiny_model(), []
    masks = random_masks(model)
    for k in (0, 1):
        results = []
        for stack in (masks, changed_mask(masks, k)):
            review = WordRemoval(model, tiny_encoder(), model.masked_weights(stack), TEXT)
            results.append(curves(faithfulness(review, scored(review, [1, 2, 3, 4]))))
        changed.append(not np.allclose(*results, atol=1e-6))
    assert changed == [True, False]


def test_nothing_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """After success, after an exception in the middle, and after a cancel; then it goes on where it stopped."""
    monkeypatch.setattr(removal, "BATCH_TOKENS", 40)
    model, masks = tiny_model(), random_masks(tiny_model())
    weights, shares = model.masked_weights(masks), []

    def stop(share: float) -> None:
        shares.append(share)
        if len(shares) == 3:
            raise Cancelled("Stopped.")

    with untouched(model, masks):
        review = WordRemoval(model, tiny_encoder(), weights, TEXT)
        asked = scored(review, [1, 2, 3, 4], GOOD)
        with pytest.raises(Cancelled):
            faithfulness(review, asked, progress=stop)
        with monkeypatch.context() as broken:
            broken.setattr(model, "run_passes", lambda *_: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                faithfulness(review, asked)
        after = faithfulness(review, asked, progress=shares.append)
        assert not torch.is_inference_mode_enabled()
    fresh = faithfulness(WordRemoval(model, tiny_encoder(), weights, TEXT), asked)
    np.testing.assert_allclose(curves(after), curves(fresh), atol=1e-5)
    assert shares[0] == 0 and shares[:3] == sorted(shares[:3]) and all(0 <= share < 1 for share in shares)
    assert not after.without_top.flags.writeable


def test_a_tokenizer_that_adds_nothing_can_lose_every_word() -> None:
    """One padding token is read then, as if it were the text."""
    model = tiny_model(tiny_backbone("gpt2", vocab_size=300), kind="dense")
    encoder = Encoder(byte_level(), 64)
    review = WordRemoval(model, encoder, None, "soup two")
    made = faithfulness(review, scored(review, [1, 2]))
    assert np.isfinite(curves(made)).all()
    padding = encoder.pad([[encoder.tokenizer.pad_token_id]])
    logits, _ = model(padding)
    assert made.without_top[-1] == pytest.approx(float(logits.softmax(-1)[0, 0, 2]), abs=1e-5)


def test_too_much_is_refused_before_it_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(removal, "MOST_TOKENS", 10)
    review = WordRemoval(tiny_model(kind="dense"), tiny_encoder(), None, TEXT)
    with pytest.raises(InputError, match="allowed: 10"):
        faithfulness(review, scored(review, [1, 2, 3, 4]), progress=lambda _: pytest.fail("it started"))
