"""What is timed is what it is called: the same model, in as many passes and tokens as is said."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from sparsecbm.benchmark.compute_gpu import attempted, in_dtype, large_model
from sparsecbm.benchmark.compute_memory import memory, tensor_bytes
from sparsecbm.benchmark.compute_subject import DENSITY, STRUCTURED, WEIGHTS, Subject, random_weights, text_of
from sparsecbm.benchmark.compute_training import PublishedStep, trainer_of, training_rows
from sparsecbm.benchmark.ratio import Failed, Ratio
from sparsecbm.model.kept_units import KeptUnits
from tests.helpers import tiny_checkpoint_of, tiny_encoder

POSITIONS = 160


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> Subject:
    """A tiny checkpoint with masks of single weights, for which structured ones are drawn."""
    return Subject.of(tiny_checkpoint_of(tmp_path_factory.mktemp("benchmark") / "tiny"))


def test_the_text_has_as_many_tokens_as_asked(subject: Subject) -> None:
    for tokens in (20, 45, 64):
        assert tiny_encoder().count_tokens(text_of(tiny_encoder(), tokens)) == tokens
    assert subject.encoded().input_ids.shape == (1, 45)


def test_the_checkpoints_own_masks_are_measured_and_the_other_kind_is_drawn(subject: Subject) -> None:
    assert subject.kinds[WEIGHTS].masks is subject.checkpoint.masks
    drawn = subject.kinds[STRUCTURED].masks
    assert drawn.layout is not None and len(subject.notes) == 2
    kept = KeptUnits.of(drawn)
    assert set(kept.neurons.sum(-1).flatten().tolist()) == {round(DENSITY * 32)}
    assert set(kept.heads.sum(-1).flatten().tolist()) == {1}
    assert all(abs(share - DENSITY) < 0.05 for share in random_weights(subject.model).density().values())


def test_the_reference_is_one_pass_with_all_weights(subject: Subject) -> None:
    texts = ("The soup was tasty.", "It rained all day long and we stayed.")
    with torch.inference_mode():
        expected = subject.model.pool(subject.encoded(*texts))[:, 0]
        encoded = subject.encoded(*texts)
        torch.testing.assert_close(subject.dense.pass_over(encoded), expected, atol=1e-5, rtol=1e-4)
        embedded = subject.model.embed(encoded.input_ids)
        again = subject.dense.pass_over_embeddings(embedded, encoded.attention_mask)
    torch.testing.assert_close(again, expected, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("kind", [STRUCTURED, WEIGHTS])
def test_the_published_procedure_gives_the_same_features_in_a_pass_of_all_positions_each(
    kind: str, subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    lengths, pass_over = [], subject.dense.pass_over

    def counted(encoded: Any, instead: Any) -> torch.Tensor:
        lengths.append(encoded.input_ids.shape[1])
        return pass_over(encoded, instead)

    monkeypatch.setattr(subject.dense, "pass_over", counted)
    with torch.inference_mode():
        published = subject.published(kind)(subject.encoded())
        ours = subject.model.pool(subject.encoded(), subject.kinds[kind].weights)
    assert lengths == [POSITIONS] * 3
    torch.testing.assert_close(ours, published, atol=1e-4, rtol=1e-4)


def test_both_training_steps_have_the_same_loss_and_change_the_weights(subject: Subject) -> None:
    rows = training_rows(subject)
    ours, theirs = (trainer_of(subject, rows) for _ in range(2))
    ours.begin_with(subject.kinds[STRUCTURED].masks)
    published = PublishedStep(theirs, subject, rows)
    for network in (ours.model, theirs.model, published.dense.backbone):
        network.eval()  # without dropout
    before = {name: tensor.clone() for name, tensor in ours.model.state_dict().items()}
    assert ours._step(rows, ours._passes(), torch.Generator()) == pytest.approx(published(), rel=1e-3)
    assert any(not torch.equal(before[name], tensor) for name, tensor in ours.model.state_dict().items())
    assert all(torch.equal(before[name], tensor) for name, tensor in subject.model.state_dict().items())


def test_memory_counts_each_storage_once(subject: Subject) -> None:
    """Three passes; two layers of 4 x 16 x 16 and 2 x 16 x 32 weights, a bit each in masks and 4 bytes in copies."""
    whole = torch.zeros(10)
    assert tensor_bytes([whole, whole[:3], torch.zeros(2, dtype=torch.float16)]) == 40 + 4
    weights, made = 2 * (4 * 16 * 16 + 2 * 16 * 32), memory(subject)
    assert made[f"{WEIGHTS} masks"] == made[f"{STRUCTURED} masks"] == 3 * weights // 8
    assert made[f"{WEIGHTS} masked copies"] == 3 * weights * 4
    assert 0.2 < made[f"{STRUCTURED} masked copies"] / made[f"{WEIGHTS} masked copies"] < 0.6
    assert "most in use" not in made


def test_weights_of_sixteen_bits_answer_almost_the_same_and_leave_the_model_as_it_was(subject: Subject) -> None:
    small, weights, difference = in_dtype(subject, STRUCTURED, torch.bfloat16)
    assert {tensor.dtype for one in weights.small for tensor in one.tensors.values()} == {torch.bfloat16}
    assert {tensor.dtype for tensor in small.state_dict().values()} == {torch.bfloat16}
    assert 0 < difference < 0.2 and subject.model.label_bias.dtype == torch.float32


def test_what_a_gpu_cannot_do_is_named_after_what_it_could() -> None:
    one = Ratio.of("one", "", [1.0], [1.0])

    def part() -> Iterator[Ratio]:
        yield one
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB\nmore")

    found, failed = attempted("graphs", part())
    assert found is one and isinstance(failed, Failed)
    assert failed.name == "graphs" and "Tried to allocate 2 GiB" in failed.why and "\n" not in failed.why


def test_the_large_model_has_the_concepts_asked_for_and_reads_the_same_tokens(subject: Subject) -> None:
    shape = {"model_type": "bert", "hidden_size": 24, "num_hidden_layers": 1, "num_attention_heads": 2,
             "intermediate_size": 8}
    model = large_model(subject, 10, shape)
    assert len(model.config.passes) == 11
    assert model.pool(subject.encoded()).shape == (1, 11, 24)


def test_a_backbone_without_known_units_is_measured_without_structured_masks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sparsecbm.errors import ConfigError

    def unknown(_: Any) -> Any:
        raise ConfigError("belongs to no head")

    monkeypatch.setattr("sparsecbm.benchmark.compute_subject.random_units", unknown)
    found = Subject.of(tiny_checkpoint_of(tmp_path / "tiny"))
    assert set(found.kinds) == {WEIGHTS} and any("belongs to no head" in note for note in found.notes)
