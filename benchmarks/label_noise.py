"""How much wrong concept labels cost, with and without concept-level MixUp.

    python -m benchmarks.label_noise --output FOLDER [--noise 0 0.2 0.4 0.6] [--mixup 0.4] [--seeds 0 1 2] -- OPTIONS

OPTIONS are those of `python -m sparsecbm train`, such as --data and --backbone. For every share of texts whose concept
labels are made wrong, and every seed, a model is trained without MixUp and one with it, into a folder of FOLDER; a run
that is finished there is taken as it is, and one that was interrupted goes on. With the same seed, both learn from the
same wrong labels. Scores are those of the first evaluation source, whose labels stay as they are. Prints a Markdown
table and writes curve.json: accuracies in percent, means over seeds, and of what MixUp gains the least and the most.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sparsecbm.__main__ import main as sparsecbm

NOISE, MIXUP, SEEDS = (0.0, 0.2, 0.4, 0.6), 0.4, (0, 1, 2)
HEAD = ("| texts with wrong concepts | concepts | with MixUp | gain (least to most) | {label} | with MixUp | "
        "gain (least to most) |\n|---|---|---|---|---|---|---|")


def scores(output: Path, noise: float, mixup: float, seed: int, options: Sequence[str]) -> dict[str, Any]:
    """The report of a run, which is made unless it is there: `concepts` (the mean) and `label`, 0..1."""
    folder = output / f"noise-{noise:g}-mixup-{mixup:g}-seed-{seed}"
    unfinished = (folder / "resume").exists()
    if unfinished or not (folder / "metrics.json").exists():
        settings = ["--concept-noise", str(noise), "--mixup", str(mixup), "--seed", str(seed), "--output", str(folder)]
        if sparsecbm(["train", *options, *settings, *(["--resume"] if unfinished else [])]) != 0:
            raise SystemExit(f"The run in {folder} failed, see above.")
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    report, schema = metrics["dev"], metrics["training"]["config"]["model"]["schema"]
    known = [one["accuracy"] for one in report["concepts"].values() if one is not None]
    return {"n": report["n"], "concepts": sum(known) / len(known), "label": report["label"]["accuracy"],
            "label_title": schema["label_title"], "wrong": metrics["training"].get("concept_noise", {})}


def point(noise: float, runs: Sequence[tuple[dict[str, Any], dict[str, Any]]]) -> dict[str, Any]:
    """What the seeds' runs, each without and with MixUp, say of one share of noise; percent."""
    made: dict[str, Any] = {"noise": noise, "n": runs[0][0]["n"], "seeds": len(runs)}
    for what in ("concepts", "label"):
        plain, mixed = ([100 * pair[side][what] for pair in runs] for side in (0, 1))
        gains = [after - before for before, after in zip(plain, mixed, strict=True)]
        made[what] = {"plain": sum(plain) / len(runs), "mixup": sum(mixed) / len(runs),
                      "gain": sum(gains) / len(runs), "least": min(gains), "most": max(gains)}
    return made


def row(made: dict[str, Any]) -> str:
    """One line of the table."""
    cells = [f"{100 * made['noise']:.0f} %"]
    for one in (made["concepts"], made["label"]):
        cells += [f"{one['plain']:.1f}", f"{one['mixup']:.1f}",
                  f"{one['gain']:+.1f} ({one['least']:+.1f} to {one['most']:+.1f})"]
    return f"| {' | '.join(cells)} |"


def main(arguments: Sequence[str] | None = None) -> int:
    """Train what is missing, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.label_noise", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, required=True, help="folder for the runs")
    parser.add_argument("--noise", type=float, nargs="+", default=NOISE, help="shares of texts, 0..1")
    parser.add_argument("--mixup", type=float, default=MIXUP, help="alpha of the runs with it (default: %(default)s)")
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS, help="seeds of the runs")
    given = list(sys.argv[1:] if arguments is None else arguments)
    end = given.index("--") if "--" in given else len(given)
    options, training = parser.parse_args(given[:end]), given[end + 1:]
    curve, title = [], ""
    for noise in options.noise:
        runs = []
        for seed in options.seeds:
            plain, mixed = (scores(options.output, noise, mixup, seed, training) for mixup in (0.0, options.mixup))
            assert plain["wrong"] == mixed["wrong"], "both learn from the same labels"
            runs.append((plain, mixed))
        curve.append(point(noise, runs))
        title = runs[0][0]["label_title"]
    (options.output / "curve.json").write_text(json.dumps(curve, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write("\n".join([HEAD.format(label=title), *map(row, curve)]) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
