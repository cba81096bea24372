"""What the `predict` command costs on top of the predictions themselves, and whether its memory grows with the table.

    python -m benchmarks.predict --checkpoint DIR [--rows N] [--memory]

From a CSV file to a Parquet file: read, checked, predicted, kept in parts, written; against predicting the same texts
in memory. The two take turns. The texts are the sample reviews, repeated. With --memory, the memory of two fresh
processes is compared while they predict 1,000 and 100,000 rows with a model that costs nothing. Exit code 1 when a
bound is exceeded: at most 1.1 x the time, and at most 32 MiB more for 100 times as many rows. What the predictions
cost is measured by `python -m sparsecbm benchmark`.
"""

import csv
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import torch

from benchmarks.report import options_on_a_checkpoint, ratio, report, write
from sparsecbm.batch.compute import BatchModel, Progress, predict_table
from sparsecbm.benchmark.compute_clock import in_turns
from sparsecbm.data.columns import suggest_columns
from sparsecbm.data.samples import load_samples
from sparsecbm.data.table_source import open_table
from sparsecbm.model.checkpoint import Checkpoint, load_checkpoint
from sparsecbm.schema import CEBAB
from sparsecbm.service import Explainer
from sparsecbm.types import Predictions

MOST_OF_TEXTS = 1.1
MOST_EXTRA_BYTES = 32 * 2**20
MEMORY_ROWS = (1_000, 100_000)


def texts_of(rows: int) -> list[str]:
    """The sample reviews, repeated to so many."""
    return list(islice(cycle(sample.text for sample in load_samples()), rows))


def write_table(path: Path, texts: Sequence[str]) -> Path:
    """A CSV file of the texts with ids."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("id", "text"))
        writer.writerows(enumerate(texts))
    return path


def run_table(source: Path, model: BatchModel, output: Path) -> int:
    """The whole of `predict`; returns how many rows were predicted."""
    table = open_table(source)
    report = predict_table(table, suggest_columns(table.columns), model, output, restart=True)
    return report.counts.predicted


def measure(checkpoint: Checkpoint, rows: int, repeats: int, threads: int) -> dict[str, Any]:
    """The ratio of the two times, over paired rounds, and rows per second."""
    torch.set_num_threads(threads)
    texts, explainer = texts_of(rows), Explainer(checkpoint)
    with tempfile.TemporaryDirectory() as folder:
        source, output = write_table(Path(folder, "in.csv"), texts), Path(folder, "out.parquet")
        model = BatchModel.of(explainer)
        whole, alone = in_turns([lambda: run_table(source, model, output), lambda: explainer.predict_texts(texts)],
                                repeats, checkpoint.model.device)
    return {"ratios": {"table_over_texts": ratio(whole, alone, MOST_OF_TEXTS)}, "rows": rows,
            "rows_per_second": 1000 * rows / statistics.median(whole), "checkpoint": checkpoint.hash}


def peak_bytes(rows: int) -> int:
    """The most memory of this process while it predicts so many rows, by a model whose answer is always the same.

    Not the peak that the system reports: loading the libraries may take more for a moment, and hide what rows take.
    """
    def predict(texts: Sequence[str], progress: Progress) -> Predictions:
        progress(1.0)
        labels, concepts = np.full((len(texts), 5), 0.2), np.full((len(texts), 4, 3), 1 / 3)
        return Predictions(CEBAB, labels, concepts, np.zeros(len(texts), dtype=bool))

    most, done, process = 0, threading.Event(), psutil.Process()

    def watch() -> None:
        nonlocal most
        while not done.wait(0.005):
            most = max(most, process.memory_info().rss)

    with tempfile.TemporaryDirectory() as folder:
        source = write_table(Path(folder, "in.csv"), texts_of(rows))
        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            run_table(source, BatchModel("stub", CEBAB, True, predict), Path(folder, "out.parquet"))
        finally:
            done.set()
            watcher.join()
    return most


def memory() -> dict[str, Any]:
    """Peak memory of two fresh processes, one of which predicts a hundred times as many rows."""
    few, many = (int(subprocess.run([sys.executable, "-m", "benchmarks.predict", "--peak", str(rows)], check=True,
                                    capture_output=True, encoding="utf-8").stdout) for rows in MEMORY_ROWS)
    return {"rows": list(MEMORY_ROWS), "peak": [few, many], "extra": {"median": many - few, "bound": MOST_EXTRA_BYTES}}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the comparison and write JSON; 0 within the bounds, 1 beyond them."""
    parser = options_on_a_checkpoint("predict", __doc__, repeats=5)
    parser.add_argument("--rows", type=int, default=486, help="rows of the table (default: %(default)s)")
    parser.add_argument("--memory", action="store_true", help="also compare memory")
    parser.add_argument("--peak", type=int, metavar="ROWS", help="write the peak memory of so many rows, nothing else")
    options = parser.parse_args(arguments)
    if options.peak is not None:
        sys.stdout.write(f"{peak_bytes(options.peak)}\n")
        return 0
    checkpoint = load_checkpoint(options.checkpoint, options.device)
    made = measure(checkpoint, options.rows, options.repeats, options.threads)
    groups = {"ratios": made.pop("ratios")} | ({"bytes": memory()} if options.memory else {})
    return write(report(checkpoint.model.device, **groups) | made)


if __name__ == "__main__":
    sys.exit(main())
