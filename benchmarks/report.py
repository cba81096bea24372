"""The form in which benchmarks write what they measured: that of `python -m sparsecbm benchmark --json`."""

import argparse
import json
import os
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from sparsecbm.benchmark.compute_machine import machine
from sparsecbm.benchmark.ratio import Ratio
from sparsecbm.cli.parser import add_device
from sparsecbm.intervals import median_interval


def spread(taken: Sequence[float], bound: float | None = None) -> dict[str, float | None]:
    """The median of repeated measurements, its 95 % interval, and the most that it may be."""
    low, high = median_interval(np.asarray(taken, dtype=np.float64))
    return {"median": statistics.median(taken), "low": low, "high": high, "bound": bound}


def ratio(taken: Sequence[float], reference: Sequence[float], bound: float | None = None) -> dict[str, float | None]:
    """The same of quotients, each from the two times of one round."""
    made = Ratio.of("ratio", "", taken, reference, bound)
    return {"median": made.median, "low": made.low, "high": made.high, "bound": made.bound}


def report(device: torch.device | str = "cpu", **groups: dict[str, Any]) -> dict[str, Any]:
    """The machine, each group of measurements by name, and whether all bounds are kept."""
    every = [one for group in groups.values() for one in group.values() if isinstance(one, dict)]
    kept = all(one["median"] <= one["bound"] for one in every if one.get("bound") is not None)
    return {"machine": machine(torch.device(device)), **groups, "within_bounds": kept}


def write(result: dict[str, Any]) -> int:
    """The report as JSON on standard output; the exit code, 1 where a bound is exceeded."""
    sys.stdout.write(json.dumps(result, indent=1) + "\n")
    return 0 if result["within_bounds"] else 1


def options_on_a_checkpoint(name: str, description: str | None, repeats: int) -> argparse.ArgumentParser:
    """The command line of a benchmark that times a checkpoint; it may add options of its own."""
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}", description=description,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, default=Path("checkpoints/cebab-minilm"), help="a sparse checkpoint")
    parser.add_argument("--repeats", type=int, default=repeats, help="timed rounds (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="CPU threads (default: all)")
    add_device(parser)
    return parser
