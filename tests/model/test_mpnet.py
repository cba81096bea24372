"""MPNet: relative positions from one table that all layers share, a column per head, and positions behind padding."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from sparsecbm.__main__ import main
from sparsecbm.errors import CheckpointError, ConfigError
from sparsecbm.model.backbone import pretrained_backbone
from sparsecbm.model.checkpoint import CONFIG_FILE, load_checkpoint, save_checkpoint
from sparsecbm.model.encoding import Encoded
from sparsecbm.model.kept_units import KeptUnits
from sparsecbm.model.masks import ConceptMasks
from sparsecbm.model.network import SparseCBM
from tests.helpers import backbone_folder, structured_masks, tiny_backbone, tiny_encoder, tiny_model

PADDING = 1
TABLE = "encoder.relative_attention_bias.weight"


def mpnet(heads: int = 4, **changes: Any) -> SparseCBM:
    """Four heads of width 4 in each of two layers; what a head adds by relative position is large."""
    torch.manual_seed(0)
    model = tiny_model(tiny_backbone("mpnet", num_attention_heads=heads, **changes), mask_kind="structured")
    model.backbone.get_parameter(TABLE).mul_(10)
    return model


def all_but(model: SparseCBM, *dropped: tuple[int, int, int]) -> ConceptMasks:
    """Masks that keep every unit but some heads, each given by pass, layer and number."""
    layout, passes = model.layout, model.config.passes
    heads, neurons = (torch.ones(len(passes), len(layout.layers), units, dtype=torch.bool)
                      for units in (layout.heads, layout.neurons))
    for place in dropped:
        heads[place] = False
    return KeptUnits(layout, heads, neurons).masks(passes)


def batch() -> Encoded:
    """Two texts of nine and four tokens."""
    generator = torch.Generator().manual_seed(3)
    ids = torch.randint(4, 60, (2, 9), generator=generator)
    ids[1, 4:] = PADDING
    return Encoded(ids, (ids != PADDING).long())


@pytest.mark.parametrize("head", range(4))
def test_a_dropped_head_is_one_whose_output_is_zeroed(head: int) -> None:
    """The others keep their own columns of the table, side by side and alone."""
    model, encoded = mpnet(), batch()
    masks = all_but(model, (0, 1, head), (1, 0, head), (2, 0, head), (2, 1, (head + 1) % 4))
    pooled = model.pool(encoded, masks)
    for k, gone in enumerate([{1: head}, {0: head}, {0: head, 1: (head + 1) % 4}]):
        def silence(_: Any, inputs: tuple[Tensor], number: int) -> tuple[Tensor]:
            made = inputs[0].clone()
            made[..., 4 * number : 4 * number + 4] = 0
            return (made,)

        hooks = [model.backbone.get_submodule(f"encoder.layer.{layer}.attention.attn.o").register_forward_pre_hook(
            lambda module, inputs, number=number: silence(module, inputs, number)) for layer, number in gone.items()]
        states = model.backbone(input_ids=encoded.input_ids, attention_mask=encoded.attention_mask).last_hidden_state
        for hook in hooks:
            hook.remove()
        for row, length in enumerate((9, 4)):
            torch.testing.assert_close(pooled[row, k], states[row, :length].mean(0), atol=1e-5, rtol=1e-5)
        own = model.masked_weights(masks).of(k)
        alone = model.run_pass(own, model.embed(encoded.input_ids), encoded.attention_mask)
        torch.testing.assert_close(alone, pooled[:, k], atol=1e-5, rtol=1e-5)


def test_what_a_kept_head_attends_to_is_in_its_own_column() -> None:
    """With queries of zero the scores are the table alone: 0 at the token itself, log 2 before it, log 3 behind it.

    Values are the states themselves, so of the middle token of three the head reads (2 before + itself + 3 behind) / 6.
    The first token reads (itself + 3 next + 3 last) / 7 where the distance 2 has the same score as 1.
    """
    model = mpnet(heads=2)
    table: Any = model.backbone.get_parameter(TABLE)
    attention: Any = model.backbone.get_submodule("encoder.layer.0.attention.attn")
    for part in (attention.q, attention.k, attention.v):
        part.weight.zero_()
        part.bias.zero_()
    attention.v.weight.copy_(torch.eye(16))
    table.zero_()
    table[1:3, 1], table[17:19, 1] = torch.tensor(2.0).log(), torch.tensor(3.0).log()
    seen: dict[str, Tensor] = {}
    own = model.masked_weights(all_but(model, (0, 0, 0))).small[0]  # only the second head of the first layer is left
    small: Any = own.backbone.get_submodule("encoder.layer.0.attention.attn")
    small.v.register_forward_pre_hook(lambda _, inputs: seen.update(states=inputs[0]))
    small.o.register_forward_pre_hook(lambda _, inputs: seen.update(read=inputs[0]))
    model.run_pass(own, model.embed(torch.tensor([[10, 20, 30]])), torch.ones(1, 3, dtype=torch.int64))
    first, middle, last = seen["states"][0, :, 8:]
    torch.testing.assert_close(seen["read"][0, 1], (2 * first + middle + 3 * last) / 6)
    torch.testing.assert_close(seen["read"][0, 0], (first + 3 * middle + 3 * last) / 7)


def test_positions_are_those_that_are_counted_from_the_ids() -> None:
    """Transformers counts ids that are not padding; padding stands on the right, so that embeddings are counted alike.
    """
    model, encoded = mpnet(), batch()
    states = model.backbone(input_ids=encoded.input_ids, attention_mask=encoded.attention_mask).last_hidden_state
    embedded = model.backbone(inputs_embeds=model.embed(encoded.input_ids),
                              attention_mask=encoded.attention_mask).last_hidden_state
    for row, length in enumerate((9, 4)):
        torch.testing.assert_close(embedded[row, :length], states[row, :length])
        torch.testing.assert_close(model.pool(encoded)[row, 0], states[row, :length].mean(0), atol=1e-5, rtol=1e-5)


def test_in_a_small_pass_padding_and_other_texts_change_nothing() -> None:
    model, encoded = mpnet(), batch()
    masks = structured_masks(model)
    together = model.pool(encoded, masks)
    for row, length in enumerate((9, 4)):
        ids = encoded.input_ids[row : row + 1, :length]
        for fill in (0, 17):
            padded = torch.nn.functional.pad(ids, (0, fill), value=fill)
            real = (torch.arange(padded.shape[1]) < length).long().unsqueeze(0)
            alone = model.pool(Encoded(padded, real), masks)
            torch.testing.assert_close(alone[0], together[row], atol=1e-5, rtol=1e-5)


def test_all_passes_teach_the_shared_table() -> None:
    """A small pass gives the table the gradient that the masked network gives it."""
    model, encoded = mpnet().requires_grad_(True), batch()
    masks = all_but(model, (0, 0, 0), (0, 1, 2))
    table, parameters = model.backbone.get_parameter(TABLE), dict(model.backbone.named_parameters())
    embedded = model.embed(encoded.input_ids).detach()
    whole = {name: parameters[name] * masks.unpack(name)[0] for name in model.sites}
    gradients = []
    for own in (whole, model.masked_weights(masks).small[0].leaves(parameters)):
        made = model.run_pass(own, embedded, encoded.attention_mask).square().sum()
        gradients.append(torch.autograd.grad(made, table)[0])
    torch.testing.assert_close(*gradients, atol=1e-4, rtol=1e-4)
    assert (gradients[1].abs().sum(0) > 0).all(), "each head is left in one layer at least"


def test_a_small_pass_drops_out_where_the_network_does() -> None:
    model = mpnet(hidden_dropout_prob=0.5, attention_probs_dropout_prob=0.0).train()
    encoded, made = batch(), []
    for own in ({}, model.masked_weights(all_but(model)).small[0]):
        torch.manual_seed(5)
        made.append(model.run_pass(own, model.embed(encoded.input_ids), encoded.attention_mask))
    torch.testing.assert_close(*made, atol=1e-5, rtol=1e-5)


def test_a_table_that_a_long_text_would_leave_is_refused(tmp_path: Path) -> None:
    """Only distances beyond those of a short text need its last rows."""
    with pytest.raises(ConfigError, match="31"):
        tiny_backbone("mpnet", relative_attention_num_buckets=31)
    folder = backbone_folder(tmp_path / "backbone", "mpnet")
    model = tiny_model("mpnet", kind="dense")
    save_checkpoint(tmp_path / "checkpoint", model, tiny_encoder(), None)
    for file, keys in ((folder / CONFIG_FILE, ()), (tmp_path / "checkpoint" / CONFIG_FILE, ("backbone",))):
        values = place = json.loads(file.read_text(encoding="utf-8"))
        for key in keys:
            place = place[key]
        place["relative_attention_num_buckets"] = 31
        file.write_text(json.dumps(values), encoding="utf-8")
    with pytest.raises(ConfigError):
        pretrained_backbone(folder)
    with pytest.raises(CheckpointError, match="31"):
        load_checkpoint(tmp_path / "checkpoint", "cpu")


def test_commands_answer_with_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Predictions, words, and a revision of whole units, of a checkpoint on disk."""
    model = mpnet()
    save_checkpoint(tmp_path / "mine", model, tiny_encoder(), structured_masks(model))
    where, text = ["--checkpoint", str(tmp_path / "mine"), "--device", "cpu"], "The soup was tasty."
    (tmp_path / "in.csv").write_text(f"text\n{text}\nThe room felt warm.\n", encoding="utf-8")
    assert main(["predict", "--input", str(tmp_path / "in.csv"), "--output", str(tmp_path / "out.jsonl"), *where]) == 0
    row, _ = map(json.loads, (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines())
    capsys.readouterr()
    explained, revised = (
        json.loads(capsys.readouterr().out) for command in (
            ["explain", text], ["intervene", text, "--revise", "soup=Positive", "--portion", "0.1"])
        if main([*command, "--json", *where]) == 0)
    assert row["label"] == explained["label"]["name"] == revised["before"]["label"]["name"]
    assert all(one["completeness_gap"] < 1e-4 for one in explained["attributions"])
    before, after = ([concept["probabilities"] for concept in revised[when]["concepts"]]
                     for when in ("before", "after"))
    assert after[0]["Positive"] > before[0]["Positive"] + 0.01 and after[1] == pytest.approx(before[1])
    assert revised["weights"]["dropped"] == revised["weights"]["grown"] > 0
