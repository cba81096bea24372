"""`causal`: do overrides and revisions foretell what a person's rewriting does to the prediction?"""

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sparsecbm.cli.console import only_result_on_stdout, progress_bar, say, show_table, write_json
from sparsecbm.cli.parser import (
    Commands,
    add_checkpoint,
    add_json,
    add_save,
    check_save,
    checkpoint_of,
    device_of,
    whole,
)
from sparsecbm.errors import DataError
from sparsecbm.evaluation.command import add_data

if TYPE_CHECKING:
    from sparsecbm.data import Split
    from sparsecbm.evaluation.causal import CausalReport
    from sparsecbm.evaluation.compute_causal import Edit
    from sparsecbm.model.checkpoint import Checkpoint


DATASET = "cebab"


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "causal",
        help="score overrides and revisions against what human rewriting really did",
        description="CEBaB has pairs of reviews in which a person rewrote one aspect. Compare what the model says of "
        "both with what an override, a mask revision, and reference explainers expected from the first alone.",
    )
    add_data(parser)
    parser.add_argument("--split", default="dev", help="split whose pairs are used (default: %(default)s)")
    parser.add_argument("--train-split", default="train_exclusive",
                        help="split that the references learn from (default: %(default)s)")
    parser.add_argument("--revision-pairs", type=whole, default=100, metavar="N",
                        help="pairs, drawn at random, on which masks are revised, too; each takes about a second, 0 "
                        "leaves it out (default: %(default)s)")
    parser.add_argument("--seed", type=whole, default=0,
                        help="seed of the drawn pairs, the random reference and the intervals (default: %(default)s)")
    add_save(parser)
    add_checkpoint(parser)
    add_json(parser)
    parser.set_defaults(run=run, parser=parser)


def run(options: argparse.Namespace) -> None:
    """Measure all effects and write the numbers."""
    from sparsecbm.data import load_split
    from sparsecbm.data.counterfactuals import load_pairs
    from sparsecbm.evaluation.causal import METRICS_KEY
    from sparsecbm.evaluation.compute_causal import causal, check_settings
    from sparsecbm.model.checkpoint import add_metrics, load_checkpoint

    with only_result_on_stdout():
        source = checkpoint_of(options)
        check_save(options, source)
        check_settings(options.revision_pairs, options.seed)
        if options.dataset != DATASET:
            raise DataError(f"Data set {options.dataset!r} came; allowed: {DATASET}, the only one with texts that were "
                            "rewritten in one aspect. Leave --dataset out.")
        pairs = load_pairs(options.data, options.split)
        train = load_split(options.dataset, options.data, options.train_split)
        checkpoint = load_checkpoint(source, device_of(options))
        most = len(pairs.split) + len(train) + min(options.revision_pairs, len(pairs))
        with progress_bar("reading and revising", most) as progress:
            found = causal(checkpoint, pairs, train, _revise(checkpoint, pairs.split, progress),
                           options.revision_pairs, options.seed, progress)
    report = found.to_json()
    if options.json:
        write_json(report)
    else:
        show(found)
    if options.save:  # last: what cannot be saved has at least been shown
        add_metrics(checkpoint.path, {METRICS_KEY: report})


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
    """The errors as a person reads them: smaller is better."""
    from sparsecbm.evaluation.causal import ERRORS

    show_table(
        f"Error of the foretold effect on {found.kept} pairs of {found.split}; smaller is better; 95 % interval over "
        "originals", ("", "pairs", "L2", "cosine distance", "norm difference"),
        [(name.replace("_", " "), str(score.n),
          *(f"{score.errors[error].mean:.3f} ({score.errors[error].ci95[0]:.3f} to {score.errors[error].ci95[1]:.3f})"
            for error in ERRORS)) for name, score in found.explainers.items()])
    say(f"{found.all} pairs in all; in {found.kept} of them annotators agree that the aspect changed. References learn "
        f"from {found.train}; seed {found.seed}.")
    for name, score in found.explainers.items():
        if score.to_override is not None:
            low, high = score.to_override["l2"].ci95
            verdict = "the override is nearer" if low > 0 else "the override is farther" if high < 0 else "undecided"
            say(f"{name.replace('_', ' ')} against the override on the same pairs, L2: "
                f"{score.to_override['l2'].mean:+.3f} ({low:+.3f} to {high:+.3f}), {verdict}")
