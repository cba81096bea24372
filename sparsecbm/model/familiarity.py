"""How unlike the training texts a text is: how far its features lie from theirs, compared with held-out texts."""

import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from safetensors.torch import save_file
from torch import Tensor

from sparsecbm.errors import CheckpointError
from sparsecbm.model.files import read_noted_tensors
from sparsecbm.model.network import SparseCBM
from sparsecbm.paths import replacing

log = logging.getLogger(__name__)

FAMILIARITY_FILE = "familiarity.safetensors"
_FORMAT = "1"
#: The usual distance counts as no less, so that distances can be divided by it.
_LEAST = 1e-6
_COMMAND = "`python -m sparsecbm familiarity`"


@dataclass(frozen=True, eq=False)
class Familiarity:
    """What a checkpoint knows of its training texts, and of held-out texts of the same kind.

    `mean` is that of the training texts' features. `factor` has the lower triangle, row by row, of a matrix whose
    product with its transpose is the inverse of their covariance. `usual` are two numbers, c and d: the distance of a
    text of n tokens is usually c + d / n. `held_out` has the held-out texts' scores, in ascending order.
    """

    mean: Float[Tensor, " hidden"]
    factor: Float[Tensor, " entry"]
    usual: Float[Tensor, "2"]
    held_out: Float[Tensor, " text"]

    def distances(self, pooled: Float[Tensor, "batch pass_ hidden"]) -> Float[Tensor, " batch"]:
        """The squared Mahalanobis distance of each text from the training texts (Lee et al., 2018, arXiv 1807.03888).
        """
        return ((features(pooled) - self.mean) @ self._whitening).square().sum(-1)

    def scores(self, pooled: Float[Tensor, "batch pass_ hidden"], tokens: Sequence[int]) -> Float[Tensor, " batch"]:
        """The distance of each text, as a multiple of what is usual for as many tokens as were read of it.

        Features are means over tokens, and a mean over few of them strays further: its variance is that between texts
        plus that within them divided by their number. Uncorrected, short texts would be marked and long ones never.
        """
        constant, per_token = self.usual.double()
        usual = constant + per_token / torch.tensor(tokens, dtype=torch.float64).clamp_min(1)
        scores: Tensor = (self.distances(pooled) / usual.clamp_min(_LEAST)).float()
        return scores

    def unlike(self, pooled: Float[Tensor, "batch pass_ hidden"], tokens: Sequence[int]) -> Float[np.ndarray, " batch"]:
        """The share of held-out texts that are more like the training texts than each of these is, 0..1."""
        nearer = torch.searchsorted(self.held_out, self.scores(pooled, tokens))
        shares: np.ndarray = (nearer.double() / len(self.held_out)).numpy()
        return shares

    @cached_property
    def _whitening(self) -> Float[Tensor, "hidden hidden"]:
        hidden = len(self.mean)
        whole = torch.zeros(hidden, hidden, dtype=torch.float64)
        whole[*torch.tril_indices(hidden, hidden)] = self.factor.double()
        return whole

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all numbers: the same digest, the same answers."""
        tensors = (getattr(self, field.name) for field in fields(self))
        return hashlib.sha256(b"".join(tensor.numpy().tobytes() for tensor in tensors)).hexdigest()


def features(pooled: Float[Tensor, "batch pass_ hidden"]) -> Float[Tensor, "batch hidden"]:
    """What is compared of a text: the mean of its passes, on the CPU in double precision."""
    return pooled.mean(1).cpu().double()


def save_familiarity(folder: Path, familiarity: Familiarity, checkpoint: str) -> Path:
    """Write it next to the checkpoint with this hash, the only one that it fits; returns the file."""
    path = folder / FAMILIARITY_FILE
    with replacing(path) as new:
        save_file({field.name: getattr(familiarity, field.name) for field in fields(familiarity)}, new,
                  {"format": _FORMAT, "checkpoint": checkpoint})
    return path


def familiarity_there(folder: Path, model: SparseCBM, checkpoint: str) -> tuple[Familiarity | None, str]:
    """What the folder has for the checkpoint with this hash; None, and why, where it has none that can be used.

    The model answers without it, so a file that is damaged or of another checkpoint keeps nobody from the model.
    """
    path = folder / FAMILIARITY_FILE
    if not path.exists():
        return None, f"Not measured for this checkpoint: how unlike the training texts a text is. {_COMMAND} does."
    try:
        return _read(path, model.concept_weight.shape[-1], checkpoint), ""
    except CheckpointError as error:
        log.warning("%s", error)
        return None, str(error)


def _read(path: Path, hidden: int, checkpoint: str) -> Familiarity:
    tensors, noted = read_noted_tensors(path)
    made_for, form = noted.get("checkpoint", "")[:12], noted.get("format", "")[:12]
    if noted.get("checkpoint") != checkpoint or form != _FORMAT:
        raise CheckpointError(f"{path} is not used: it was fitted for checkpoint {made_for!r} in format {form!r}; "
                              f"allowed: {checkpoint[:12]!r} in format {_FORMAT!r}. Fit it again: {_COMMAND}.")
    if not _sound(tensors, hidden):
        raise CheckpointError(f"{path} is not used: it does not hold finite numbers, as many and in the order that "
                              f"features of width {hidden} need. Fit it again: {_COMMAND}.")
    return Familiarity(**tensors)


def _sound(tensors: Mapping[str, Tensor], hidden: int) -> bool:
    """True of tensors that could be those of a Familiarity."""
    texts = tensors["held_out"].numel() if "held_out" in tensors else 0
    shapes = {"mean": (hidden,), "factor": (hidden * (hidden + 1) // 2,), "usual": (2,), "held_out": (texts,)}
    if not texts or {name: tuple(tensor.shape) for name, tensor in tensors.items()} != shapes:
        return False
    if not all(tensor.dtype == torch.float32 and bool(tensor.isfinite().all()) for tensor in tensors.values()):
        return False
    return bool((tensors["held_out"].diff() >= 0).all()) and bool((tensors["usual"] >= 0).all())
