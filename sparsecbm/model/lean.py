"""The layers of BERT and its like, run without what transformers does around them: a small pass is mostly overhead.

Only the way through the modules is written anew; the modules themselves, and so hooks on them, are those of the
backbone. Decoders run through transformers.
"""

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention
from transformers import PreTrainedModel
from transformers.modeling_outputs import BaseModelOutput

from sparsecbm.model.cuda_graphs import capturing

#: The architectures that can run so, and where their layers are.
STACKS = {"bert": "encoder.layer", "roberta": "encoder.layer", "distilbert": "transformer.layer",
          "mpnet": "encoder.layer"}

#: The architecture whose heads add a bias by relative position, which all layers read from one table.
RELATIVE = "mpnet"

KeyMask = Bool[Tensor, "batch 1 1 token"] | None
#: Which tokens are attended to, or what is added to the scores of attention.
Mask = KeyMask | Float[Tensor, "_batch head token token"]
States = Float[Tensor, "batch token hidden"]


def key_mask(attention_mask: Int[Tensor, "batch token"]) -> KeyMask:
    """Which tokens are attended to; None where none is padding, for attention is faster without a mask."""
    if not capturing(attention_mask) and bool(attention_mask.all()):
        return None
    return attention_mask.bool()[:, None, None, :]


def heads_name(query: str) -> str:
    """The name of what says which heads a layer has, beside its query matrix, whose name is given."""
    return f"{query.rsplit('.', 2)[0]}.heads"


def position_bias(backbone: nn.Module, states: States) -> Float[Tensor, "1 head token token"]:
    """What a network adds to the scores of every head by relative position, alike in all layers and texts."""
    encoder: Any = backbone.get_submodule("encoder")
    bias: Tensor = encoder.compute_position_bias(states[:1])
    return bias


def of_heads(
    bias: Float[Tensor, "1 head token token"], heads: Int[Tensor, " kept"], mask: KeyMask
) -> Float[Tensor, "_batch kept token token"]:
    """What is added to the scores of some heads: their relative positions, and minus infinity at padding."""
    own = bias.index_select(1, heads)
    return own if mask is None else torch.where(mask, own, -torch.inf)


class LeanEncoder(nn.Module):
    """A backbone's embeddings and layers under the same names, so that its parameters can be replaced by name."""

    def __init__(self, backbone: PreTrainedModel) -> None:
        super().__init__()
        kind, config = backbone.config.model_type, backbone.config
        outer, self.layers = STACKS[kind].split(".")[0], STACKS[kind]
        self.add_module("embeddings", backbone.get_submodule("embeddings"))
        self.add_module(outer, backbone.get_submodule(outer))
        self.head_width: int = config.hidden_size // config.num_attention_heads
        self.run, self.relative = LAYERS[kind], kind == RELATIVE

    def forward(
        self, inputs_embeds: Float[Tensor, "batch token embedding"], attention_mask: Int[Tensor, "batch token"]
    ) -> BaseModelOutput:
        """The last hidden states, from word embeddings."""
        states = self.get_submodule("embeddings")(input_ids=None, inputs_embeds=inputs_embeds)
        mask = key_mask(attention_mask)
        bias = position_bias(self, states) if self.relative else None
        for layer in self.get_submodule(self.layers).children():
            own = mask if bias is None else of_heads(bias, layer.get_parameter("attention.attn.heads"), mask)
            states = self.run(layer, states, own, self.head_width)
        return BaseModelOutput(last_hidden_state=states)


def _attend(
    query: nn.Module, key: nn.Module, value: nn.Module, states: States, mask: Mask, width: int, dropout: float
) -> Float[Tensor, "batch token heads"]:
    batch, tokens = states.shape[:2]
    q, k, v = (part(states).view(batch, tokens, -1, width).transpose(1, 2) for part in (query, key, value))
    heads: Tensor = scaled_dot_product_attention(q, k, v, attn_mask=mask, dropout_p=dropout)
    return heads.transpose(1, 2).reshape(batch, tokens, -1)


def _bert_layer(layer: Any, states: States, mask: Mask, width: int) -> States:
    attention = layer.attention.self
    dropout = attention.dropout.p if layer.training else 0.0
    heads = _attend(attention.query, attention.key, attention.value, states, mask, width, dropout)
    states = layer.attention.output(heads, states)
    made: States = layer.output(layer.intermediate(states), states)
    return made


def _distilbert_layer(layer: Any, states: States, mask: Mask, width: int) -> States:
    attention = layer.attention
    dropout = attention.dropout.p if layer.training else 0.0
    heads = _attend(attention.q_lin, attention.k_lin, attention.v_lin, states, mask, width, dropout)
    states = layer.sa_layer_norm(attention.out_lin(heads) + states)
    made: States = layer.output_layer_norm(layer.ffn(states) + states)
    return made


def _mpnet_layer(layer: Any, states: States, mask: Mask, width: int) -> States:
    attention = layer.attention.attn
    dropout = attention.dropout.p if layer.training else 0.0
    heads = _attend(attention.q, attention.k, attention.v, states, mask, width, dropout)
    states = layer.attention.LayerNorm(layer.attention.dropout(attention.o(heads)) + states)
    made: States = layer.output(layer.intermediate(states), states)
    return made


LAYERS: dict[str, Callable[[Any, States, Mask, int], States]] = {
    "bert": _bert_layer, "roberta": _bert_layer, "distilbert": _distilbert_layer, "mpnet": _mpnet_layer}


def lean(backbone: PreTrainedModel) -> nn.Module:
    """The backbone in its lean form where there is one, else itself; the modules are the same."""
    return LeanEncoder(backbone) if backbone.config.model_type in STACKS else backbone
