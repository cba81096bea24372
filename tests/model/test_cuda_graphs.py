"""Graphs by length: on a CPU with a capture that only keeps its tensors, and on a GPU for real."""

import logging
from functools import partial

import pytest
import torch

from sparsecbm.model.cuda_graphs import Captured, LengthGraphs, Pool, bucket, graphs_for
from sparsecbm.model.encoding import Encoded
from sparsecbm.model.network import MaskedWeights, SparseCBM
from tests.helpers import random_masks, structured_masks, tiny_encoder, tiny_model

TEXTS = ("The soup was tasty.", "The soup was bland and the room felt warm, as ever.", "Lunch for two!")


class ToyCapture:
    """Keeps the input tensors and computes from them again, as a graph does; notes the lengths it was made for."""

    def __init__(self, off_by: float = 0.0) -> None:
        self.lengths, self.replays, self._off_by = list[int](), 0, off_by

    def __call__(self, pool: Pool, encoded: Encoded) -> Captured:
        self.lengths.append(encoded.input_ids.shape[1])
        written = torch.zeros_like(pool(encoded))

        def replay() -> None:
            self.replays += 1
            written.copy_(pool(encoded) + self._off_by)

        return Captured(encoded.input_ids, encoded.attention_mask, written, replay)


@pytest.fixture(scope="module")
def model() -> SparseCBM:
    return tiny_model()


@pytest.fixture(scope="module")
def weights(model: SparseCBM) -> MaskedWeights:
    return model.masked_weights(structured_masks(model))


def encoded(text: str) -> Encoded:
    return tiny_encoder().encode([text])


@pytest.mark.parametrize(("tokens", "most", "size"), [
    (1, 64, 16), (16, 64, 16), (17, 64, 32), (45, 256, 48), (64, 64, 64), (50, 60, 60), (129, 160, 160),
    (600, 1024, 1024),
])
def test_a_text_is_padded_to_the_next_bucket_that_the_model_reads(tokens: int, most: int, size: int) -> None:
    assert bucket(tokens, most) == size


def test_texts_of_one_bucket_share_a_graph_and_answers_stay_the_same(model: SparseCBM, weights: MaskedWeights) -> None:
    capture = ToyCapture()
    pool = partial(model.pool, masks=weights)
    graphs = LengthGraphs(pool, 64, capture)
    with torch.inference_mode():
        answers = [graphs.pool(encoded(text)) for text in (*TEXTS, TEXTS[0])]
        expected = [pool(encoded(text)) for text in (*TEXTS, TEXTS[0])]
    torch.testing.assert_close(answers, expected, atol=1e-5, rtol=1e-4)
    assert capture.lengths == [16] and not graphs.failed
    assert capture.replays == 1 + len(answers)  # the first answer is also held against the plain passes


def test_several_texts_and_gradients_run_as_they_are(model: SparseCBM, weights: MaskedWeights) -> None:
    capture = ToyCapture()
    graphs = LengthGraphs(partial(model.pool, masks=weights), 64, capture)
    assert graphs.pool(encoded(TEXTS[0])).shape[0] == 1  # gradients are on here
    with torch.inference_mode():
        assert graphs.pool(tiny_encoder().encode(list(TEXTS))).shape[0] == 3
    assert capture.lengths == []


@pytest.mark.parametrize("error", ["cannot be captured\nmore", "CUDA out of memory. Tried to allocate", None])
def test_what_cannot_be_captured_runs_as_it_is_after_one_notice(
    error: str | None, model: SparseCBM, weights: MaskedWeights, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: Pool, __: Encoded) -> Captured:
        raise RuntimeError(error)

    pool = partial(model.pool, masks=weights)
    graphs = LengthGraphs(pool, 64, ToyCapture(off_by=0.1) if error is None else broken)
    with caplog.at_level(logging.WARNING), torch.inference_mode():
        for _ in range(2):
            torch.testing.assert_close(graphs.pool(encoded(TEXTS[0])), pool(encoded(TEXTS[0])))
    assert graphs.failed and len(caplog.records) == 1
    said = caplog.records[0].getMessage()
    assert ("0.1" if error is None else error.partition("\n")[0]) in said and "\n" not in said


def test_only_an_nvidia_gpu_has_graphs(model: SparseCBM) -> None:
    assert graphs_for(model.pool, torch.device("cpu"), 64) is None


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")
@pytest.mark.parametrize("kind", ["structured", "weights"])
def test_a_gpu_answers_by_graph_as_it_does_without(kind: str) -> None:
    network = tiny_model().to("cuda")
    masks = structured_masks(network) if kind == "structured" else random_masks(network)
    pool = partial(network.pool, masks=network.masked_weights(masks.to("cuda")))
    graphs = graphs_for(pool, torch.device("cuda"), 64)
    assert graphs is not None
    with torch.inference_mode():
        for text in (*TEXTS, " ".join(TEXTS), TEXTS[0]):
            found = graphs.pool(encoded(text).to("cuda"))
            torch.testing.assert_close(found, pool(encoded(text).to("cuda")), atol=1e-4, rtol=1e-3)
    assert not graphs.failed
