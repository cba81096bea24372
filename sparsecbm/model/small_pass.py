"""A pass of structured masks on matrices of the size that it keeps, so that it costs what it keeps."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.func import functional_call
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

from sparsecbm.model.kept_units import KeptUnits
from sparsecbm.model.lean import RELATIVE, heads_name, lean
from sparsecbm.model.units import HEAD_OUTPUTS, UnitLayout

#: What attention modules call their number of heads, and the width of one head times that number.
HEAD_NUMBERS, HEAD_WIDTHS = ("num_attention_heads", "num_heads", "n_heads"), ("all_head_size", "split_size")


@dataclass(frozen=True, eq=False)
class SmallPass:
    """The small matrices and biases of one pass, by parameter, and a copy of the backbone's modules that they fit.

    Of a network with one table of relative positions for all layers, they also say which of its columns, one a head, a
    layer reads.

    `places[name]` is the axis along which a parameter was cut and what was kept of it; parameters that are not named
    are those of the backbone itself. `instead` are tensors that run in place of those in the modules.
    """

    tensors: Mapping[str, Tensor]
    places: Mapping[str, tuple[int, Int[Tensor, " kept"]]]
    backbone: nn.Module
    instead: Mapping[str, Tensor] = field(default_factory=dict)

    def states(
        self, embedded: Float[Tensor, "batch token embedding"], attention_mask: Int[Tensor, "batch token"]
    ) -> Float[Tensor, "batch token hidden"]:
        """The last hidden states."""
        inputs = {"inputs_embeds": embedded, "attention_mask": attention_mask}
        if self.instead:
            states: Tensor = functional_call(self.backbone, dict(self.instead), (), inputs).last_hidden_state
        else:  # without the pains of replacing tensors
            states = self.backbone(**inputs).last_hidden_state
        return states

    def with_tensors(self, tensors: Mapping[str, Tensor]) -> "SmallPass":
        """The same pass with other tensors of the same shapes for some of its own."""
        return SmallPass({**self.tensors, **tensors}, self.places, self.backbone, {**self.instead, **tensors})

    def leaves(self, parameters: Mapping[str, Tensor]) -> "SmallPass":
        """The same pass cut out anew, for gradients that `add_gradients` brings back.

        Cutting inside the graph would make a gradient of full size for each matrix and pass.
        """
        cut = {name: parameters[name].detach().index_select(axis, places).requires_grad_()
               for name, (axis, places) in self.places.items()}
        return self.with_tensors(cut)

    @torch.no_grad()
    def add_gradients(self, parameters: Mapping[str, Tensor]) -> None:
        """Add the gradients of leaves to those of the parameters that they were cut out of."""
        for name, (axis, places) in self.places.items():
            gradient, whole = self.tensors[name].grad, parameters[name]
            if gradient is not None:
                if whole.grad is None:
                    whole.grad = torch.zeros_like(whole)
                whole.grad.index_add_(axis, places, gradient)


def small_pass(backbone: PreTrainedModel, kept: KeptUnits, k: int) -> SmallPass:
    """Pass k cut out of the backbone; a copy, without gradients.

    A layer without any head, or any neuron, keeps its first one, whose output is multiplied by zeros: transformers
    cannot take an empty tensor apart.
    """
    parameters, device = dict(backbone.named_parameters()), next(backbone.parameters()).device
    tensors, places = {}, {}
    every = kept.places(k)
    for name, (_, _, part) in kept.layout.parts.items():
        chosen, silent = every[name].to(device), False
        if not len(chosen):
            first = [place for place, owner in enumerate(part.owners) if owner == 0]
            chosen, silent = torch.tensor(first, device=device), part.axis != int(part.site.input_first)
        weight = parameters[name].detach().index_select(part.axis, chosen)
        tensors[name] = torch.zeros_like(weight) if silent else weight
        if not silent:
            places[name] = part.axis, chosen
        bias = name.removesuffix("weight") + "bias"
        if part.axis == int(part.site.input_first) and bias in parameters:  # its outputs are cut
            tensors[bias], places[bias] = parameters[bias].detach()[chosen], (0, chosen)
        if part.site.role == "query" and backbone.config.model_type == RELATIVE:
            tensors[heads_name(name)] = kept.layout.owners(part).to(device)[chosen].unique()
    small = _resized(backbone, kept.layout, tensors)
    for name, tensor in tensors.items():
        module, _, parameter = name.rpartition(".")
        small.get_submodule(module).register_parameter(parameter, nn.Parameter(tensor, requires_grad=False))
    return SmallPass(tensors, places, lean(small))


def _resized(backbone: PreTrainedModel, layout: UnitLayout, tensors: Mapping[str, Tensor]) -> PreTrainedModel:
    """A copy of the modules, sharing all tensors, whose attentions expect the number of heads that they will find."""
    shared: dict[int, object] = {id(one): one for one in (*backbone.parameters(), *backbone.buffers())}
    shared[id(backbone.config)] = backbone.config
    small: PreTrainedModel = copy.deepcopy(backbone, shared)
    for name, (kind, _, part) in layout.parts.items():
        module = small.get_submodule(name.removesuffix(".weight"))
        if isinstance(module, Conv1D):
            module.nf = tensors[name].shape[1]
        if kind == "head" and part.site.role in HEAD_OUTPUTS:
            attention = small.get_submodule(name.rsplit(".", 2)[0])
            width = tensors[name].shape[part.axis] // part.blocks
            heads = width * layout.heads * part.blocks // part.size
            for number in HEAD_NUMBERS:
                if hasattr(attention, number):
                    setattr(attention, number, heads)
            for wide in HEAD_WIDTHS:
                if hasattr(attention, wide):
                    setattr(attention, wide, width)
    return small
