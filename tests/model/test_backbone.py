"""Which weights are masked: exactly the attention and feed-forward matrices, in every architecture."""

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers.pytorch_utils import Conv1D

from sparsecbm.errors import ConfigError
from sparsecbm.model.backbone import (
    ROLES,
    NoRandomNumbers,
    empty_backbone,
    max_positions,
    output_width,
    pretrained_backbone,
    weight_sites,
)
from tests.helpers import ARCHITECTURES, backbone_folder, tiny_backbone

#: Hidden width 8, feed-forward width 24, three layers. Per layer: 4 attention matrices of 8 x 8 and two of 8 x 24.
SMALL: dict[str, dict[str, Any]] = {
    "bert": {"hidden_size": 8, "num_hidden_layers": 3, "intermediate_size": 24},
    "roberta": {"hidden_size": 8, "num_hidden_layers": 3, "intermediate_size": 24},
    "distilbert": {"dim": 8, "n_layers": 3, "hidden_dim": 24},
    "mpnet": {"hidden_size": 8, "num_hidden_layers": 3, "intermediate_size": 24},
    "gpt2": {"n_embd": 8, "n_layer": 3, "n_inner": 24},
    "opt": {"hidden_size": 8, "word_embed_proj_dim": 8, "num_hidden_layers": 3, "ffn_dim": 24},
}
#: Matrices, weights. GPT-2 holds query, key and value in one 8 x 24 matrix: 192 + 64 + 192 + 192 = 640 per layer.
EXPECTED = {**dict.fromkeys(SMALL, (18, 1920)), "gpt2": (12, 1920)}


@pytest.mark.parametrize("kind", SMALL)
def test_the_exact_number_of_weights_is_masked(kind: str) -> None:
    sites = weight_sites(tiny_backbone(kind, **SMALL[kind]))
    assert (len(sites), sum(rows * columns for rows, columns in (s.shape for s in sites.values()))) == EXPECTED[kind]


@pytest.mark.parametrize("kind", SMALL)
def test_only_embeddings_norms_and_biases_stay_unmasked(kind: str) -> None:
    backbone = tiny_backbone(kind, **SMALL[kind])
    sites = weight_sites(backbone)
    rest = {name: parameter for name, parameter in backbone.named_parameters() if name not in sites}
    matrices = {name for name, parameter in rest.items() if parameter.ndim > 1}
    others = ("wte.weight", "wpe.weight", "encoder.relative_attention_bias.weight")
    assert all("embed" in name or name in others for name in matrices)
    assert matrices and len(sites) + len(rest) == len(dict(backbone.named_parameters()))
    assert not any("embed" in name or "norm" in name.lower() or name.endswith("bias") for name in sites)


@pytest.mark.parametrize("kind", SMALL)
def test_every_site_says_its_layer_role_and_layout(kind: str) -> None:
    backbone = tiny_backbone(kind, **SMALL[kind])
    modules = dict(backbone.named_modules())
    sites = weight_sites(backbone)
    per_layer = [sorted(site.role for site in sites.values() if site.layer == layer) for layer in range(3)]
    assert per_layer[0] == per_layer[1] == per_layer[2]
    assert sum(map(len, per_layer)) == len(sites)
    assert {"attention_output", "feed_forward_in", "feed_forward_out"} < set(per_layer[0]) <= set(ROLES.values())
    for name, site in sites.items():
        assert site.name == name
        assert site.shape == tuple(backbone.get_parameter(name).shape)
        assert site.input_first == isinstance(modules[name.removesuffix(".weight")], Conv1D) == (kind == "gpt2")


def test_projections_outside_the_layers_stay_unmasked_and_set_the_width() -> None:
    """OPT-350m projects its embeddings into the layers and out of them again."""
    backbone = tiny_backbone("opt", word_embed_proj_dim=8)
    assert not any("project" in name for name in weight_sites(backbone))
    assert (output_width(backbone), backbone.config.hidden_size) == (8, 16)


def test_a_network_without_layers_is_refused() -> None:
    with pytest.raises(ConfigError, match="nothing could be masked"):
        weight_sites(tiny_backbone("bert", num_hidden_layers=0))
    with pytest.raises(ConfigError, match="Linear"):
        weight_sites(torch.nn.Linear(3, 3))


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_a_backbone_comes_back_from_its_folder_or_its_description(kind: str, tmp_path: Path) -> None:
    loaded = pretrained_backbone(backbone_folder(tmp_path, kind))
    empty = empty_backbone(loaded.config.to_dict())
    assert {n: p.shape for n, p in loaded.named_parameters()} == {n: p.shape for n, p in empty.named_parameters()}
    torch.manual_seed(0)  # as backbone_folder does
    for name, parameter in tiny_backbone(kind).named_parameters():
        assert torch.equal(loaded.get_parameter(name), parameter)
    assert not any("pooler" in name for name, _ in loaded.named_parameters())
    assert loaded.config.use_cache is False


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_a_backbone_to_be_loaded_draws_no_random_numbers(kind: str) -> None:
    before = torch.get_rng_state()
    with NoRandomNumbers():
        tiny_backbone(kind)
    assert torch.equal(torch.get_rng_state(), before)
    tiny_backbone(kind)  # elsewhere they are drawn
    assert not torch.equal(torch.get_rng_state(), before)


def test_a_backbone_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="config.json"):
        pretrained_backbone(tmp_path)
    with pytest.raises(ConfigError, match="none-such"):
        pretrained_backbone(tmp_path / "none-such")


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_the_number_of_positions_is_what_the_backbone_reads(kind: str) -> None:
    backbone = tiny_backbone(kind)
    most = max_positions(backbone)
    assert most == 160
    embed = backbone.get_input_embeddings()
    ids = torch.full((1, most + 1), 5)

    def run(length: int) -> None:
        backbone(inputs_embeds=embed(ids[:, :length]), attention_mask=torch.ones(1, length, dtype=torch.int64))

    run(most)
    if kind != "opt":  # OPT's table is two rows longer than it says
        with pytest.raises((IndexError, RuntimeError)):
            run(most + 1)
