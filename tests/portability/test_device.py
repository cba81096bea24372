"""One rule for the device: what may be named, and that everything computes on a device without float64."""

import json
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import torch

from sparsecbm.__main__ import main
from sparsecbm.errors import DeviceError, InputError
from sparsecbm.model import device as rule
from sparsecbm.model.network import SparseCBM
from sparsecbm.service import Explainer
from sparsecbm.shipped import DEVICE_VARIABLE
from sparsecbm.ui.loaded_model import LoadedModel
from tests.helpers import saved_checkpoint, tiny_checkpoint_of
from tests.portability.device_jobs import LINES, NAMES, TEXT, ran

ROOT = Path(__file__).parents[2]


# -- what may be named ---------------------------------------------------------------------------------------------


def machine(monkeypatch: pytest.MonkeyPatch, nvidia: int = 0, apple: bool = False) -> None:
    """Let PyTorch say that this machine has these GPUs."""
    monkeypatch.setattr(torch.cuda, "device_count", lambda: nvidia)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: apple)


@pytest.mark.parametrize(("nvidia", "apple", "chosen"), [(0, False, "cpu"), (2, False, "cuda"), (0, True, "cpu"),
                                                         (1, True, "cuda")])
def test_without_a_name_only_what_was_tested_computes(
    nvidia: int, apple: bool, chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine(monkeypatch, nvidia, apple)
    assert str(rule.available_device()) == str(rule.available_device("auto")) == chosen


@pytest.mark.parametrize("name", ["cpu", "cuda", "cuda:1", "mps", "mps:0", torch.device("cuda", 1)])
def test_a_device_that_is_here_is_taken_by_name(name: str | torch.device, monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch, nvidia=2, apple=True)
    assert rule.available_device(name) == torch.device(name)


@pytest.mark.parametrize("name", ["tpu", "cuda:2", "CUDA", "cpu:0", "", "meta", torch.device("meta")])
def test_another_is_refused_with_what_is_here(name: str | torch.device, monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch, nvidia=2, apple=True)
    with pytest.raises(InputError) as refused:
        rule.available_device(name)
    assert all(part in str(refused.value) for part in (repr(str(name)), "auto", "cpu", "cuda:1", "mps"))


@pytest.fixture
def line(tiny_checkpoint: Path, tiny_data: Path, tiny_backbone: Path, tmp_path: Path) -> Callable[..., int]:
    """Run one of LINES on a device; returns the exit code."""
    (tmp_path / "table.csv").write_text(f"text\n{TEXT}\n", encoding="utf-8")
    (tmp_path / "settings.json").write_text('{"epochs_dense": 1}', encoding="utf-8")
    return partial(ran, {"model": tiny_checkpoint, "data": tiny_data, "backbone": tiny_backbone, "new": tmp_path,
                         "table": tmp_path / "table.csv", "settings": tmp_path / "settings.json"})


@pytest.mark.parametrize("name", LINES)
def test_every_command_names_what_is_here(
    name: str, line: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert line(name, "tpu") == 2
    said = capsys.readouterr().err
    assert all(part in said for part in ("'tpu'", "auto", "cpu"))


def test_the_dashboard_computes_where_it_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    asked: list[Any] = []
    machine(monkeypatch, nvidia=2)
    monkeypatch.setattr("runpy.run_module", lambda *_, **__: None)
    monkeypatch.setattr(sys, "argv", ["sparsecbm"])
    monkeypatch.setenv(DEVICE_VARIABLE, "")
    explainer = Explainer(tiny_checkpoint_of(tmp_path / "tiny"))
    monkeypatch.setattr(Explainer, "load", lambda *given: asked.append(given[1]) or explainer)
    assert main(["app", "--device", "tpu"]) == 2 and "'tpu'" in capsys.readouterr().err
    LoadedModel("a folder")
    assert main(["app", "--device", "cuda:1"]) == 0
    LoadedModel("a folder").reload()
    assert asked == [None, "cuda:1", "cuda:1"]


# -- a device without float64 --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def computed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What went wrong with each job on the toy device, in a process of its own: PyTorch keeps a device that it met."""
    made = subprocess.run([sys.executable, "-m", "tests.portability.device_jobs", str(tmp_path_factory.mktemp("toy"))],
                          cwd=ROOT, check=True, capture_output=True, encoding="utf-8")
    found: dict[str, str] = json.loads(made.stdout)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_everything_computes_without_float64_on_the_device(name: str, computed: dict[str, str]) -> None:
    assert not computed[name], computed[name]


# -- a device that is full -----------------------------------------------------------------------------------------

FULL = {
    "nvidia": torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of"),
    "apple": RuntimeError("MPS backend out of memory (MPS allocated: 17.93 GB, other allocations: 1 KB)."),
    "cpu": RuntimeError("[enforce fail at alloc_cpu.cpp:119] . DefaultCPUAllocator: can't allocate memory: you tried"),
    "numpy": MemoryError("Unable to allocate 5.00 GiB for an array"),
    "no kernel": torch.AcceleratorError("CUDA error: no kernel image is available for execution on the device"),
    "no operation": NotImplementedError("The operator 'aten::x' is not currently implemented for the MPS device."),
}


@pytest.mark.parametrize("kind", FULL)
def test_what_a_device_cannot_do_is_said_in_a_line(
    kind: str, tmp_path: Path, line: Callable[..., int], monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    held: list[FrameType] = []

    def fails(*_: Any, **__: Any) -> None:
        room = torch.zeros(1000)  # noqa: F841 - what a frame holds while its error is kept
        held.append(sys._getframe())
        raise FULL[kind]

    explainer = Explainer.load(saved_checkpoint(tmp_path / "model"), "cpu")
    monkeypatch.setattr(SparseCBM, "run_passes", fails)
    with pytest.raises(DeviceError, match="CPU") as told:
        explainer.predict(TEXT)
    assert str(FULL[kind]).split(" (")[0].rstrip(".")[:60] in str(told.value)
    assert "room" not in held[0].f_locals
    for name in ("explain", "evaluate", "train"):
        assert line(name, "cpu") == 2
        said = capsys.readouterr().err
        assert "use the CPU" in said.replace("Use", "use") and "Traceback" not in said
    monkeypatch.undo()
    assert explainer.predict(TEXT).label  # the next one finds the lock free


def test_a_model_that_does_not_fit_is_said_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise FULL["nvidia"]

    monkeypatch.setattr(SparseCBM, "to", fails)
    with pytest.raises(DeviceError):
        Explainer.load(saved_checkpoint(tmp_path / "model"))


def test_a_defect_stays_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    explainer = Explainer.load(saved_checkpoint(tmp_path / "model"), "cpu")
    monkeypatch.setattr(SparseCBM, "run_passes", lambda *_: [][0])
    with pytest.raises(IndexError):
        explainer.predict(TEXT)
