"""Train the models of the results table and print it: mean and standard deviation over seeds on the evaluation split.

    python -m benchmarks.table --data CEBAB_FOLDER --backbone FOLDER_OR_HUB_ID --output runs

The metrics of finished runs are stored in benchmarks/results. These runs are not repeated, and an interrupted run
resumes after its last complete epoch, so that the command can be repeated until the table is complete. `--only NAME`
trains a single row, and `--print` trains nothing.
"""

import argparse
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sparsecbm.config import ModelConfig, PruneConfig, TrainConfig
from sparsecbm.data import load_split
from sparsecbm.model.checkpoint import METRICS_FILE
from sparsecbm.schema import CEBAB
from sparsecbm.training.state import FOLDER
from sparsecbm.training.train import train

RESULTS = Path(__file__).parent / "results"

#: The same six epochs for every row. Masked models are pruned early and fast: they regain what they lose in four epochs
#: at the final sparsity, with all passes in every step and a higher learning rate than a dense model.
EPOCHS = {"epochs_dense": 3, "epochs_prune": 1, "epochs_finetune": 2}
MASKED = {"epochs_dense": 1, "epochs_prune": 1, "epochs_finetune": 4, "learning_rate": 3e-4}


@dataclass(frozen=True)
class Row:
    """One line of the table; `seeds` is the largest number of seeds that it is trained with."""

    name: str
    title: str
    model: Mapping[str, Any]
    prune: Mapping[str, Any]
    train: Mapping[str, Any]
    seeds: int = 99


ROWS = (
    Row("black_box", "black box", {"kind": "black_box"}, {}, {}),
    Row("published", "dense CBM, published head", {"kind": "dense", "bottleneck": "logits", "residual": False}, {},
        {"regime": "joint", "concept_targets": "majority"}),
    Row("dense", "dense CBM", {"kind": "dense"}, {}, {}),
    Row("core_exclusive", "SparseCBM, core + exclusive", {}, {}, {}),
    Row("independent", "SparseCBM, independent masks", {}, {"scheme": "independent"}, {}),
    Row("magnitude", "core + exclusive by magnitude", {}, {"saliency": "magnitude"}, {}, seeds=1),
    Row("random", "core + exclusive at random", {}, {"saliency": "random"}, {}, seeds=1),
)


def config(row: Row, backbone: str, seed: int, passes: int | None) -> TrainConfig:
    """The settings of one run of one row."""
    model = ModelConfig(schema=CEBAB, **row.model)
    return TrainConfig(backbone=backbone, model=model, prune=PruneConfig(**row.prune), seed=seed,
                       passes_per_step=passes if model.kind == "sparse" else None,
                       probe_rows=0, **(MASKED if model.kind == "sparse" else EPOCHS) | row.train)


COLUMNS: Mapping[str, Callable[[dict[str, Any]], float | None]] = {
    "label accuracy": lambda r: r["label"]["accuracy"],
    "label macro F1": lambda r: r["label"]["macro_f1"],
    "concept macro F1": lambda r: r["concepts"] and float(np.mean([c["macro_f1"] for c in r["concepts"].values()])),
    "gain of correcting": lambda r: r["correction"] and (r["correction"]["corrected"]["rows_with_wrong_concept"]
                                                         - r["correction"]["predicted"]["rows_with_wrong_concept"]),
    "least lead of own mask": lambda r: r["specificity"] and lead(np.array(r["specificity"])),
    "mean Jaccard": lambda r: r["jaccard"] and mean_overlap(np.array(r["jaccard"])),
}


def lead(specificity: np.ndarray) -> float:
    """The smallest margin, over heads, of a concept's own mask over the best other one."""
    others = np.where(np.eye(len(specificity), dtype=bool), -np.inf, specificity).max(0)
    return float((specificity.diagonal() - others).min())


def mean_overlap(jaccard: np.ndarray) -> float:
    """The mean over all pairs of different concepts."""
    return float(jaccard[~np.eye(len(jaccard), dtype=bool)].mean())


def table(seeds: int, results: Path = RESULTS) -> str:
    """The Markdown table of all finished runs, in percent."""
    lines = ["| model | seeds | " + " | ".join(COLUMNS) + " |", "|---" * (len(COLUMNS) + 2) + "|"]
    for row in ROWS:
        paths = [results / f"{row.name}-{seed}.json" for seed in range(min(seeds, row.seeds))]
        reports = [json.loads(path.read_text()) for path in paths if path.exists()]
        cells = [_cell([column(report) for report in reports]) for column in COLUMNS.values()]
        lines.append(f"| {row.title} | {len(reports)} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(values: list[float | None]) -> str:
    known = [100 * value for value in values if value is not None]
    if not known:
        return "-"
    return f"{np.mean(known):.1f}" + (f" ± {np.std(known, ddof=1):.1f}" if len(known) > 1 else "")


def main() -> None:
    """Train the missing runs, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--print", action="store_true", help="print the table of the finished runs and stop")
    parser.add_argument("--data", help="folder or zip with the CEBaB release files")
    parser.add_argument("--backbone", help="folder or Hub id of the pretrained transformer")
    parser.add_argument("--output", type=Path, default=Path("runs"), help="folder of the runs (default: %(default)s)")
    parser.add_argument("--seeds", type=int, default=3, help="seeds 0..N-1 (default: %(default)s)")
    parser.add_argument("--passes-per-step", type=int, help="passes per masked step (default: all)")
    parser.add_argument("--only", choices=[row.name for row in ROWS], action="append", help="rows to train")
    parser.add_argument("--device", help="cpu or cuda")
    options = parser.parse_args()
    if not options.print:
        if not (options.data and options.backbone):
            parser.error("training needs --data and --backbone; or give --print")
        _train_missing(options)
    print(table(options.seeds))  # noqa: T201


def _train_missing(options: argparse.Namespace) -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    train_split, dev = (load_split("cebab", options.data, split) for split in ("train_exclusive", "dev"))
    for seed in range(options.seeds):
        for row in ROWS:
            folder, result = options.output / f"{row.name}-{seed}", RESULTS / f"{row.name}-{seed}.json"
            if seed >= row.seeds or (options.only and row.name not in options.only) or result.exists():
                continue
            logging.info("training %s, seed %d", row.title, seed)
            settings = config(row, options.backbone, seed, options.passes_per_step)
            train(settings, train_split, dev, folder, options.device, resume=(folder / FOLDER).exists())
            RESULTS.mkdir(exist_ok=True)
            report = json.loads((folder / METRICS_FILE).read_text())["dev"]
            result.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
