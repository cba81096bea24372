"""What an interrupted run needs to go on: written after every epoch, safetensors and JSON only."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from sparsecbm.config import Precision, TrainConfig, from_json, to_json
from sparsecbm.errors import ConfigError
from sparsecbm.model.files import read_noted_tensors
from sparsecbm.model.masks import ConceptMasks
from sparsecbm.model.network import SparseCBM
from sparsecbm.paths import replacing, write_text

FOLDER = "resume"
STATE_FILE = "state.safetensors"
NOTES_FILE = "state.json"


@dataclass
class Progress:
    """Where a run stands. `best` are the weights of the best epoch at the final sparsity so far.

    `damping_ratio` is the newest saliency's, and `precision` that of all passes in training.
    """

    masks: ConceptMasks
    epoch: int = 0
    step: int = 0
    prune_step: int = 0
    best_score: float = -1.0
    best_epoch: int | None = None
    best: dict[str, Tensor] = field(default_factory=dict)
    epochs: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0
    damping_ratio: dict[str, float] = field(default_factory=dict)
    precision: Precision = "float32"


def save_state(
    output: Path, config: TrainConfig, model: SparseCBM, optimizer: torch.optim.Optimizer, progress: Progress
) -> None:
    """Write the state of a run so that a crash while writing leaves the previous one whole."""
    folder = output / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {f"model/{name}": tensor for name, tensor in model.state_dict().items()}
    tensors |= {f"best/{name}": tensor for name, tensor in progress.best.items()}
    tensors |= {f"mask/{name}": bits for name, bits in progress.masks.bits.items()}
    for index, slots in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer/{index}/{slot}": tensor for slot, tensor in slots.items()}
    notes = {"config": to_json(config)} | {
        key: getattr(progress, key)
        for key in ("epoch", "step", "prune_step", "best_score", "best_epoch", "epochs", "seconds", "damping_ratio",
                    "precision")
    }
    with replacing(folder / STATE_FILE) as new:
        save_file({name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}, new,
                  {"notes": json.dumps(notes)})
    write_text(folder / NOTES_FILE, json.dumps(notes, indent=1))


def load_state(
    output: Path, config: TrainConfig, model: SparseCBM, optimizer: torch.optim.Optimizer, passes: tuple[str, ...]
) -> Progress:
    """Take up a run in place; ConfigError when there is none or it was made with other settings."""
    path = output / FOLDER / STATE_FILE
    if not path.exists():
        raise ConfigError(f"There is nothing to resume in {output}; start without --resume.")
    tensors, noted = read_noted_tensors(path)
    notes = json.loads(noted["notes"])
    if from_json(TrainConfig, notes.pop("config"), path) != config:  # settings that it does not know are at default
        raise ConfigError(f"The run in {output} was made with other settings; repeat those, or choose another "
                          "output folder.")

    def part(prefix: str) -> dict[str, Tensor]:
        return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}

    model.load_state_dict(part("model/"), strict=True)
    slots: dict[int, dict[str, Tensor]] = {}
    for name, tensor in part("optimizer/").items():
        index, slot = name.split("/")
        slots.setdefault(int(index), {})[slot] = tensor
    optimizer.load_state_dict({"state": slots, "param_groups": optimizer.state_dict()["param_groups"]})
    bits = part("mask/")
    masks = ConceptMasks(passes, {name: site.shape for name, site in model.sites.items()},  # in the order of the model
                         {name: bits[name].to(model.device) for name in model.sites}, model.mask_layout)
    return Progress(masks=masks, best=part("best/"), **notes)
