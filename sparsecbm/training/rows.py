"""Splits as tensors to learn from, and their batches."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace

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

    `targets` are distributions over values; `known` is False where a concept's value is not known and stays out of the
    loss; `labels` is -1 where the label is not known. `weights` multiply the loss of each row, and `trust` that of each
    of its concepts, None for 1 throughout. `taught_concepts` and `taught_labels` are a teacher's logits, None without.
    """

    texts: tuple[str, ...]
    targets: Float[Tensor, "batch concept value"]
    known: Bool[Tensor, "batch concept"]
    labels: Int[Tensor, " batch"]
    weights: Float[Tensor, " batch"]
    taught_concepts: Float[Tensor, "batch concept value"] | None = None
    taught_labels: Float[Tensor, "batch label"] | None = None
    trust: Float[Tensor, "batch concept"] | None = None

    @classmethod
    def of(
        cls, split: Split, targets: Targets, weight: float = 1.0, trust: Float[Tensor, "row concept"] | None = None
    ) -> "TrainingRows":
        """Read a split, with hard or soft concept targets; `weight` multiplies the weights of its rows."""
        concepts, shares = torch.from_numpy(split.concepts), torch.from_numpy(split.shares).float()
        hard = torch.nn.functional.one_hot(concepts.clamp_min(0), shares.shape[-1]).float()
        # Where annotators disagreed outright, their shares are all there is.
        hard = torch.where((concepts >= 0).unsqueeze(-1), hard, shares)
        return cls(tuple(split.texts), shares if targets == "shares" else hard, concepts >= 0,
                   torch.from_numpy(split.labels), torch.from_numpy(weight * split.weights).float(), trust=trust)

    @classmethod
    def joined(cls, parts: Sequence["TrainingRows"]) -> "TrainingRows":
        """The rows of all parts, one part after the other."""
        texts = tuple(text for part in parts for text in part.texts)
        tensors = [part._tensors() for part in parts]
        return cls(texts, **{name: torch.cat([own[name] for own in tensors]) for name in tensors[0]})

    def _tensors(self) -> dict[str, Tensor]:
        """What is known of each row, by name."""
        values = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "texts"}
        return {name: tensor for name, tensor in values.items() if tensor is not None}

    def __len__(self) -> int:
        return len(self.texts)

    def select(self, rows: list[int]) -> "TrainingRows":
        """Some of the rows, in the given order."""
        texts = tuple(self.texts[row] for row in rows)
        return TrainingRows(texts, **{name: tensor[rows] for name, tensor in self._tensors().items()})

    def to(self, device: torch.device | str) -> "TrainingRows":
        """The same rows with their tensors on another device."""
        return TrainingRows(self.texts, **{name: tensor.to(device) for name, tensor in self._tensors().items()})

    def sample(self, count: int, seed: int) -> "TrainingRows":
        """At most `count` rows, drawn without replacement; heavier rows are likelier to be drawn, and then all weigh 1.

        So the sample speaks of the same mixture as the rows and their weights.
        """
        generator = torch.Generator().manual_seed(seed)
        if len(self) and bool((self.weights != self.weights[0]).any()):
            drawn = torch.multinomial(self.weights, min(count, len(self)), generator=generator)
        else:
            drawn = torch.randperm(len(self), generator=generator)[:count]
        chosen = self.select(drawn.tolist())
        return replace(chosen, weights=torch.ones_like(chosen.weights))

    def plan(self, lengths: Sequence[int], size: int, tokens: int, generator: torch.Generator) -> list[list[int]]:
        """The numbers of all rows, each once, in random batches of texts of like length.

        A batch has at most `size` rows. Padded to its longest text, whose number of tokens `lengths` has, it holds at
        most `tokens`, or only one text.
        """
        order: list[int] = torch.randperm(len(self), generator=generator).tolist()
        batches: list[list[int]] = []
        for start in range(0, len(order), size * GROUP):
            batches.append([])
            for row in sorted(order[start : start + size * GROUP], key=lengths.__getitem__):
                full = len(batches[-1]) == size or (len(batches[-1]) + 1) * lengths[row] > tokens
                if batches[-1] and full:
                    batches.append([])
                batches[-1].append(row)
        return [batches[index] for index in torch.randperm(len(batches), generator=generator).tolist()]

    def batches(
        self, lengths: Sequence[int], size: int, tokens: int, generator: torch.Generator
    ) -> Iterator["TrainingRows"]:
        """The batches of `plan`."""
        for rows in self.plan(lengths, size, tokens, generator):
            yield self.select(rows)


def evenly(parts: Sequence[TrainingRows], count: int, seed: int) -> TrainingRows:
    """At most `count` rows, as many of each part as of any other as far as it has them; rows keep their weights."""
    left, room = count, dict[int, int]()
    for done, place in enumerate(sorted(range(len(parts)), key=lambda place: len(parts[place]))):  # smallest first
        room[place] = min(len(parts[place]), left // (len(parts) - done))
        left -= room[place]
    drawn = [torch.randperm(len(part), generator=torch.Generator().manual_seed(seed))[: room[place]].tolist()
             for place, part in enumerate(parts)]
    return TrainingRows.joined([part.select(rows) for part, rows in zip(parts, drawn, strict=True)])
