"""What the results table says of a finished run: measured on its checkpoint, apart from the training.

A run lies in a folder NAME-SEED, such as runs/structured_70-0, or with other settings than those of that row in
NAME-SEED-SETTINGS, such as runs/structured_70-0-beta=2. Its results are one JSON object: the report of
`sparsecbm evaluate`, and besides it

checkpoint  the hash of the checkpoint
megabytes   size of the files that make the model
passes      the time of all passes for one text of 45 tokens, relative to one dense pass of the same backbone; the two
            take turns, so that a busy machine slows both
probe       what `sparsecbm overlap --probe` measures on a sample of the rows, of models with masks only

What repeats over the seeds of a row (`sparsecbm overlap --seeds`) is an object of its own.
"""

import json
import logging
import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import torch

from sparsecbm.benchmark.compute_clock import in_turns
from sparsecbm.benchmark.compute_subject import TOKENS, DenseBackbone, text_of
from sparsecbm.data.split import Split
from sparsecbm.errors import InputError
from sparsecbm.evaluation.compute import evaluate
from sparsecbm.model.checkpoint import METRICS_FILE, Checkpoint, hashed_files, load_checkpoint
from sparsecbm.subnetworks.compute_specificity import measure_specificity
from sparsecbm.subnetworks.compute_stability import stability_of

log = logging.getLogger(__name__)

#: Rows that the masks are probed on, and rounds of the passes.
SAMPLE, ROUNDS = 400, 25


def run_name(folder: Path) -> tuple[str, int]:
    """The row, with the settings that differ from it, and the seed of a run by its folder; InputError for another name,
    or a run that is not finished."""
    found = re.fullmatch(r"(.+?)-(\d+)(-.+=.+)?", folder.resolve().name)
    if found is None:
        raise InputError(f"The folder {str(folder)!r} came; allowed: NAME-SEED, such as structured_70-0, or "
                         "NAME-SEED-SETTINGS, such as structured_70-0-beta=2. Rename it.")
    if not (folder / METRICS_FILE).is_file():
        raise InputError(f"{folder} has no {METRICS_FILE}; allowed: a finished run. Wait until its training ends.")
    return found[1] + (found[3] or ""), int(found[2])


def measure(checkpoint: Checkpoint, split: Split, sample: int = SAMPLE, rounds: int = ROUNDS) -> dict[str, Any]:
    """All figures of one run; the probe of those with masks takes minutes."""
    found = evaluate(checkpoint, split).to_json() | {
        "checkpoint": checkpoint.hash, "megabytes": megabytes(checkpoint.path),
        "passes": time_passes(checkpoint, rounds)}
    if checkpoint.masks is not None:
        found["probe"] = measure_specificity(checkpoint, split, sample).to_json()
    return found


def megabytes(folder: Path) -> float:
    """Size of the files of a checkpoint that decide what it answers, in millions of bytes."""
    return sum(path.stat().st_size for path in hashed_files(folder)) / 1e6


def time_passes(checkpoint: Checkpoint, rounds: int) -> dict[str, Any]:
    """Median milliseconds of all passes and of one dense pass, with the threads that torch has now."""
    model, dense = checkpoint.model, DenseBackbone(checkpoint.model)
    encoded = checkpoint.encoder.encode([text_of(checkpoint.encoder, TOKENS)]).to(model.device)
    weights = None if checkpoint.masks is None else model.masked_weights(checkpoint.masks)
    with torch.inference_mode():
        one, all_ = map(median, in_turns([lambda: dense.pass_over(encoded), lambda: model.pool(encoded, weights)],
                                         rounds, model.device))
    return {"tokens": encoded.input_ids.shape[1], "ms": all_, "dense_ms": one, "over_dense": all_ / one,
            "threads": torch.get_num_threads(), "device": str(model.device)}


def store(folders: Sequence[Path], split: Split, results: Path, device: str | None, sample: int = SAMPLE) -> None:
    """Measure finished runs and write NAME-SEED.json for each; NAME-seeds.json where a row has several of them."""
    rows = defaultdict(list)
    for folder, (name, seed) in [(folder, run_name(folder)) for folder in folders]:  # every name is checked first
        rows[name].append((seed, folder))
    results.mkdir(exist_ok=True)
    for name, runs in rows.items():
        found = []
        for seed, folder in sorted(runs):
            log.info("measuring %s, seed %d", name, seed)
            checkpoint = load_checkpoint(folder, device)
            _write(results / f"{name}-{seed}.json", measure(checkpoint, split, sample))
            found.append(checkpoint)
        if len(found) > 1 and found[0].masks is not None:
            stability = stability_of(found[0], [one.path for one in found[1:]]).to_json()
            _write(results / f"{name}-seeds.json", stability | {"always": {}})  # which units they are stays there


def _write(path: Path, values: dict[str, Any]) -> None:
    path.write_text(json.dumps(values, indent=1, allow_nan=False) + "\n", encoding="utf-8")
