"""A working copy of one pass of structured masks, in which heads and neurons are exchanged for one document."""

from collections.abc import Mapping

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from sparsecbm.model.encoding import Encoded
from sparsecbm.model.gates import gated
from sparsecbm.model.kept_units import KeptUnits
from sparsecbm.model.masks import ConceptMasks
from sparsecbm.model.network import SparseCBM
from sparsecbm.model.units import KINDS
from sparsecbm.revision.compute_exchange import ConceptState, Exchanging, Plan
from sparsecbm.revision.compute_masks import Exchanged, unit_change
from sparsecbm.revision.edit import MaskChange


class UnitExchange(Exchanging):
    """Exchanges whole heads and neurons of structured masks: those of one kind in one layer for each other.

    The whole backbone runs with a gate of 0 or 1 on every unit, so that d CE / d gate says of each unit, used or not,
    what dropping or growing it changes to first order. Whoever calls must hold the model for itself.
    """

    def __init__(self, model: SparseCBM, masks: ConceptMasks, encoded: Encoded, k: int, value: int) -> None:
        super().__init__(model, encoded, k, value)
        self._layout, self._before = model.layout, KeptUnits.of(masks)
        self._groups = {f"{kind} {layer}": (kind, layer) for kind in KINDS for layer in range(len(model.layout.layers))}
        used = {name: self._before.of_kind(kind)[k, layer] for name, (kind, layer) in self._groups.items()}
        self._gates = {name: units.float().to(model.device).unsqueeze(0).requires_grad_()
                       for name, units in used.items()}
        self._used = {name: units.numpy() for name, units in used.items()}
        self._open = {name: np.ones(len(units), dtype=bool) for name, units in used.items()}
        self.active = {name: int(units.sum()) for name, units in used.items()}

    @property
    def active_weights(self) -> int:
        """The number of weights of the units that the pass uses."""
        costs = dict(zip(KINDS, self._layout.costs, strict=True))
        return sum(costs[kind] * self.active[name] for name, (kind, _) in self._groups.items())

    def _pooled(self) -> Float[Tensor, "1 hidden"]:
        with gated(self._model.backbone, self._layout, {group: self._gates[name]
                                                        for name, group in self._groups.items()}):
            return self._model.run_pass({}, self._embedded, self._attention_mask)

    def plan(self, state: ConceptState, counts: Mapping[str, int]) -> Plan:
        """The units of each group to exchange, as `Exchanging.plan` says."""
        gradients = torch.autograd.grad(state.loss, list(self._gates.values()))
        plan = {}
        for name, gradient in zip(self._gates, gradients, strict=True):
            rise = gradient[0].cpu().numpy()
            dropped = _strongest(rise, self._open[name] & self._used[name], counts[name])
            grown = _strongest(-rise, self._open[name] & ~self._used[name], len(dropped))
            plan[name] = dropped[: len(grown)], grown
        return Plan(plan)

    def _switch(self, name: str, goes: Exchanged, comes: Exchanged) -> None:
        self._gates[name][0, torch.from_numpy(goes)] = 0
        self._gates[name][0, torch.from_numpy(comes)] = 1

    def _close(self, plan: Plan, size: int) -> None:
        for name, dropped, grown in plan.between(size, 0):
            self._open[name][dropped] = self._open[name][grown] = False

    def change(self, pass_: str) -> MaskChange:
        """What was kept, as a change of the masks that came in."""
        units = {kind: self._before.of_kind(kind).clone() for kind in KINDS}
        for name, (kind, layer) in self._groups.items():
            units[kind][self._k, layer] = self._gates[name][0].detach().cpu() > 0
        return unit_change(self._before, KeptUnits(self._layout, units["head"], units["neuron"]), pass_, self._k)


def _strongest(scores: Float[np.ndarray, " unit"], allowed: np.ndarray, count: int) -> Int[np.ndarray, " chosen"]:
    """The allowed units with the largest positive scores, largest first; of equals the first."""
    order = np.argsort(-scores, kind="stable")
    return order[allowed[order] & (scores[order] > 0)][:count]
