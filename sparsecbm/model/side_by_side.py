"""Several passes of BERT and its like in one run, side by side: all is done at once but the multiplication of matrices.

A pass on small matrices is mostly overhead, and so is one short text. Here all heads of all passes attend in one call,
and norms and sums are those of all passes together. Hooks on modules are not called: `SparseCBM.run_pass` calls them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import linear, scaled_dot_product_attention
from transformers import PreTrainedModel

from sparsecbm.model.lean import RELATIVE, STACKS, KeyMask, Mask, heads_name, key_mask, of_heads, position_bias

_BERT = ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense",
         "attention.output.LayerNorm", "intermediate.dense", "intermediate.intermediate_act_fn", "output.dense",
         "output.LayerNorm")
#: Where a layer has what it does, in the order in which it does it.
PARTS = {
    "bert": _BERT, "roberta": _BERT,
    "distilbert": ("attention.q_lin", "attention.k_lin", "attention.v_lin", "attention.out_lin", "sa_layer_norm",
                   "ffn.lin1", "ffn.activation", "ffn.lin2", "output_layer_norm"),
    "mpnet": ("attention.attn.q", "attention.attn.k", "attention.attn.v", "attention.attn.o", "attention.LayerNorm",
              *_BERT[5:]),
}

#: What each pass has instead of the backbone's parameters, by name.
Own = Mapping[str, Tensor]
#: The states of all tokens, those of the first pass first.
States = Float[Tensor, "place hidden"]


@dataclass(frozen=True, eq=False)
class Part:
    """One module of a layer, and the names of its parameters."""

    module: Any
    weight: str
    bias: str

    def of_each(self, states: Sequence[Tensor], passes: Sequence[Own]) -> list[Tensor]:
        """What each pass's own matrix makes of its states: [row * token, width]."""
        return [linear(some, own.get(self.weight, self.module.weight), own.get(self.bias, self.module.bias))
                for some, own in zip(states, passes, strict=True)]

    def reads(self, own: Own) -> int:
        """The width of what a pass's own matrix reads."""
        return int(own.get(self.weight, self.module.weight).shape[1])


class SideBySide:
    """The modules of a backbone, for passes in evaluation mode; nothing here is a copy."""

    def __init__(self, backbone: PreTrainedModel) -> None:
        kind, config = backbone.config.model_type, backbone.config
        self._backbone, self._relative = backbone, kind == RELATIVE
        self._head_width: int = config.hidden_size // config.num_attention_heads
        self._layers = [[Part(layer.get_submodule(path), f"{STACKS[kind]}.{number}.{path}.weight",
                              f"{STACKS[kind]}.{number}.{path}.bias") for path in PARTS[kind]]
                        for number, layer in backbone.get_submodule(STACKS[kind]).named_children()]

    def states(
        self,
        passes: Sequence[Own],
        embedded: Float[Tensor, "run token embedding"],
        attention_mask: Int[Tensor, "row token"],
    ) -> Float[Tensor, "run token hidden"]:
        """The last hidden states, from word embeddings: the rows of the first pass, then those of the second.

        Row by row the passes have the same padding.
        """
        mask = key_mask(attention_mask)
        states = self._backbone.get_submodule("embeddings")(input_ids=None, inputs_embeds=embedded)
        bias = position_bias(self._backbone, states) if self._relative else None
        shape, rows = states.shape, len(attention_mask)
        states = states.reshape(-1, shape[-1])
        for layer in self._layers:
            own = mask if bias is None else _own_bias(layer[0], passes, bias, mask)
            states = self._layer(layer, passes, states, rows, own)
        last: Tensor = states.view(shape)
        return last

    def _layer(self, layer: Sequence[Part], passes: Sequence[Own], states: States, rows: int, mask: Mask) -> States:
        query, key, value, output, norm, enter, activation, leave, last_norm = layer
        each, width = states.chunk(len(passes)), self._head_width
        q, k, v = (torch.cat(part.of_each(each, passes), 1).unflatten(0, (rows, -1)).unflatten(2, (-1, width))
                   .transpose(1, 2) for part in (query, key, value))  # [row, head of any pass, token, width]
        heads = scaled_dot_product_attention(q, k, v, attn_mask=mask).transpose(1, 2).flatten(2).flatten(0, 1)
        attended = output.of_each(heads.split([output.reads(own) for own in passes], 1), passes)
        states = norm.module(torch.cat(attended) + states)
        neurons = [activation.module(some) for some in enter.of_each(states.chunk(len(passes)), passes)]
        made: States = last_norm.module(torch.cat(leave.of_each(neurons, passes)) + states)
        return made


def _own_bias(query: Part, passes: Sequence[Own], bias: Tensor, mask: KeyMask) -> Tensor:
    """What is added to the scores of the heads that the passes have in a layer, those of the first pass first."""
    every = torch.arange(bias.shape[1], device=bias.device)
    return of_heads(bias, torch.cat([own.get(heads_name(query.weight), every) for own in passes]), mask)


def side_by_side(backbone: PreTrainedModel) -> SideBySide | None:
    """The passes of a backbone side by side; None of one whose layers are of another kind."""
    return SideBySide(backbone) if backbone.config.model_type in PARTS else None
