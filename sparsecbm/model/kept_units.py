"""Structured masks: every pass keeps whole attention heads and feed-forward neurons, a bit each."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from sparsecbm.model.masks import ConceptMasks
from sparsecbm.model.units import KINDS, Part, UnitLayout


@dataclass(frozen=True, eq=False)
class KeptUnits:
    """The units that each pass keeps; the second axis follows `UnitLayout.layers`."""

    layout: UnitLayout
    heads: Bool[Tensor, "pass_ layer head"]
    neurons: Bool[Tensor, "pass_ layer neuron"]

    @classmethod
    def of(cls, masks: ConceptMasks) -> "KeptUnits":
        """The units of structured masks, each read off one of its weights."""
        layout = masks.layout
        assert layout is not None  # else they are of single weights
        kept = {kind: torch.zeros(len(masks.passes), len(layout.layers), units, dtype=torch.bool)
                for kind, units in zip(KINDS, (layout.heads, layout.neurons), strict=True)}
        for name, (kind, layer, part) in layout.parts.items():
            first = torch.arange(part.units) * (part.size // (part.blocks * part.units))
            places = first * (part.site.shape[1] if part.axis == 0 else 1)
            bits = masks.bits[name].cpu()[:, places // 8]
            kept[kind][:, layer] = (bits >> (7 - places % 8).to(torch.uint8) & 1).bool()
        return cls(layout, kept["head"], kept["neuron"])

    @classmethod
    def of_flat(cls, layout: UnitLayout, flat: Bool[Tensor, "pass_ unit"]) -> "KeptUnits":
        """The inverse of `flat`."""
        layers, heads = len(layout.layers), len(layout.layers) * layout.heads
        return cls(layout, flat[:, :heads].unflatten(1, (layers, -1)), flat[:, heads:].unflatten(1, (layers, -1)))

    @property
    def flat(self) -> Bool[Tensor, "pass_ unit"]:
        """All heads, layer by layer, and after them all neurons."""
        return torch.cat([self.heads.flatten(1), self.neurons.flatten(1)], dim=1)

    def of_kind(self, kind: str) -> Bool[Tensor, "pass_ layer unit"]:
        """The heads or the neurons."""
        return self.heads if kind == "head" else self.neurons

    def masks(self, passes: tuple[str, ...], device: torch.device | str = "cpu") -> ConceptMasks:
        """The same as masks of the single weights."""
        bits = {name: _bits(self._lines(kind, layer, part), part).to(device)
                for name, (kind, layer, part) in self.layout.parts.items()}
        shapes = {name: part.site.shape for name, (_, _, part) in self.layout.parts.items()}
        return ConceptMasks(passes, shapes, bits, self.layout)

    def places(self, k: int) -> dict[str, Int[Tensor, " kept"]]:
        """For pass k, what it keeps along the axis of each matrix that has units."""
        return {name: self._lines(kind, layer, part)[k].nonzero().squeeze(1)
                for name, (kind, layer, part) in self.layout.parts.items()}

    def _lines(self, kind: str, layer: int, part: Part) -> Bool[Tensor, "pass_ place"]:
        return self.of_kind(kind)[:, layer][:, self.layout.owners(part)]


def _bits(lines: Bool[Tensor, "pass_ place"], part: Part) -> Tensor:
    """Packed masks of a matrix whose rows (axis 0) or columns (axis 1) are kept as a whole."""
    passes, (rows, columns) = len(lines), part.site.shape
    if columns % 8:
        grid = (lines[:, :, None] if part.axis == 0 else lines[:, None, :]).expand(passes, rows, columns)
        return ConceptMasks.from_bools(("one",) * passes, {"matrix": grid}).bits["matrix"]
    if part.axis == 0:
        return (lines.to(torch.uint8) * 255).repeat_interleave(columns // 8, dim=1)
    packed = ConceptMasks.from_bools(("one",) * passes, {"row": lines[:, None, :]}).bits["row"]
    return packed.repeat(1, rows)
