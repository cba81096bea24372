"""Attention heads and feed-forward neurons, and where they lie in the matrices.

Every weight that a mask can drop belongs to exactly one unit: a head has its rows of query, key and value and its
columns of the attention's output; a neuron has its row of the first feed-forward matrix and its column of the second.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from sparsecbm.errors import ConfigError
from sparsecbm.model.backbone import WeightSite

KINDS = ("head", "neuron")
#: Matrices whose outputs belong to heads, and how many times all heads stand side by side in them.
HEAD_OUTPUTS = {"query": 1, "key": 1, "value": 1, "query_key_value": 3}
HEAD_INPUTS = ("attention_output",)
NEURON_OUTPUTS, NEURON_INPUTS = ("feed_forward_in",), ("feed_forward_out",)


@dataclass(frozen=True)
class Part:
    """One axis of a stored matrix: `blocks` times all units one after the other, each `width` wide."""

    site: WeightSite
    axis: int
    blocks: int
    units: int

    @property
    def size(self) -> int:
        """Length of the axis."""
        return self.site.shape[self.axis]

    @property
    def owners(self) -> list[int]:
        """The unit that each place along the axis belongs to."""
        width = self.size // (self.blocks * self.units)
        return [place // width % self.units for place in range(self.size)]


def output_axis(site: WeightSite) -> int:
    """The axis of the stored matrix that is its output."""
    return int(site.input_first)


def head_parts(sites: Iterable[WeightSite], heads: int) -> list[Part]:
    """What belongs to attention heads, matrix by matrix."""
    parts = []
    for site in sites:
        if site.role in HEAD_OUTPUTS:
            parts.append(Part(site, output_axis(site), HEAD_OUTPUTS[site.role], heads))
        elif site.role in HEAD_INPUTS:
            parts.append(Part(site, 1 - output_axis(site), 1, heads))
    return parts


def neuron_parts(sites: Iterable[WeightSite]) -> list[Part]:
    """What belongs to feed-forward neurons, matrix by matrix."""
    parts = []
    for site in sites:
        if site.role in NEURON_OUTPUTS + NEURON_INPUTS:
            axis = output_axis(site) if site.role in NEURON_OUTPUTS else 1 - output_axis(site)
            parts.append(Part(site, axis, 1, site.shape[axis]))
    return parts



@dataclass(frozen=True, eq=False)
class UnitLayout:
    """Where the heads and neurons of a backbone lie: the parts of its matrices, by layer.

    `heads` and `neurons` are their numbers in each layer. Each matrix belongs to one kind of unit and one place in
    `layers`.
    """

    layers: tuple[int, ...]
    heads: int
    neurons: int
    parts: Mapping[str, tuple[str, int, Part]]

    @classmethod
    def of(cls, sites: Mapping[str, WeightSite], heads: int) -> "UnitLayout":
        """The layout of a backbone's masked matrices; ConfigError when some matrix belongs to no unit."""
        layers = tuple(dict.fromkeys(site.layer for site in sites.values()))
        found = {part.site.name: (kind, layers.index(part.site.layer), part)
                 for kind, parts in zip(KINDS, (head_parts(sites.values(), heads), neuron_parts(sites.values())),
                                        strict=True) for part in parts}
        lost = [name for name in sites if name not in found]
        neurons = {part.units for kind, _, part in found.values() if kind == "neuron"}
        if lost or len(neurons) != 1:
            what = f"{lost[0]} belongs to no head or neuron" if lost else f"its layers have {sorted(neurons)} neurons"
            raise ConfigError(f"This backbone cannot have structured masks: {what}; allowed: BERT, RoBERTa, "
                              "DistilBERT, MPNet, GPT-2, OPT and their like. Use masks of kind weights.")
        return cls(layers, heads, neurons.pop(), {name: found[name] for name in sites})

    @property
    def costs(self) -> tuple[int, int]:
        """How many weights one head has, and one neuron."""
        sizes = dict.fromkeys(KINDS, 0)
        for kind, layer, part in self.parts.values():
            if layer == 0:
                rows, columns = part.site.shape
                sizes[kind] += rows * columns
        return sizes["head"] // self.heads, sizes["neuron"] // self.neurons

    def owners(self, part: Part) -> Int[Tensor, " place"]:
        """The unit of each place along the part's axis."""
        return torch.tensor(part.owners)


def best_units(
    score: Float[Tensor, " unit"], active: Bool[Tensor, " unit"], layout: UnitLayout, budget: int,
    kept: Bool[Tensor, " unit"],
) -> Bool[Tensor, " unit"]:
    """`kept` and the best other active units whose weights fit into the budget, in falling order; of equals the first.

    All heads come layer by layer, and then all neurons. One that would exceed the
    budget is left out, and smaller ones after it are taken.
    """
    heads = len(layout.layers) * layout.heads
    cost = torch.tensor(layout.costs).repeat_interleave(torch.tensor([heads, len(score) - heads]))
    left, chosen, open_ = budget - int(cost[kept].sum()), kept.clone(), active & ~kept
    costs, order = cost.tolist(), torch.argsort(score.masked_fill(~open_, -torch.inf), descending=True, stable=True)
    for unit in order[: int(open_.sum())].tolist():
        if costs[unit] <= left:
            chosen[unit] = True
            left -= costs[unit]
    return chosen


def mean_squares(layout: UnitLayout, weights: Mapping[str, Float[Tensor, "_row _column"]]) -> Float[Tensor, " unit"]:
    """The mean square of each unit's weights, all heads layer by layer and then all neurons."""
    sums = {kind: torch.zeros(len(layout.layers), units)
            for kind, units in zip(KINDS, (layout.heads, layout.neurons), strict=True)}
    for name, (kind, layer, part) in layout.parts.items():
        along = weights[name].detach().float().square().sum(1 - part.axis).cpu()
        sums[kind][layer].index_add_(0, layout.owners(part), along)
    return torch.cat([(sums[kind] / cost).flatten() for kind, cost in zip(KINDS, layout.costs, strict=True)])
