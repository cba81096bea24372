"""Hugging Face transformers as backbones: which of their weights are masked, their sizes, and how to load them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn
from transformers import AutoConfig, AutoModel, PretrainedConfig, PreTrainedModel
from transformers.pytorch_utils import Conv1D

from sparsecbm.errors import ConfigError, InputError


def available_device(name: str | None = None) -> torch.device:
    """The device of that name; without a name the first GPU, or the CPU. InputError lists what this machine has.

    >>> available_device("cpu")
    device(type='cpu')
    """
    gpus = [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    devices = ["cpu", "cuda", *gpus] if gpus else ["cpu"]
    if name is not None and name not in devices:
        raise InputError(f"Device {name!r} is not available; this machine has {', '.join(devices)}. Use one of these, "
                         "or name no device.")
    return torch.device(name or devices[:2][-1])


#: The part of a layer that a module's name stands for, in all architectures that are tested.
ROLES = {
    "attention.self.query": "query", "attention.q_lin": "query", "self_attn.q_proj": "query",
    "attention.self.key": "key", "attention.k_lin": "key", "self_attn.k_proj": "key",
    "attention.self.value": "value", "attention.v_lin": "value", "self_attn.v_proj": "value",
    "attn.c_attn": "query_key_value",
    "attention.output.dense": "attention_output", "attention.out_lin": "attention_output",
    "self_attn.out_proj": "attention_output", "attn.c_proj": "attention_output",
    "intermediate.dense": "feed_forward_in", "ffn.lin1": "feed_forward_in", "fc1": "feed_forward_in",
    "mlp.c_fc": "feed_forward_in",
    "output.dense": "feed_forward_out", "ffn.lin2": "feed_forward_out", "fc2": "feed_forward_out",
    "mlp.c_proj": "feed_forward_out",
}


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
                          "masked; use a transformer such as BERT, RoBERTa, DistilBERT, GPT-2 or OPT.")
    return sites


def output_width(backbone: PreTrainedModel) -> int:
    """The width of the last hidden states; some OPT models project them to the width of their embeddings."""
    return int(getattr(backbone.config, "word_embed_proj_dim", backbone.config.hidden_size))


def attention_heads(backbone: PreTrainedModel) -> int:
    """The number of attention heads in each layer."""
    return int(backbone.config.num_attention_heads)


def max_positions(backbone: PreTrainedModel) -> int:
    """The number of positions for tokens; RoBERTa counts them from beyond its padding index."""
    config = backbone.config
    first = config.pad_token_id + 1 if "roberta" in config.model_type else 0
    return int(config.max_position_embeddings) - first


def pretrained_backbone(source: str | Path) -> PreTrainedModel:
    """A pretrained transformer from a local folder or, by its id, from the Hugging Face Hub."""
    try:
        backbone = AutoModel.from_pretrained(source, attn_implementation="eager", dtype=torch.float32)
    except (OSError, ValueError) as error:
        raise ConfigError(f"Backbone {str(source)!r} cannot be loaded ({str(error).splitlines()[0]}); "
                          "give a folder with config.json and weights, or the id of a model on the Hub.") from None
    return _trim(backbone)


def empty_backbone(values: Mapping[str, object]) -> PreTrainedModel:
    """A transformer without trained weights, described by `values`, its `config.to_dict()`."""
    kind = str(values["model_type"])
    config: PretrainedConfig = AutoConfig.for_model(kind, **{k: v for k, v in values.items() if k != "model_type"})
    return _trim(AutoModel.from_config(config, attn_implementation="eager", dtype=torch.float32))


def _trim(backbone: PreTrainedModel) -> PreTrainedModel:
    # The pooler's output is never read, and key-value caches only cost memory here.
    if getattr(backbone, "pooler", None) is not None:
        backbone.register_module("pooler", None)
    backbone.config.use_cache = False
    return backbone
