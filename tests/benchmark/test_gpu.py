"""What a GPU measures, and what is said when it is full."""

import json
from pathlib import Path

import pytest
import torch

from sparsecbm.__main__ import main
from tests.helpers import saved_checkpoint

pytestmark = [pytest.mark.gpu, pytest.mark.slow,
              pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")]


def test_a_gpu_has_ratios_of_its_own_and_says_what_it_keeps(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sparsecbm.benchmark.compute_gpu.BASE", {
        "model_type": "bert", "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
        "intermediate_size": 64})
    folder = saved_checkpoint(tmp_path / "tiny")
    assert main(["benchmark", "--checkpoint", str(folder), "--device", "cuda", "--repeats", "1", "--json"]) in (0, 1)
    made = json.loads(capsys.readouterr().out)
    assert {name for name in made["ratios"] if name.startswith(("graph", "float16", "bfloat16", "copies"))} == {
        *(f"{what}_{kind}_over_{other}" for kind in ("structured", "weights") for what, other in (
            ("graph", "dense"), ("float16", "float32"), ("bfloat16", "float32"), ("copies", "on_the_fly"))),
        "graph_base_over_dense"}
    assert made["memory"]["most in use"] > made["memory"]["weights"] > 0 and made["machine"]["gpu"]


def test_a_full_gpu_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = saved_checkpoint(tmp_path / "tiny")
    torch.cuda.empty_cache()
    torch.cuda.set_per_process_memory_fraction(1e-9)
    try:
        assert main(["explain", "Good soup.", "--checkpoint", str(folder), "--device", "cuda"]) == 2
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and "memory" in err and "--device cpu" in err
