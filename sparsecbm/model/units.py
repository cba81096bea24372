"""The masks of a checkpoint, and where its attention heads and feed-forward neurons lie in the matrices."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sparsecbm.errors import CheckpointError, InputError, unknown_name
from sparsecbm.model.backbone import WeightSite, attention_heads
from sparsecbm.model.checkpoint import Outline
from sparsecbm.model.masks import ConceptMasks

#: Matrices whose outputs belong to heads, and how many times all heads stand side by side in them.
HEAD_OUTPUTS = {"query": 1, "key": 1, "value": 1, "query_key_value": 3}
HEAD_INPUTS = ("attention_output",)
NEURON_OUTPUTS, NEURON_INPUTS = ("feed_forward_in",), ("feed_forward_out",)


@dataclass(frozen=True, eq=False)
class Subnetworks:
    """Masks and the matrices that they are of. The first passes are those of the `concepts`."""

    masks: ConceptMasks
    sites: Mapping[str, WeightSite]
    concepts: tuple[str, ...]
    heads: int

    @classmethod
    def of(cls, checkpoint: Outline) -> "Subnetworks":
        """The subnetworks of a sparse checkpoint; CheckpointError for one of another kind."""
        model, masks = checkpoint.model, checkpoint.masks
        if masks is None:
            raise CheckpointError(f"The checkpoint {checkpoint.path} is of kind {model.config.kind} and has no masks; "
                                  "allowed: kind sparse. Name a sparse checkpoint, such as the one that ships.")
        return cls(masks, model.sites, model.config.schema.concepts, attention_heads(model.backbone))

    @property
    def layers(self) -> tuple[int, ...]:
        """The layers in order."""
        return tuple(dict.fromkeys(site.layer for site in self.sites.values()))

    def layer(self, layer: int) -> list[WeightSite]:
        """The matrices of one layer; InputError when there is no such layer."""
        if layer not in self.layers:
            raise InputError(unknown_name("layer", str(layer), tuple(map(str, self.layers))))
        return [site for site in self.sites.values() if site.layer == layer]


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
