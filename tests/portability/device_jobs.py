"""What computes on the toy device, each compared with the CPU, in a process of its own.

    python -m tests.portability.device_jobs FOLDER

prints a JSON object: for each job, what went wrong with it, or nothing. FOLDER is empty.
"""

import json
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from sparsecbm.__main__ import main
from sparsecbm.evaluation.compute import evaluate
from sparsecbm.evaluation.compute_curves import curves
from sparsecbm.model import device
from sparsecbm.model.checkpoint import load_checkpoint, save_checkpoint
from sparsecbm.model.network import SparseCBM
from sparsecbm.revision.edit import Override
from sparsecbm.revision.rule import LabelIs, Rule
from sparsecbm.schema import CEBAB
from sparsecbm.service import Explainer
from sparsecbm.subnetworks.compute_specificity import measure_specificity
from sparsecbm.subnetworks.knockout import KnockOut
from sparsecbm.subnetworks.unit_attribution import Unit
from sparsecbm.training.train import train
from sparsecbm.types import Target
from sparsecbm.words.methods import METHODS
from tests.conftest import write_splits
from tests.helpers import (
    backbone_folder,
    saved_checkpoint,
    structured_masks,
    tiny_encoder,
    tiny_model,
    toy_reviews,
    toy_split,
    train_config,
)
from tests.portability import toy_device

TEXT, OTHER = "The soup was tasty but the room felt shabby.", "Lunch for two!"
GOOD = Target(None, "good")
SOUP = {"soup": (0.0, 0.0, 1.0)}
RULE = Rule((LabelIs("bad"),), (Override("soup", (0.0, 0.0, 1.0)),))

#: All that an Explainer computes, and what is measured of a checkpoint.
JOBS: dict[str, Callable[[Explainer], Any]] = {
    "predict": lambda e: e.predict(TEXT),
    "predict without residual": lambda e: e.predict(TEXT, residual=False),
    "predict some": lambda e: e.predict_many([TEXT, OTHER]),
    "predict many": lambda e: e.predict_texts([TEXT, OTHER] * 20),
    **{name: partial(Explainer.explain, text=TEXT, method=name, steps=None if method.steps is None else 3)
       for name, method in METHODS.items()},
    "faithfulness": lambda e: e.faithfulness(e.explain(TEXT).attributions[0], TEXT),
    "override": lambda e: e.override(e.predict(TEXT), SOUP),
    "effects": lambda e: (e.effects(), e.suggest(e.predict(TEXT), "ectp"), e.smallest_fix(e.predict(TEXT), "good")),
    "rules": lambda e: e.apply_rules(e.predict(TEXT), [RULE]),
    "revise": lambda e: e.revise(TEXT, "soup", _other(e), portion=0.1, steps=4),
    "revised": lambda e: e.predict_texts([TEXT], [e.revise(TEXT, "soup", _other(e), portion=0.1).revision.change]),
    "random edit": lambda e: e.random_edit(TEXT, e.revise(TEXT, "soup", _other(e), portion=0.1).revision, seed=3),
    "impact": lambda e: e.impact([RULE, e.revise(TEXT, "soup", _other(e), portion=0.1).revision], toy_split()),
    "overlap": lambda e: (e.overlap(), e.layer_overlap(1)),
    "knock-out": lambda e: e.knock_out(TEXT, [KnockOut("soup", layer=1, head=0)]),
    "knock-out of neurons": lambda e: e.knock_out(TEXT, [KnockOut("room", layer=0, neurons=(1, 2))]),
    "units": lambda e: e.attribute_units(TEXT, GOOD, "soup"),
    "words of a unit": lambda e: e.unit_words(e.attribute_units(TEXT, GOOD, "soup"), TEXT, Unit("head", 1, 0)),
    "effect of a unit": lambda e: e.unit_effect(e.attribute_units(TEXT, GOOD, "soup"), TEXT, Unit("neuron", 1, 3)),
    "sparser": lambda e: (e.compare(0.9), e.predict_sparser(TEXT, 0.9)),
    "evaluate": lambda e: evaluate(e._loaded, toy_split()),
    "curves": lambda e: curves(e._loaded, toy_split(), orders=1, edits={"set": lambda *_: np.eye(3)[0]}, edit_rows=2),
    "specificity": lambda e: measure_specificity(e._loaded, toy_split(), 9, random_masks=1),
}


def _other(explainer: Explainer) -> str:
    """A value that the soup does not have."""
    return "Negative" if explainer.predict(TEXT).value("soup") != "Negative" else "Positive"


MODEL = ["--checkpoint", "{model}"]
DATA = ["--data", "{data}"]
#: A command line for each command that runs a model, without its device.
LINES = {
    "explain": ["explain", TEXT, *MODEL],
    "explain by occlusion": ["explain", TEXT, "--method", "occlusion", *MODEL],
    "override": ["explain", TEXT, "--override", "food=Negative", *MODEL],
    "intervene": ["intervene", TEXT, "--revise", "food=unknown", *MODEL],
    "overlap": ["overlap", *MODEL],
    "overlap with data": ["overlap", *DATA, "--sample", "4", *MODEL],
    "evaluate": ["evaluate", *DATA, *MODEL],
    "faithfulness": ["faithfulness", *DATA, "--sample", "2", *MODEL],
    "curve": ["curve", *DATA, "--sample", "6", "--orders", "1", "--revision-rows", "2", *MODEL],
    "predict": ["predict", "--input", "{table}", "--output", "{new}/out.csv", *MODEL],
    "train": ["train", *DATA, "--backbone", "{backbone}", "--output", "{new}/model", "--config", "{settings}",
              "--epochs-finetune", "1", "--gradients", "4", "--batch-size", "8"],
}


