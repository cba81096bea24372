"""Train and measure the models of the results tables and print them: mean and standard deviation over seeds.

    python -m benchmarks.table --data CEBAB_FOLDER --backbone FOLDER_OR_HUB_ID --output runs
    python -m benchmarks.table --data CEBAB_FOLDER --measure runs/structured_70-0 runs/structured_70-1 ...

What was measured of finished runs is stored in benchmarks/results. These runs are not repeated, and an interrupted
run resumes after its last complete epoch, so that the command can be repeated until the tables are complete. `--only
NAME` trains a single row; `--measure` trains nothing and measures runs that are finished, all seeds of a row in one
call, or what repeats over seeds stays unknown; `--print` does neither. A run with other settings than its row's is
measured from a folder such as runs/structured_70-0-beta=2, and gets a line of its own.
"""

import argparse
import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import torch

from benchmarks.table_columns import STABILITY, TABLES, stability_cells
from benchmarks.table_measure import SAMPLE, store
from sparsecbm.cli.parser import add_device
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
#: Contrastive masks are trained with the leakage loss: it cost no accuracy on dev and raised the least lead.
LEAKAGE = {"foreign_penalty": 0.3}


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
    Row("published", "dense CBM, published head (joint, logits, no residual)",
        {"kind": "dense", "bottleneck": "logits", "residual": False}, {},
        {"regime": "joint", "concept_targets": "majority"}),
    Row("dense", "dense CBM", {"kind": "dense"}, {}, {}),
    Row("core_exclusive", "SparseCBM, 70 % pruned, core + exclusive", {}, {}, {}),
    Row("independent", "SparseCBM, 70 % pruned, independent masks", {}, {"scheme": "independent"}, {}),
    Row("contrastive", "SparseCBM, 70 % pruned, contrastive masks", {}, {"scheme": "contrastive"}, LEAKAGE),
    *(Row(f"structured_{percent}", f"SparseCBM, {percent} % pruned, contrastive heads and neurons",
          {"mask_kind": "structured"}, {"scheme": "contrastive", "sparsity": percent / 100, "gradients": 192}, LEAKAGE)
      for percent in (50, 70, 90)),
    Row("magnitude", "core + exclusive, weights chosen by magnitude", {}, {"saliency": "magnitude"}, {}, seeds=1),
    Row("random", "core + exclusive, weights chosen at random", {}, {"saliency": "random"}, {}, seeds=1),
)


def config(row: Row, backbone: str, seed: int, passes: int | None) -> TrainConfig:
    """The settings of one run of one row."""
    model = ModelConfig(schema=CEBAB, **row.model)
    return TrainConfig(backbone=backbone, model=model, prune=PruneConfig(**row.prune), seed=seed,
                       passes_per_step=passes if model.kind == "sparse" else None,
                       probe_rows=0, **(MASKED if model.kind == "sparse" else EPOCHS) | row.train)


def tables(seeds: int, results: Path = RESULTS) -> str:
    """The Markdown tables of all rows with finished runs, in percent; that of subnetworks has only those with masks."""
    return "\n\n".join(f"{title}\n\n{_table(title, seeds, results)}" for title in TABLES)


def _table(title: str, seeds: int, results: Path) -> str:
    columns, masks = TABLES[title], title == "Subnetworks"
    names = ["model", "seeds", *(column.name for column in columns), *(STABILITY if masks else ())]
    lines = ["| " + " | ".join(names) + " |", "|---" * len(names) + "|"]
    for name, model, most in _named(results):
        paths = [results / f"{name}-{seed}.json" for seed in range(min(seeds, most))]
        reports = [_read(path) for path in paths if path.exists()]
        if not reports or (masks and not any(report["jaccard"] for report in reports)):
            continue
        cells = [column.cell(reports) for column in columns]
        if masks:
            repeated = results / f"{name}-seeds.json"
            cells += stability_cells(_read(repeated)) if repeated.exists() else ["-"] * len(STABILITY)
        lines.append(f"| {model} | {len(reports)} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _named(results: Path) -> Iterator[tuple[str, str, int]]:
    """Name, title and largest number of seeds of each row, each followed by what was measured of it with other
    settings, such as structured_70-beta=2."""
    found = sorted({path.stem.rpartition("-")[0] for path in results.glob("*=*-*.json")})
    for row in ROWS:
        yield row.name, row.title, row.seeds
        for name in found:
            if name.startswith(f"{row.name}-"):
                yield name, f"{row.title}, {name.removeprefix(f'{row.name}-').replace('-', ', ')}", row.seeds


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def main() -> None:
    """Train the missing runs, or measure those that are named; then print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--print", action="store_true", help="print the tables of the finished runs and stop")
    parser.add_argument("--measure", type=Path, nargs="+", metavar="FOLDER", help="measure finished runs and stop")
    parser.add_argument("--data", help="folder or zip with the CEBaB release files")
    parser.add_argument("--backbone", help="folder or Hub id of the pretrained transformer")
    parser.add_argument("--output", type=Path, default=Path("runs"), help="folder of the runs (default: %(default)s)")
    parser.add_argument("--seeds", type=int, default=3, help="seeds 0..N-1 (default: %(default)s)")
    parser.add_argument("--passes-per-step", type=int, help="passes per masked step (default: all)")
    parser.add_argument("--only", choices=[row.name for row in ROWS], action="append", help="rows to train")
    parser.add_argument("--sample", type=int, default=SAMPLE, help="rows to probe masks on (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads when measuring (default: %(default)s)")
    add_device(parser)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    if not options.print:
        if not options.data or not (options.backbone or options.measure):
            parser.error("training needs --data and --backbone, measuring needs --data; or give --print")
        folders = options.measure or _train_missing(options)
        torch.set_num_threads(options.threads)
        store(folders, load_split("cebab", options.data, "dev"), RESULTS, options.device, options.sample)
    print(tables(options.seeds))  # noqa: T201


def _train_missing(options: argparse.Namespace) -> list[Path]:
    """The folders of the runs whose results are missing, once they are trained, and all seeds of their rows."""
    train_split, dev = (load_split("cebab", options.data, split) for split in ("train_exclusive", "dev"))
    rows = [row for row in ROWS if not options.only or row.name in options.only]
    trained = set()
    for seed, row in product(range(options.seeds), rows):
        folder, result = options.output / f"{row.name}-{seed}", RESULTS / f"{row.name}-{seed}.json"
        if seed >= row.seeds or result.exists():
            continue
        if not (folder / METRICS_FILE).exists():
            logging.info("training %s, seed %d", row.title, seed)
            settings = config(row, options.backbone, seed, options.passes_per_step)
            train(settings, train_split, dev, folder, options.device, resume=(folder / FOLDER).exists())
        trained.add(row.name)
    found = [options.output / f"{row.name}-{seed}" for row in rows if row.name in trained
             for seed in range(min(options.seeds, row.seeds))]
    return [folder for folder in found if (folder / METRICS_FILE).exists()]


if __name__ == "__main__":
    main()
