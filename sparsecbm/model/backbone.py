"""Hugging Face transformers as backbones: which of their weights are masked, their sizes, and how to load them."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode
from transformers import CONFIG_MAPPING, AutoConfig, AutoModel, PretrainedConfig, PreTrainedModel
from transformers.pytorch_utils import Conv1D

from sparsecbm.errors import ConfigError, in_short

#: The part of a layer that a module's name stands for, in all architectures that are tested.
ROLES = {
    "attention.self.query": "query", "attention.q_lin": "query", "self_attn.q_proj": "query",
    "attention.attn.q": "query",
    "attention.self.key": "key", "attention.k_lin": "key", "self_attn.k_proj": "key",
    "attention.attn.k": "key",
    "attention.self.value": "value", "attention.v_lin": "value", "self_attn.v_proj": "value",
    "attention.attn.v": "value",
    "attn.c_attn": "query_key_value",
    "attention.output.dense": "attention_output", "attention.out_lin": "attention_output",
    "self_attn.out_proj": "attention_output", "attn.c_proj": "attention_output", "attention.attn.o": "attention_output",
    "intermediate.dense": "feed_forward_in", "ffn.lin1": "feed_forward_in", "fc1": "feed_forward_in",
    "mlp.c_fc": "feed_forward_in",
    "output.dense": "feed_forward_out", "ffn.lin2": "feed_forward_out", "fc2": "feed_forward_out",
    "mlp.c_proj": "feed_forward_out",
}

#: The distances between tokens that transformers' MPNet tells apart, whatever its settings say.
RELATIVE_BUCKETS = 32


@dataclass(frozen=True)
class WeightSite:
    """One masked matrix; `input_first` is True for Conv1D, whose weight is [input, output], not [output, input]."""

    name: str
    layer: int
    role: str
    shape: tuple[int, int]
    input_first: bool


def weight_sites(backbone: nn.Module) -> Mapping[str, WeightSite]:
    """Every attention and feed-forward matrix of the layer stack, by parameter name, in the order of the model.

    Embeddings, norms, biases and everything outside the stack are never masked. ConfigError when no matrix is found.
    """
    stacks = [name for name, module in backbone.named_modules() if isinstance(module, nn.ModuleList)]
    sites = {}
    for name, module in backbone.named_modules():
        stack = next((s for s in stacks if name.startswith(f"{s}.")), None)
        if stack is None or not isinstance(module, nn.Linear | Conv1D):
            continue
        layer, _, inner = name.removeprefix(f"{stack}.").partition(".")
        rows, columns = module.weight.shape
        sites[f"{name}.weight"] = WeightSite(
            f"{name}.weight", int(layer), ROLES.get(inner, inner), (rows, columns), isinstance(module, Conv1D)
        )
    if not sites:
        raise ConfigError(f"{type(backbone).__name__} has no linear layer in a layer stack, so nothing could be "
                          "masked; use a transformer such as BERT, RoBERTa, DistilBERT, MPNet, GPT-2 or OPT.")
    return sites


def output_width(backbone: PreTrainedModel) -> int:
    """The width of the last hidden states; some OPT models project them to the width of their embeddings."""
    return int(getattr(backbone.config, "word_embed_proj_dim", backbone.config.hidden_size))


def attention_heads(backbone: PreTrainedModel) -> int:
    """The number of attention heads in each layer."""
    return int(backbone.config.num_attention_heads)


def max_positions(backbone: PreTrainedModel) -> int:
    """The number of positions for tokens, without bound where a backbone has none.

    RoBERTa and its like count them from beyond their padding index.
    """
    padding = (module.padding_idx for name, module in backbone.named_modules()
               if name.endswith("position_embeddings") and getattr(module, "padding_idx", None) is not None)
    return int(getattr(backbone.config, "max_position_embeddings", sys.maxsize)) - (next(padding, -1) + 1)


def pretrained_backbone(source: str | Path) -> PreTrainedModel:
    """A pretrained transformer from a local folder or, by its id, from the Hugging Face Hub.

    Weights are read from safetensors only, and no code that comes with a model is run. ConfigError when that fails.
    """
    try:
        backbone = AutoModel.from_pretrained(source, attn_implementation="eager", dtype=torch.float32,
                                             use_safetensors=True, trust_remote_code=False)
    except Exception as error:  # a folder of somebody else can be wrong in any way
        if any(Path(source).glob("*.bin")) and not any(Path(source).glob("*.safetensors")):
            raise ConfigError(f"The weights of {str(source)!r} are pickled (.bin), and reading them could run code "
                              "that hides in them; allowed: safetensors. Save the model as safetensors where you trust "
                              "it, or use another one.") from None
        raise ConfigError(f"Backbone {str(source)!r} cannot be loaded ({in_short(error)}); give a folder with "
                          "config.json and weights as safetensors, or the id of a model on the Hub.") from None
    backbone = _usable(backbone)
    # The weights are still mapped to their file: whoever overwrites it would change the model or end the process.
    for tensor in (*backbone.parameters(), *backbone.buffers()):
        tensor.data = tensor.data.clone()
    return backbone


class NoRandomNumbers(TorchFunctionMode):
    """Within this context, and in this thread alone, tensors are not filled with random numbers.

    For modules whose weights are loaded next: drawing numbers for them takes longer than reading the file.
    """

    _FILLS = frozenset({"normal_", "uniform_", "kaiming_uniform_"})  # of tensors, of torch's and transformers' init

    def __torch_function__(
        self, func: Callable[..., Any], types: Sequence[type], args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Leave the tensor as it is where it would be filled."""
        values = kwargs or {}
        if getattr(func, "__name__", "") in self._FILLS:
            return args[0] if args else values["tensor"]
        return func(*args, **values)


def empty_backbone(values: Mapping[str, object]) -> PreTrainedModel:
    """A transformer without trained weights, described by `values`, its `config.to_dict()`."""
    kind = str(values["model_type"])
    if kind not in CONFIG_MAPPING:
        raise ConfigError(f"The installed transformers do not know the model_type {kind[:60]!r}; use one such as bert, "
                          "roberta, distilbert, mpnet, gpt2 or opt.")
    config: PretrainedConfig = AutoConfig.for_model(kind, **{k: v for k, v in values.items() if k != "model_type"})
    return _usable(AutoModel.from_config(config, attn_implementation="eager", dtype=torch.float32,
                                         trust_remote_code=False))


def _usable(backbone: PreTrainedModel) -> PreTrainedModel:
    if backbone.config.model_type == "mpnet" and backbone.config.relative_attention_num_buckets != RELATIVE_BUCKETS:
        came = str(backbone.config.relative_attention_num_buckets)[:20]  # a long text would read beyond a smaller table
        raise ConfigError(f"This MPNet has relative_attention_num_buckets {came}; allowed: {RELATIVE_BUCKETS}, which "
                          "transformers counts on. Use another backbone.")
    # The pooler's output is never read, and key-value caches only cost memory here.
    if getattr(backbone, "pooler", None) is not None:
        backbone.register_module("pooler", None)
    backbone.config.use_cache = False
    return backbone