def settled(folder: Path) -> dict[str, Path]:
    """The places that LINES name, made in a folder."""
    places = {name: folder / name for name in ("data", "new", "table.csv", "settings.json")}
    places["data"].mkdir()
    places["new"].mkdir()
    write_splits(places["data"])
    places["table.csv"].write_text(f"text\n{TEXT}\n", encoding="utf-8")
    places["settings.json"].write_text('{"prune": {"block": 8, "steps": 2}, "epochs_dense": 1}', encoding="utf-8")
    backbone = backbone_folder(folder / "backbone", max_position_embeddings=256)
    model = saved_checkpoint(folder / "restaurants", schema=CEBAB)
    return {name.partition(".")[0]: path for name, path in places.items()} | {"backbone": backbone, "model": model}


def ran(places: Mapping[str, Path], name: str, where: str) -> int:
    """The exit code of one of LINES on a device."""
    return main([*(part.format_map(places) for part in LINES[name]), "--device", where])


@cache
def loaded(folder: Path, where: str) -> Explainer:
    """A model on a device, loaded once."""
    return Explainer.load(folder, where)


def same(job: Callable[[Explainer], Any], folder: Path) -> None:
    """What is computed on the toy device is what the CPU computes."""
    there, here = (list(_numbers(job(loaded(folder, where)))) for where in (toy_device.NAME, "cpu"))
    assert here and np.allclose(there, here, atol=1e-5), (there, here)


def _numbers(value: Any, name: str = "") -> Iterator[float]:
    """All numbers of a result, but those of its receipts and times."""
    if name in ("receipt", "milliseconds", "settings"):
        return
    if is_dataclass(value):
        for field in fields(value):
            yield from _numbers(getattr(value, field.name), field.name)
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _numbers(one)
    elif isinstance(value, np.ndarray):
        if value.dtype.kind in "biuf":
            yield from np.asarray(value, dtype=float).ravel().tolist()
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _numbers(one)
    elif isinstance(value, bool | int | float):
        yield float(value)


def receipts(folder: Path) -> None:
    """Receipts and memory name the device, under a name that it can be asked for by."""
    there, here = loaded(folder, toy_device.NAME), loaded(folder, "cpu")
    prediction = there.predict(TEXT)
    assert {there.checkpoint.device, prediction.receipt.device, there.override(prediction, SOUP).receipt.device,
            there.explain(TEXT).receipt.device} == {"toy:0"}
    assert there.checkpoint.memory_bytes == here.checkpoint.memory_bytes > 0
    assert Explainer.load(folder, there.checkpoint.device).checkpoint.device == "toy:0"  # as another page loads its own


def trained(folder: Path) -> None:
    """A run trains on the device that was named, and ends in nearly the same model as on the CPU."""
    settings = train_config(backbone_folder(folder / "bert", num_hidden_layers=1), prune={"gradients": 4})
    rows, others = toy_split(), toy_split(name="dev", reviews=toy_reviews(3)[18:])
    used, run = set(), SparseCBM.run_pass

    def watched(self: SparseCBM, *given: Any) -> Any:
        if self.training:  # a checkpoint that is read is tried out on the CPU
            used.add(self.device.type)
        return run(self, *given)

    SparseCBM.run_pass = watched  # type: ignore[method-assign]
    there = train(settings, rows, others, folder / "there", "toy")
    assert used == {"toy"}, used
    here = train(settings, rows, others, folder / "here", "cpu")
    SparseCBM.run_pass = run  # type: ignore[method-assign]
    one, two = (load_checkpoint(place, "cpu").model.state_dict() for place in (there, here))
    assert all(torch.allclose(one[name], two[name], atol=1e-2) for name in two)


def jobs(folder: Path) -> dict[str, Callable[[], None]]:
    """All of them by name."""
    sparse, places = saved_checkpoint(folder / "sparse"), settled(folder)
    model = tiny_model(mask_kind="structured")
    save_checkpoint(folder / "structured", model, tiny_encoder(64), structured_masks(model))

    def line(name: str) -> None:
        assert ran(places, name, toy_device.NAME) == 0

    return {**{name: partial(same, job, sparse) for name, job in JOBS.items()},
            **{f"structured: {name}": partial(same, JOBS[name], folder / "structured") for name in OF_MASKS},
            **{f"command: {name}": partial(line, name) for name in COMMANDS},
            "train": partial(trained, folder / "trained"),
            "receipts": partial(receipts, sparse)}


#: Jobs that differ where masks keep whole heads and neurons.
OF_MASKS = ("predict", "predict many", "integrated-gradients", "revise", "random edit", "impact", "overlap",
            "knock-out", "units", "sparser", "specificity")
#: The other commands compute as an Explainer does.
COMMANDS = ("override", "evaluate", "overlap with data", "predict")
NAMES = (*JOBS, *(f"structured: {name}" for name in OF_MASKS), *(f"command: {name}" for name in COMMANDS), "train",
         "receipts")

if __name__ == "__main__":
    toy_device.install()
    before = device.devices()
    device.devices = lambda: (*before, toy_device.NAME, f"{toy_device.NAME}:0")
    result, sys.stdout = sys.stdout, sys.stderr
    found = dict[str, str]()
    for name, job in jobs(Path(sys.argv[1])).items():
        try:
            job()
            found[name] = ""
        except Exception:
            found[name] = traceback.format_exc()
    json.dump(found, result)
