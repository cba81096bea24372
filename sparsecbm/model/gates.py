"""Gates: numbers that multiply the outputs of attention heads and feed-forward neurons while a pass runs."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from jaxtyping import Float
from torch import Tensor, nn

from sparsecbm.model.units import HEAD_INPUTS, NEURON_INPUTS, UnitLayout

#: By kind of unit and place of the layer, a gate per document and unit, or one document's for all.
Gates = Mapping[tuple[str, int], Float[Tensor, "document unit"]]


@contextmanager
def gated(backbone: nn.Module, layout: UnitLayout, gates: Gates) -> Iterator[None]:
    """Multiply the outputs of units by their gates; the units are those that the matrices of `backbone` have.

    With gates of 0 and 1 on the whole backbone, a pass gives what it gives through the structured mask that keeps the
    units of gate 1. Whoever calls must hold the backbone for itself.
    """
    with ExitStack() as hooks:
        for name, (kind, layer, part) in layout.parts.items():
            gate = gates.get((kind, layer))
            if gate is not None and part.site.role in (*HEAD_INPUTS, *NEURON_INPUTS):
                module = backbone.get_submodule(name.removesuffix(".weight"))
                hooks.callback(module.register_forward_pre_hook(_Multiplied(gate)).remove)
        yield


class _Multiplied:
    """Multiplies what a matrix reads, all units side by side, by a gate per document and unit."""

    def __init__(self, gate: Float[Tensor, "document unit"]) -> None:
        self.gate = gate

    def __call__(self, _module: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        states, (documents, units) = inputs[0], self.gate.shape
        by_unit = states.reshape(documents, -1, units, states.shape[-1] // units)  # OPT joins documents and tokens
        return ((by_unit * self.gate[:, None, :, None]).reshape(states.shape), *inputs[1:])
