"""A batch of texts gets the predictions that each text gets alone."""

from pathlib import Path

import numpy as np
import pytest
import torch

from sparsecbm.errors import Cancelled, InputError
from sparsecbm.model.batch_prediction import predict_texts
from sparsecbm.model.prediction import predict
from sparsecbm.types import Predictions
from tests.helpers import ARCHITECTURES, HOSTILE, OPENINGS, TOY, tiny_checkpoint_of, untouched

TEXTS = [*OPENINGS, "The soup was tasty. " * 60, *HOSTILE.values(), "Soup."]


@pytest.mark.parametrize("config", [{}, {"kind": "dense"}, {"kind": "black_box"}, {"bottleneck": "logits"},
                                    {"residual": False}, *({"backbone": kind} for kind in ARCHITECTURES)], ids=str)
def test_each_row_is_the_prediction_of_its_text_alone(tmp_path: Path, config: dict[str, object]) -> None:
    checkpoint = tiny_checkpoint_of(tmp_path, **config)
    model, encoder, shares = checkpoint.model, checkpoint.encoder, list[float]()
    weights = None if checkpoint.masks is None else model.masked_weights(checkpoint.masks)
    with untouched(model, checkpoint.masks):
        found = predict_texts(model, encoder, weights, TEXTS, shares.append)
    for row, text in enumerate(TEXTS):
        one = predict(model, encoder, weights, text, "hash")
        np.testing.assert_allclose(found.label_probabilities[row], one.label_probabilities, atol=2e-6)
        np.testing.assert_allclose(found.concept_probabilities[row], one.concept_probabilities, atol=2e-6)
        assert found.truncated[row] == one.truncated
        assert found.unread is not None and found.unread[row] == sum(bool(w.unread) for w in encoder.words(text)[0])
    assert found.truncated.any() and not found.truncated.all() and len(set(found.unread.tolist())) > 2
    assert shares == sorted(shares) and len(shares) > 1 and shares[-1] == 1


def test_labels_values_and_margins() -> None:
    labels = np.array([[0.2, 0.3, 0.5], [0.6, 0.0, 0.4]], dtype=np.float32)
    concepts = np.array([[[0.1, 0.2, 0.7], [0.5, 0.3, 0.2]], [[0.2, 0.6, 0.2], [0.0, 0.0, 1.0]]], dtype=np.float32)
    found = Predictions(TOY, labels, concepts, np.array([False, True]))
    assert len(found) == 2 and found.labels.tolist() == [2, 0] and found.values.tolist() == [[2, 0], [1, 2]]
    np.testing.assert_allclose(found.margins, [0.2, 0.2], atol=1e-6)


def test_no_texts_and_blank_texts(tmp_path: Path) -> None:
    checkpoint = tiny_checkpoint_of(tmp_path)
    weights = checkpoint.model.masked_weights(checkpoint.masks)
    none = predict_texts(checkpoint.model, checkpoint.encoder, weights, [])
    assert len(none) == 0 and none.label_probabilities.shape == (0, 3) and none.concept_probabilities.shape == (0, 2, 3)
    with pytest.raises(InputError, match="empty"):
        predict_texts(checkpoint.model, checkpoint.encoder, weights, ["Soup.", " \n"])


def test_it_can_be_cancelled_between_batches(tmp_path: Path) -> None:
    checkpoint = tiny_checkpoint_of(tmp_path)
    model, weights = checkpoint.model, checkpoint.model.masked_weights(checkpoint.masks)

    def stop(share: float) -> None:
        raise Cancelled(str(share))

    with untouched(model, checkpoint.masks), pytest.raises(Cancelled):
        predict_texts(model, checkpoint.encoder, weights, TEXTS, stop)


def test_padding_by_hand_is_the_tokenizers(tmp_path: Path) -> None:
    encoder = tiny_checkpoint_of(tmp_path).encoder
    tokens, cut, _ = encoder.encode_unpadded(TEXTS)
    whole, padded = encoder.encode(TEXTS), encoder.pad(tokens)
    assert torch.equal(whole.input_ids, padded.input_ids) and torch.equal(whole.attention_mask, padded.attention_mask)
    assert cut == [encoder.count_tokens(text) > encoder.max_tokens for text in TEXTS]
