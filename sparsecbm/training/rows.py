"""A split as tensors to learn from, and its batches."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from sparsecbm.config import Targets
from sparsecbm.data.split import Split

#: Batches are formed within groups of so many batches sorted by length: little padding, still random.
GROUP = 16


@dataclass(frozen=True, eq=False)
class TrainingRows:
    """Texts and what is known of them.

    `targets` are distributions over values; `known` is False where a concept has no majority and stays out of the
    loss; `labels` is -1 where the review has no majority rating.
    """

    texts: tuple[str, ...]
    targets: Float[Tensor, "batch concept value"]
    known: Bool[Tensor, "batch concept"]
    labels: Int[Tensor, " batch"]

    @classmethod
    def of(cls, split: Split, targets: Targets) -> "TrainingRows":
        """Read a split, with hard or soft concept targets."""
        concepts, shares = torch.from_numpy(split.concepts), torch.from_numpy(split.shares).float()
        hard = torch.nn.functional.one_hot(concepts.clamp_min(0), shares.shape[-1]).float()
        # Where annotators disagreed outright, their shares are all there is.
        hard = torch.where((concepts >= 0).unsqueeze(-1), hard, shares)
        return cls(tuple(split.texts), shares if targets == "shares" else hard, concepts >= 0,
                   torch.from_numpy(split.labels))

    def __len__(self) -> int:
        return len(self.texts)

    def select(self, rows: list[int]) -> "TrainingRows":
        """Some of the rows, in the given order."""
        texts = tuple(self.texts[row] for row in rows)
        return TrainingRows(texts, self.targets[rows], self.known[rows], self.labels[rows])

    def to(self, device: torch.device | str) -> "TrainingRows":
        """The same rows with their tensors on another device."""
        return TrainingRows(self.texts, self.targets.to(device), self.known.to(device), self.labels.to(device))

    def sample(self, count: int, seed: int) -> "TrainingRows":
        """At most `count` rows, drawn without replacement."""
        generator = torch.Generator().manual_seed(seed)
        return self.select(torch.randperm(len(self), generator=generator)[:count].tolist())

    def batches(self, size: int, generator: torch.Generator) -> Iterator["TrainingRows"]:
        """Every row once, in random batches of texts of like length."""
        order: list[int] = torch.randperm(len(self), generator=generator).tolist()
        batches = []
        for start in range(0, len(order), size * GROUP):
            group = sorted(order[start : start + size * GROUP], key=lambda row: len(self.texts[row]))
            batches += [group[first : first + size] for first in range(0, len(group), size)]
        for index in torch.randperm(len(batches), generator=generator).tolist():
            yield self.select(batches[index])
