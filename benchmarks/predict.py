"""What predicting a table costs for each row, and whether its memory grows with the table.

    python -m benchmarks.predict --checkpoint DIR [--rows N] [--memory]

ours      `predict` from a CSV file to a Parquet file: read, checked, predicted, kept in parts, written
plain     a loop over the same texts in memory, those of like length together, all K + 1 masked passes and the heads of
          a batch at once; of several sizes of batch, the one that is fastest here
published one review at a time, padded to 512 tokens, every matrix multiplied with its mask in each pass

The three take turns, so that a busy machine slows them alike; their medians for each row are compared. The texts are
the sample reviews, repeated. With --memory, the memory of two fresh processes is compared while they predict 1,000 and
100,000 rows with a model that costs nothing. Exit code 1 when a limit is broken: at least 0.9 x the rows a second of
the plain loop and 10 x those of the published procedure; at most 32 MiB more for 100 times as many rows.
"""

import csv
import json
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.passes import medians, options_on_a_checkpoint, published
from sparsecbm.batch.compute import BatchModel, Progress, predict_table
from sparsecbm.data.own_table import suggest_columns
from sparsecbm.data.samples import load_samples
from sparsecbm.data.table_source import open_table
from sparsecbm.model.checkpoint import Checkpoint, load_checkpoint
from sparsecbm.model.network import MaskedWeights
from sparsecbm.model.prediction import batches
from sparsecbm.schema import CEBAB
from sparsecbm.service import Explainer
from sparsecbm.types import Predictions

LEAST_OF_PLAIN = 0.9
LEAST_OF_PUBLISHED = 10.0
MOST_EXTRA_BYTES = 32 * 2**20
MEMORY_ROWS = (1_000, 100_000)
#: Tokens of a batch that the plain loop chooses from.
PLAIN_TOKENS = (256, 512, 2048, 8192)


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


def plain(checkpoint: Checkpoint, weights: MaskedWeights, texts: Sequence[str], most: int) -> list[torch.Tensor]:
    """Label probabilities by a plain loop over batches of at most `most` tokens; [row, label] in the texts' order."""
    model, encoder = checkpoint.model, checkpoint.encoder
    lengths = [min(len(ids), encoder.max_tokens) for ids in encoder.tokenizer(list(texts), verbose=False)["input_ids"]]
    found: dict[int, torch.Tensor] = {}
    for rows in batches(lengths, most):
        pooled = model.pool(encoder.encode([texts[row] for row in rows]).to(model.device), weights)
        bottleneck = model.bottleneck(model.concept_logits(pooled))
        shares = model.label(bottleneck, model.residual_logits(pooled)).logits.softmax(-1).cpu()
        found |= dict(zip(rows, shares, strict=True))
    return [found[row] for row in range(len(texts))]


def measure(checkpoint: Checkpoint, rows: int, published_rows: int, repeats: int, threads: int) -> dict[str, Any]:
    """The comparison as plain values; raises when ours and the plain loop disagree."""
    if checkpoint.masks is None:
        raise SystemExit(f"{checkpoint.path} has no masks; give a sparse checkpoint.")
    torch.set_num_threads(threads)
    texts, explainer = texts_of(rows), Explainer(checkpoint)
    one_by_one = published(checkpoint, checkpoint.masks)
    with tempfile.TemporaryDirectory() as folder, torch.inference_mode():
        weights = checkpoint.model.masked_weights(checkpoint.masks)
        source, output = write_table(Path(folder, "in.csv"), texts), Path(folder, "out.parquet")
        model = BatchModel.of(explainer)
        expected = torch.stack(plain(checkpoint, weights, texts, PLAIN_TOKENS[0]))
        found = torch.from_numpy(explainer.predict_texts(texts).label_probabilities)
        torch.testing.assert_close(found, expected, atol=1e-3, rtol=1e-3)
        best = min(PLAIN_TOKENS, key=lambda most: _seconds(lambda: plain(checkpoint, weights, texts, most)))
        procedures: tuple[Callable[[], object], ...] = (
            lambda: run_table(source, model, output),
            lambda: plain(checkpoint, weights, texts, best),
            lambda: [one_by_one(checkpoint.encoder.encode([text]).to(checkpoint.model.device))
                     for text in texts[:published_rows]])
        took = medians(procedures, repeats, checkpoint.model.device)
    ours, looped, slow = (1000 * n / ms for n, ms in zip((rows, rows, published_rows), took, strict=True))
    return {
        "rows": rows, "rows_per_second": ours, "plain_rows_per_second": looped, "plain_tokens": best,
        "published_rows_per_second": slow, "over_plain": ours / looped, "over_published": ours / slow,
        "limits": {"over_plain": LEAST_OF_PLAIN, "over_published": LEAST_OF_PUBLISHED},
        "within_limits": ours / looped >= LEAST_OF_PLAIN and ours / slow >= LEAST_OF_PUBLISHED,
        "repeats": repeats, "threads": threads, "device": str(checkpoint.model.device), "checkpoint": checkpoint.hash,
    }


def _seconds(procedure: Callable[[], object]) -> float:
    started = time.perf_counter()
    procedure()
    return time.perf_counter() - started


def peak_bytes(rows: int) -> int:
    """The most memory of this process while it predicts so many rows, by a model whose answer is always the same.

    Not the peak that the system reports: loading the libraries may take more for a moment, and hide what rows take.
    """
    def predict(texts: Sequence[str], progress: Progress) -> Predictions:
        progress(1.0)
        labels, concepts = np.full((len(texts), 5), 0.2), np.full((len(texts), 4, 3), 1 / 3)
        return Predictions(CEBAB, labels, concepts, np.zeros(len(texts), dtype=bool))

    most, done = 0, threading.Event()

    def watch() -> None:
        nonlocal most
        while not done.wait(0.005):
            most = max(most, int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize())

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
                                    capture_output=True, text=True).stdout) for rows in MEMORY_ROWS)
    return {"rows": list(MEMORY_ROWS), "peak_bytes": [few, many], "extra_bytes": many - few,
            "limits": {"extra_bytes": MOST_EXTRA_BYTES}, "within_limits": many - few <= MOST_EXTRA_BYTES}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the comparison and write JSON; 0 within the limits, 1 beyond them."""
    parser = options_on_a_checkpoint("predict", __doc__, repeats=5)
    parser.add_argument("--rows", type=int, default=486, help="rows of the table (default: %(default)s)")
    parser.add_argument("--published-rows", type=int, default=4,
                        help="rows that the published procedure predicts (default: %(default)s)")
    parser.add_argument("--memory", action="store_true", help="also compare memory")
    parser.add_argument("--peak", type=int, metavar="ROWS", help="write the peak memory of so many rows, nothing else")
    options = parser.parse_args(arguments)
    if options.peak is not None:
        sys.stdout.write(f"{peak_bytes(options.peak)}\n")
        return 0
    result: dict[str, Any] = {"time": measure(load_checkpoint(options.checkpoint, options.device), options.rows,
                                              options.published_rows, options.repeats, options.threads)}
    if options.memory:
        result["memory"] = memory()
    sys.stdout.write(json.dumps(result, indent=1) + "\n")
    return 0 if all(part["within_limits"] for part in result.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
