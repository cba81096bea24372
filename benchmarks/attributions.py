"""How far the scores of integrated gradients add up, over documents of a split: their completeness gap.

    python -m benchmarks.attributions --data CEBAB_FOLDER

The predicted value of every concept is explained. Exit code 1 when the gap is above 2 % of |f(x) - f(baseline)| at the
median, or above 10 % at the 95th percentile. What the scores cost is measured by `python -m sparsecbm benchmark`.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import report, write
from sparsecbm.cli.parser import add_device
from sparsecbm.data import load_split
from sparsecbm.model.checkpoint import Checkpoint, load_checkpoint
from sparsecbm.service import Explainer
from sparsecbm.types import Target

STEPS = 32
MOST_MEDIAN_GAP, MOST_HIGH_GAP = 0.02, 0.10


def gaps(checkpoint: Checkpoint, data: str, split: str, sample: int, seed: int) -> dict[str, Any]:
    """Completeness gaps of the concepts' predicted values, as shares of |f(x) - f(baseline)|."""
    explainer, texts = Explainer(checkpoint), load_split("cebab", data, split).texts
    rows = np.random.default_rng(seed).choice(len(texts), min(sample, len(texts)), replace=False)
    found = []
    for row in rows:
        text = texts[int(row)]
        prediction = explainer.predict(text)
        chosen = [Target(concept, prediction.value(concept)) for concept in explainer.schema.concepts]
        found += [a.relative_gap for a in explainer.explain(text, chosen, steps=STEPS).attributions]
    median, high = (float(np.percentile(found, share)) for share in (50, 95))
    made = {"split": split, "n": len(rows), "seed": seed, "targets": len(found), "steps": STEPS,
            "largest": float(max(found)), "checkpoint": checkpoint.hash}
    return report(explainer.checkpoint.device, gaps={"at_the_median": {"median": median, "bound": MOST_MEDIAN_GAP},
                                                     "at_95_percent": {"median": high, "bound": MOST_HIGH_GAP}}) | made


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; 0 within the bounds, otherwise 1."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.attributions", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, default=Path("checkpoints/cebab-minilm"), help="a trained model")
    parser.add_argument("--data", required=True, help="folder or zip with the CEBaB release files")
    parser.add_argument("--split", default="dev", help="its split (default: %(default)s)")
    parser.add_argument("--sample", type=int, default=100, help="number of its documents (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the sample (default: %(default)s)")
    add_device(parser)
    options = parser.parse_args(arguments)
    checkpoint = load_checkpoint(options.checkpoint, options.device)
    return write(gaps(checkpoint, options.data, options.split, options.sample, options.seed))


if __name__ == "__main__":
    sys.exit(main())
