"""The masks of a checkpoint and the matrices that they are of."""

from collections.abc import Mapping
from dataclasses import dataclass

from sparsecbm.errors import CheckpointError, InputError, unknown_name
from sparsecbm.model.backbone import WeightSite, attention_heads
from sparsecbm.model.checkpoint import Outline
from sparsecbm.model.masks import ConceptMasks


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
