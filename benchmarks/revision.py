"""How many mispredicted concepts mask revisions correct, compared with random edits of the same size.

    python -m benchmarks.revision --data CEBAB_FOLDER

Concepts that the model mispredicts in documents of a split are revised to their gold values, in the default number of
steps. Exit code 1 when fewer than 90 % of them reach these. What a revision costs is measured by `python -m sparsecbm
benchmark`.
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
from sparsecbm.revision.compute import DEFAULT_PORTION, DEFAULT_STEPS
from sparsecbm.service import Explainer

#: Share of the concepts that may stay as they are.
MOST_UNCORRECTED = 0.1


def agreement(
    checkpoint: Checkpoint, data: str, split: str, sample: int, seed: int, portion: float = DEFAULT_PORTION
) -> dict[str, Any]:
    """The share of mispredicted concepts that revisions, and random edits, correct in `sample` documents with some."""
    explainer, rows = Explainer(checkpoint), load_split("cebab", data, split)
    values, concepts = explainer.schema.values, explainer.schema.concepts
    found, used = [], 0
    for row in rows.draw(len(rows), seed):
        text, truth = rows.texts[row], rows.concepts[row]
        made = explainer.predict(text)
        wrong = [k for k, concept in enumerate(concepts) if truth[k] >= 0 and made.value(concept) != values[truth[k]]]
        used += bool(wrong)
        for k in wrong:
            revised = explainer.revise(text, concepts[k], values[truth[k]], portion)
            drawn = explainer.random_edit(text, revised.revision, seed=seed)
            found.append((revised.agrees, drawn.agrees, revised.revision.portion, revised.revision.steps))
        if used == sample:
            break
    agree, by_chance, portions, steps = (np.array(column) for column in zip(*found, strict=True))
    made_of = {
        "split": split, "seed": seed, "reviews": used, "concepts": len(found), "portion": portion,
        "steps": DEFAULT_STEPS, "agree": float(agree.mean()), "agree_after_random_edit": float(by_chance.mean()),
        "portion_median": float(np.median(portions)), "portion_largest": float(portions.max()),
        "steps_largest": int(steps.max()), "checkpoint": checkpoint.hash,
    }
    return report(explainer.checkpoint.device, shares={
        "uncorrected": {"median": 1 - made_of["agree"], "bound": MOST_UNCORRECTED}}) | made_of


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; 0 within the bound, otherwise 1."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.revision", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, default=Path("checkpoints/cebab-minilm"), help="a sparse checkpoint")
    parser.add_argument("--data", required=True, help="folder or zip with the CEBaB release files")
    parser.add_argument("--split", default="dev", help="its split (default: %(default)s)")
    parser.add_argument("--sample", type=int, default=60,
                        help="documents with a mispredicted concept (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the sample (default: %(default)s)")
    parser.add_argument("--portion", type=float, default=DEFAULT_PORTION,
                        help="portion of a revision (default: %(default)s)")
    add_device(parser)
    options = parser.parse_args(arguments)
    checkpoint = load_checkpoint(options.checkpoint, options.device)
    return write(agreement(checkpoint, options.data, options.split, options.sample, options.seed, options.portion))


if __name__ == "__main__":
    sys.exit(main())
