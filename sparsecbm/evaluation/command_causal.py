"""`causal`: do overrides and revisions predict what a person's rewriting does to the prediction?"""

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sparsecbm.cli.console import progress_bar, say, show_table
from sparsecbm.cli.measurement import Measurement, add_measurement
from sparsecbm.cli.parser import Commands, add_seed, at_least
from sparsecbm.errors import DataError

if TYPE_CHECKING:
    from sparsecbm.data import Split
    from sparsecbm.evaluation.causal import CausalReport
    from sparsecbm.evaluation.compute_causal import Edit
    from sparsecbm.model.checkpoint import Checkpoint

DATASET = "cebab"


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = add_measurement(
        commands, "causal", measure,
        help="compare overrides and revisions with the effect of human rewriting",
        description="CEBaB has pairs of reviews in which a person rewrote one aspect. Compare the change of the "
        "prediction within a pair with the change that an override, a mask revision and reference explainers expect "
        "from the first review alone.",
        split="split with the pairs")
    parser.add_argument("--train-split", default="train_exclusive", metavar="NAME",
                        help="split that the references learn from (default: %(default)s)")
    parser.add_argument("--revision-pairs", type=at_least(0), default=100, metavar="N",
                        help="random pairs on which masks are revised as well; each takes about a second, 0 leaves "
                        "revisions out (default: %(default)s)")
    add_seed(parser, "the drawn pairs, the random reference and the intervals")


def measure(options: argparse.Namespace, load: "Callable[[], Checkpoint]") -> Measurement:
    """Measure all effects."""
    from sparsecbm.data import load_split
    from sparsecbm.data.cebab import load_pairs
    from sparsecbm.evaluation.causal import METRICS_KEY
    from sparsecbm.evaluation.compute_causal import causal

    if options.dataset != DATASET:
        raise DataError(f"Data set {options.dataset!r} has no texts that were rewritten in one aspect; only {DATASET} "
                        "has. Leave --dataset out.")
    pairs = load_pairs(options.data, options.split)
    train = load_split(options.dataset, options.data, options.train_split)
    checkpoint = load()
    most = len(pairs.split) + len(train) + min(options.revision_pairs, len(pairs))
    with progress_bar("predicting and revising", most) as progress:
        found = causal(checkpoint, pairs, train, _revise(checkpoint, pairs.split, progress),
                       options.revision_pairs, options.seed, progress)
    report = found.to_json()
    return Measurement(report, lambda: show(found), {METRICS_KEY: report})


def _revise(checkpoint: "Checkpoint", split: "Split", progress: Callable[[int], None]) -> "Edit | None":
    """The mask revision that gives a concept a value; none for a model without masks."""
    from sparsecbm.service import Explainer

    if checkpoint.masks is None:
        return None
    explainer, schema = Explainer(checkpoint), split.schema

    def revise(row: int, k: int, v: int) -> Any:
        progress(1)
        return explainer.revise(split.texts[row], schema.concepts[k], schema.values[v]).after.label_logits

    return revise


def show(found: "CausalReport") -> None:
    """The errors as a table; smaller is better."""
    from sparsecbm.evaluation.causal import ERRORS

    show_table(
        f"Error of the predicted effect on {found.kept} pairs of {found.split}; smaller is better; 95 % interval over "
        "originals", ("", "pairs", "L2", "cosine distance", "norm difference"),
        [(name.replace("_", " "), str(score.n),
          *(f"{score.errors[error].mean:.3f} ({score.errors[error].ci95[0]:.3f} to {score.errors[error].ci95[1]:.3f})"
            for error in ERRORS)) for name, score in found.explainers.items()])
    say(f"{found.all} pairs in all; annotators agree that the aspect changed in {found.kept} of them. References learn "
        f"from {found.train}; seed {found.seed}.")
    for name, score in found.explainers.items():
        if score.to_override is not None:
            low, high = score.to_override["l2"].ci95
            side = "smaller" if low > 0 else "larger"
            verdict = f"the override has the {side} error" if low * high > 0 else "undecided"
            say(f"{name.replace('_', ' ')} compared with the override on the same pairs, L2: "
                f"{score.to_override['l2'].mean:+.3f} ({low:+.3f} to {high:+.3f}), {verdict}")
