"""The passes of one text as CUDA graphs: a GPU then runs them without waiting for Python between two kernels.

A graph has fixed shapes, so there is one per length bucket: a text is padded to the next bucket, and the padding is
masked. A graph is captured when its bucket is first needed, and its first answer is held against that of the plain
passes. Where capturing fails or the answers differ, a notice is logged and the plain passes run from then on.

CUDA graphs: https://docs.pytorch.org/docs/stable/notes/cuda.html#cuda-graphs
"""

import logging
from collections.abc import Callable
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from sparsecbm.model.encoding import Encoded

log = logging.getLogger(__name__)

#: Numbers of tokens to which a text is padded; between two of them a graph takes little longer than it must.
BUCKETS = (16, 32, 48, 64, 96, 128, 192, 256, 384, 512)
#: Runs before a capture: they choose kernels and fill the workspaces of the libraries.
WARM_UP = 3
TOLERANCE = 1e-3

Pool = Callable[[Encoded], Float[Tensor, "1 pass_ hidden"]]


class Captured(NamedTuple):
    """A graph with the tensors that it reads and the one that it writes."""

    ids: Int[Tensor, "1 token"]
    attention_mask: Int[Tensor, "1 token"]
    pooled: Float[Tensor, "1 pass_ hidden"]
    replay: Callable[[], None]


#: Captures a pool over input tensors that stay where they are.
Capture = Callable[[Pool, Encoded], Captured]


def bucket(tokens: int, most: int) -> int:
    """The length to which so many tokens are padded, never more than the model reads.

    >>> bucket(45, 256), bucket(129, 160)
    (48, 160)
    """
    return min(next((size for size in BUCKETS if size >= tokens), most), most)


class LengthGraphs:
    """Answers as `pool` does, for one text at a time; `most` is the largest number of tokens that the model reads."""

    def __init__(self, pool: Pool, most: int, capture: Capture | None = None) -> None:
        self._pool, self._most, self._capture = pool, most, capture or capture_cuda_graph
        self._graphs: dict[int, Captured] = {}
        #: Why no graph is used; empty as long as they are.
        self.failed = ""

    def pool(self, encoded: Encoded) -> Float[Tensor, "batch pass_ hidden"]:
        """The passes by a graph; several texts, gradients, and what cannot be captured run as they are."""
        tokens = encoded.input_ids.shape[1]
        if self.failed or len(encoded.input_ids) != 1 or torch.is_grad_enabled() or tokens > self._most:
            return self._pool(encoded)
        size = bucket(tokens, self._most)
        if size not in self._graphs and not self._captured(encoded, size):
            return self._pool(encoded)
        return self._replayed(self._graphs[size], encoded)

    def _replayed(self, graph: Captured, encoded: Encoded) -> Float[Tensor, "1 pass_ hidden"]:
        tokens = encoded.input_ids.shape[1]
        graph.ids[:, :tokens] = encoded.input_ids  # what stands behind them is masked
        graph.attention_mask.zero_()
        graph.attention_mask[:, :tokens] = encoded.attention_mask
        graph.replay()
        return graph.pooled.clone()

    def _captured(self, encoded: Encoded, size: int) -> bool:
        """Capture a bucket, and hold its answer against the plain passes; False, and a notice, where it cannot be."""
        expected = self._pool(encoded)
        try:
            graph = self._capture(self._pool, _padded(encoded, size))
            found = self._replayed(graph, encoded)
        except RuntimeError as error:  # a full memory too: the plain passes need less
            return self._give_up(str(error).partition("\n")[0][:120])
        if not torch.allclose(found.float(), expected.float(), atol=TOLERANCE, rtol=TOLERANCE):
            return self._give_up(f"its answer differs by {float((found - expected).abs().max()):.2g}")
        self._graphs[size] = graph
        return True

    def _give_up(self, why: str) -> bool:
        self.failed = why
        self._graphs.clear()
        log.warning("CUDA graphs are not used (%s); passes run one by one, which is slower.", why)
        return False


def _padded(encoded: Encoded, size: int) -> Encoded:
    """The text at the beginning of tensors of a bucket's length, which later texts are written into."""
    missing = (0, size - encoded.input_ids.shape[1])
    with torch.inference_mode(False):  # so that they can be written to in any mode
        return Encoded(torch.nn.functional.pad(encoded.input_ids.clone(), missing),
                       torch.nn.functional.pad(encoded.attention_mask.clone(), missing))


def capture_cuda_graph(pool: Pool, encoded: Encoded) -> Captured:
    """Capture a pool on the current GPU. RuntimeError where an operation cannot be captured."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(WARM_UP):
            pool(encoded)
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, capture_error_mode="thread_local"):
        pooled = pool(encoded)
    return Captured(encoded.input_ids, encoded.attention_mask, pooled, graph.replay)


def graphs_for(pool: Pool, device: torch.device, most: int) -> LengthGraphs | None:
    """Graphs of the passes on an NVIDIA GPU; None on any other device, which has no such graphs."""
    return LengthGraphs(pool, most) if device.type == "cuda" and torch.version.cuda is not None else None


def capturing(tensor: Tensor) -> bool:
    """Whether the operations on a tensor are being captured, so that nothing may depend on its numbers."""
    return tensor.is_cuda and torch.cuda.is_current_stream_capturing()
