"""A working copy of one pass, in which weights are exchanged while one document is predicted again and again."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor
from torch.nn.functional import cross_entropy

from sparsecbm.model.encoding import Encoded
from sparsecbm.model.masks import ConceptMasks
from sparsecbm.model.network import SparseCBM
from sparsecbm.revision.compute_masks import Exchanged, Matrices, concept_logits
from sparsecbm.revision.edit import MaskChange

#: A threshold is estimated from every 61st score. It is a prime, so that the sample reaches all columns of a matrix.
STRIDE = 61
#: Where that gives fewer scores than this, all are used.
MIN_SAMPLE = 1024

Kinds = UInt8[np.ndarray, " weight"]


def strongest(
    scores: Float[Tensor, " weight"], kinds: Kinds, kind: int, count: int
) -> Int[np.ndarray, " chosen"]:
    """Positions of the `count` largest positive scores of one kind, largest first; equal scores keep their order.

    Fewer when fewer are positive. The result is that of a full sort, but only about `count` scores are sorted.
    """
    step = STRIDE if len(scores) >= STRIDE * MIN_SAMPLE else 1
    sample = scores[::step].cpu().numpy()[kinds[::step] == kind]
    wanted, least = 2 * count // step + 8, float(np.finfo(sample.dtype).tiny)
    while True:
        # If at least `count` scores reach the threshold, the largest `count` do, with all that equal the last of them.
        threshold = max(least, float(np.partition(sample, -wanted)[-wanted])) if wanted < len(sample) else least
        found = _at_least(scores, threshold)
        found = found[kinds[found] == kind]
        if len(found) >= count or threshold == least:
            values = scores[torch.from_numpy(found).to(scores.device)].cpu().numpy()
            chosen: np.ndarray = found[_largest_first(values, count)]
            return chosen
        wanted *= 4


def _at_least(scores: Float[Tensor, " weight"], threshold: float) -> Int[np.ndarray, " found"]:
    """Positions in ascending order. On a CPU numpy is several times as fast as torch here."""
    if scores.device.type == "cpu":
        return np.flatnonzero(scores.numpy() >= np.float32(threshold))
    positions: np.ndarray = (scores >= threshold).nonzero().squeeze(1).cpu().numpy()
    return positions


def _largest_first(values: Float[np.ndarray, " found"], count: int) -> Int[np.ndarray, " chosen"]:
    """The places of the `count` largest values in falling order; equal values keep their order."""
    if count == 0:
        return np.zeros(0, dtype=np.int64)
    last = np.partition(values, -count)[-count] if count < len(values) else -np.inf
    over, ties = np.flatnonzero(values > last), np.flatnonzero(values == last)
    places = np.concatenate([over[np.argsort(-values[over], kind="stable")], ties])
    return places[:count]


#: The kinds of weights: not used by the pass, used, or exchanged before.
_INACTIVE, _ACTIVE, _EXCHANGED = 0, 1, 2


@dataclass(frozen=True, eq=False)
class Plan:
    """Per matrix, weights to drop and as many weights to grow, the strongest first."""

    exchanges: Mapping[str, tuple[Exchanged, Exchanged]]

    @cached_property
    def size(self) -> int:
        """The number of exchanges in the longest list."""
        return max(len(dropped) for dropped, _ in self.exchanges.values())

    def between(self, size: int, other: int) -> Iterator[tuple[str, Exchanged, Exchanged]]:
        """Per matrix, what the plan exchanges at one size and does not at a smaller one.

        A size counts exchanges of the longest list; of every other list the same share is made.
        """
        for name, (dropped, grown) in self.exchanges.items():
            first, last = (len(dropped) * at // max(1, self.size) for at in (other, size))
            yield name, dropped[first:last], grown[first:last]


@dataclass(frozen=True, eq=False)
class ConceptState:
    """The concept after some exchanges: whether the wanted value is predicted, its probability and the loss."""

    agrees: bool
    probability: float
    loss: Float[Tensor, ""]
    pooled: Float[Tensor, "1 hidden"]

    @property
    def cross_entropy(self) -> float:
        """The loss as a number."""
        return float(self.loss.detach())


class Exchanging(ABC):
    """The pass of concept k, for one document and one wanted value, in which parts of it are exchanged.

    It never writes to its arguments.

    `active` is how many parts the pass uses, by the name of the group within which they are exchanged.
    """

    active: Mapping[str, int]

    def __init__(self, model: SparseCBM, encoded: Encoded, k: int, value: int) -> None:
        self._model, self._k, self._attention_mask = model, k, encoded.attention_mask
        with torch.no_grad():
            self._embedded = model.embed(encoded.input_ids)
        self._value, self._target = value, torch.tensor([value], device=model.device)
        self._size = 0  # of the plan that is applied, but not committed

    @property
    @abstractmethod
    def active_weights(self) -> int:
        """The number of weights that the pass uses."""

    @abstractmethod
    def plan(self, state: ConceptState, counts: Mapping[str, int]) -> Plan:
        """In each group, the exchange of `counts` parts that lowers the loss most to first order.

        Fewer where fewer lower it.
        """

    @abstractmethod
    def change(self, pass_: str) -> MaskChange:
        """What was kept, as a change of the masks that came in."""

    @abstractmethod
    def _pooled(self) -> Float[Tensor, "1 hidden"]:
        """The mean states of the pass as it is now."""

    @abstractmethod
    def _switch(self, name: str, goes: Exchanged, comes: Exchanged) -> None:
        """Take some parts of a group out, and others in."""

    @abstractmethod
    def _close(self, plan: Plan, size: int) -> None:
        """Note what a plan has exchanged for good."""

    def evaluate(self, gradient: bool) -> ConceptState:
        """Predict the concept; a plan can be made from the result only with `gradient`."""
        with torch.set_grad_enabled(gradient):
            pooled = self._pooled()
            logits = concept_logits(self._model, self._k, pooled)
            loss = cross_entropy(logits, self._target)
        probabilities = logits.detach().softmax(-1)[0]
        return ConceptState(int(probabilities.argmax()) == self._value, float(probabilities[self._value]), loss, pooled)

    def apply(self, plan: Plan, size: int, gradient: bool = False) -> ConceptState:
        """Apply a plan at this size, in place of the size at which it was applied before, and predict."""
        self._resize(plan, size)
        return self.evaluate(gradient)

    def commit(self, plan: Plan, size: int) -> None:
        """Apply a plan at this size for good: no later plan exchanges those parts."""
        self._resize(plan, size)
        self._size = 0
        self._close(plan, size)

    @torch.no_grad()
    def _resize(self, plan: Plan, size: int) -> None:
        if size == self._size:
            return  # even an empty write would detach what is switched from the graph of the last evaluation
        for name, dropped, grown in plan.between(max(size, self._size), min(size, self._size)):
            self._switch(name, *((dropped, grown) if size > self._size else (grown, dropped)))
        self._size = size


class Exchange(Exchanging):
    """Exchanges single weights, within each matrix."""

    def __init__(
        self, model: SparseCBM, masks: ConceptMasks, own: Matrices, encoded: Encoded, k: int, value: int
    ) -> None:
        super().__init__(model, encoded, k, value)
        parameters = dict(model.backbone.named_parameters())
        self._weights = {name: parameters[name].detach().flatten() for name in masks.matrices}
        self._matrices = {name: own[name].detach().clone().requires_grad_() for name in masks.matrices}
        self._kinds: dict[str, Kinds] = {name: masks.unpack_pass(name, k).flatten().cpu().numpy().astype(np.uint8)
                                         for name in masks.matrices}
        self._committed: list[tuple[Plan, int]] = []
        self.active = {name: int(np.count_nonzero(kinds)) for name, kinds in self._kinds.items()}

    @property
    def active_weights(self) -> int:
        """The number of weights that the pass uses."""
        return sum(self.active.values())

    def _pooled(self) -> Float[Tensor, "1 hidden"]:
        return self._model.run_pass(self._matrices, self._embedded, self._attention_mask)

    def plan(self, state: ConceptState, counts: Mapping[str, int]) -> Plan:
        """The weights of each matrix to exchange, as `Exchanging.plan` says."""
        gradients = torch.autograd.grad(state.loss, list(self._matrices.values()))
        plan = {}
        for (name, weights), gradient in zip(self._weights.items(), gradients, strict=True):
            rise = gradient.flatten().mul_(weights)  # d CE / d mask: what growing the weight adds to the loss
            dropped = strongest(rise, self._kinds[name], _ACTIVE, counts[name])
            grown = strongest(rise.neg_(), self._kinds[name], _INACTIVE, len(dropped))
            plan[name] = dropped[: len(grown)], grown
        return Plan(plan)

    def _switch(self, name: str, goes: Exchanged, comes: Exchanged) -> None:
        matrix, weights = self._matrices[name].view(-1), self._weights[name]
        gone, come = (torch.from_numpy(positions).to(matrix.device) for positions in (goes, comes))
        matrix[gone], matrix[come] = 0, weights[come]

    def _close(self, plan: Plan, size: int) -> None:
        self._committed.append((plan, size))
        for name, dropped, grown in plan.between(size, 0):
            self._kinds[name][dropped] = self._kinds[name][grown] = _EXCHANGED

    def change(self, pass_: str) -> MaskChange:
        """What was kept, as a change of the masks that came in."""
        dropped: dict[str, list[Exchanged]] = {}
        grown: dict[str, list[Exchanged]] = {}
        for plan, size in self._committed:
            for name, *exchanged in plan.between(size, 0):
                for positions, every in zip(exchanged, (dropped, grown), strict=True):
                    every.setdefault(name, []).append(positions)
        return MaskChange(pass_, *({name: np.sort(np.concatenate(some)).astype(np.int32) for name, some in every.items()
                                    if any(map(len, some))} for every in (dropped, grown)))
