"""The benchmarks compare what they say they compare."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from benchmarks import attributions, overlap, passes, revision
from sparsecbm.model.checkpoint import load_checkpoint


def test_the_review_has_exactly_as_many_tokens_as_asked(tiny_checkpoint: Path) -> None:
    for tokens in (10, 45, 200):
        encoded = passes.review(load_checkpoint(tiny_checkpoint, "cpu"), tokens)
        assert encoded.input_ids.shape == encoded.attention_mask.shape == (1, tokens)
        assert bool(encoded.attention_mask.all())


def test_all_three_run_the_passes_they_claim(tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One dense pass over the review; the published way K + 1 passes over all positions, with the same features."""
    checkpoint = load_checkpoint(tiny_checkpoint, "cpu")
    assert checkpoint.masks is not None
    encoded, lengths = passes.review(checkpoint), []
    run_pass = checkpoint.model.run_pass

    def counted(weights: Any, embedded: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        lengths.append(embedded.shape[1])
        return run_pass(weights, embedded, attention_mask)

    with torch.inference_mode():
        ours = passes.ours(checkpoint, checkpoint.masks)(encoded)
        monkeypatch.setattr(checkpoint.model, "run_pass", counted)
        passes.dense(checkpoint, encoded)
        assert lengths == [45]
        published = passes.published(checkpoint, checkpoint.masks)(encoded)
    assert lengths[1:] == [256] * 5  # this backbone has 256 positions
    torch.testing.assert_close(ours, published, atol=1e-4, rtol=1e-4)


def test_the_result_is_json_with_ratios_and_limits(tiny_checkpoint: Path, capsys: Any) -> None:
    code = passes.main(["--checkpoint", str(tiny_checkpoint), "--repeats", "3", "--threads", "1", "--device", "cpu",
                        "--json"])
    result = json.loads(capsys.readouterr().out)
    assert result["limits"] == {"ours_over_dense": 5.0, "ours_over_published": 0.2}
    assert result["ours_over_dense"] == pytest.approx(result["ours_ms"] / result["dense_ms"])
    assert result["ours_over_published"] == pytest.approx(result["ours_ms"] / result["published_ms"])
    assert (code == 0) == result["within_limits"] == (
        result["ours_over_dense"] <= 5 and result["ours_over_published"] <= 0.2)


def test_procedures_take_turns_and_warm_up_is_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, order = iter(range(1000)), []
    monkeypatch.setattr(passes.time, "perf_counter", lambda: next(clock))
    times = passes.medians([lambda: order.append("a"), lambda: order.append("b")], 3, torch.device("cpu"))
    assert order == ["a", "b"] * 5
    assert times == [1000.0, 1000.0]


def test_both_ways_of_attributing_agree_and_their_times_are_compared(tiny_checkpoint: Path, capsys: Any) -> None:
    """`measure` itself raises when the plain captum calls give other scores."""
    code = attributions.main(["--checkpoint", str(tiny_checkpoint), "--repeats", "1", "--threads", "1", "--device",
                              "cpu"])
    time = json.loads(capsys.readouterr().out)["time"]
    assert (time["concepts"], time["steps"]) == (4, 32) and 30 < time["tokens"] <= 45
    assert time["ours_over_naive"] == pytest.approx(time["ours_ms"] / time["naive_ms"])
    assert (code == 0) == time["within_limits"] == (time["ours_over_naive"] <= 1 / 3)


def test_the_gap_is_measured_over_reviews_and_concepts(tiny_checkpoint: Path, tiny_data: Path) -> None:
    made = attributions.gaps(load_checkpoint(tiny_checkpoint, "cpu"), str(tiny_data), "dev", 2, 0)
    assert made["n"] == 2 and made["targets"] == 2 * 4
    assert made["within_limits"] == (made["median"] <= 0.02 and made["percentile_95"] <= 0.1)


def test_the_overlap_of_random_masks_is_timed_and_weighed(capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """So few weights are not worth their overhead in memory; the masks of ten concepts and a residual are counted."""
    sizes = ["--layers", "2", "--hidden", "128", "--inner", "256", "--heads", "2", "--repeats", "1", "--threads", "1"]
    code = overlap.main(sizes)
    result = json.loads(capsys.readouterr().out)
    weights = 2 * (4 * 128 * 128 + 2 * 128 * 256)
    assert (result["concepts"], result["passes"], result["weights"]) == (10, 11, weights)
    assert result["packed_bytes"] == 11 * weights / 8 and result["seconds"] > 0 < result["cpu_seconds"]
    assert result["extra_over_packed"] == pytest.approx(result["extra_bytes"] / result["packed_bytes"])
    assert (code == 0) == result["within_limits"] == (result["seconds"] <= 2 and result["extra_over_packed"] <= 1.5)
    monkeypatch.setattr(overlap, "MOST_MEMORY", 0)
    assert overlap.main(sizes) == 1


def test_the_masks_of_the_overlap_benchmark_are_as_large_as_bert_base() -> None:
    shape = overlap.BERT_BASE
    assert shape["layers"] * (4 * shape["hidden"] ** 2 + 2 * shape["hidden"] * shape["inner"]) == 84_934_656


def test_a_revision_is_timed_and_its_agreement_counted(tiny_checkpoint: Path, tiny_data: Path, capsys: Any) -> None:
    sizes = ["--repeats", "1", "--threads", "1", "--device", "cpu", "--sample", "3", "--portion", "0.1"]
    code = revision.main(["--checkpoint", str(tiny_checkpoint), "--data", str(tiny_data), *sizes])
    made = json.loads(capsys.readouterr().out)
    time, agreement = made["time"], made["agreement"]
    assert time["tokens"] == 45 and time["limits"] == {"step_over_pass": 3, "step_over_published": 0.2}
    assert time["step_over_pass"] == pytest.approx(time["step_ms"] / time["pass_ms"])
    assert time["step_over_published"] == pytest.approx(time["step_ms"] / min(time["sorting_ms"], time["published_ms"]))
    assert time["within_limits"] == (time["step_over_pass"] <= 3 and time["step_over_published"] <= 0.2)
    assert agreement["reviews"] == 3 <= agreement["concepts"] and agreement["portion_largest"] <= 0.1
    assert agreement["within_limits"] == (agreement["agree"] >= 0.9)
    assert (code == 0) == (time["within_limits"] and agreement["within_limits"])


def test_the_published_edit_prunes_a_share_of_all_weights_and_grows_as_many(tiny_checkpoint: Path) -> None:
    """By the size of the saliency, whatever its sign: so it may move the concept either way, but keeps the density."""
    checkpoint = load_checkpoint(tiny_checkpoint, "cpu")
    assert checkpoint.masks is not None
    weights, encoded, kept = checkpoint.model.masked_weights(checkpoint.masks), passes.review(checkpoint), []
    run_pass = checkpoint.model.run_pass
    checkpoint.model.run_pass = lambda own, *rest: kept.append(own) or run_pass(own, *rest)  # type: ignore[method-assign]
    long = revision.padded(checkpoint, encoded)
    assert long.input_ids.shape == (1, 256) and int(long.attention_mask.sum()) == 45
    logits = [revision.published(checkpoint, weights, some, 0, 2, 0.1) for some in (encoded, long)]
    torch.testing.assert_close(*logits, atol=1e-4, rtol=1e-4)
    for name in checkpoint.masks.matrices:
        before, after = (kept[place][name] != 0 for place in (0, 1))
        assert int(before.sum()) == int(after.sum())
        assert 0 < int((before & ~after).sum()) <= int(0.1 * before.numel())
