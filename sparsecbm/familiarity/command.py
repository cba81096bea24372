"""`familiarity`: fits the measure of how unlike the training texts a text is, for a checkpoint that has none."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sparsecbm.cli.console import only_result_on_stdout, printable, progress_bar, say, write_json
from sparsecbm.cli.parser import Commands, add_checkpoint, add_data, add_json, add_seed, at_least, checkpoint_of
from sparsecbm.errors import InputError

if TYPE_CHECKING:
    from sparsecbm.data.named_split import NamedSplit
    from sparsecbm.familiarity.compute import FamiliarityReport


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "familiarity",
        help="measure how unlike the training texts a text must be to be marked",
        description="Fit the measure of how unlike the training texts a text is, and write it into the checkpoint's "
        "folder as familiarity.safetensors, where the app and the other commands find it. The model stays as it is. "
        "Training does the same at its end.",
    )
    add_data(parser)
    parser.add_argument("--train", action="append", default=[], metavar="DATASET:PLACE:SPLIT",
                        help="what the model was trained on, may come several times (default: the split of --data that "
                        "the checkpoint names)")
    parser.add_argument("--split", default="dev", metavar="NAME",
                        help="held-out split that says how unlike texts usually are (default: %(default)s)")
    parser.add_argument("--rows", type=at_least(2), default=4000, metavar="N",
                        help="training texts to read, drawn at random without replacement (default: %(default)s)")
    add_seed(parser, "the draw")
    add_checkpoint(parser)
    add_json(parser)
    parser.set_defaults(run=run, parser=parser)


def run(options: argparse.Namespace) -> None:
    """Read the splits, fit, and write the file into the checkpoint's folder."""
    import numpy as np

    from sparsecbm.data import load_split
    from sparsecbm.familiarity.compute import add_familiarity
    from sparsecbm.model.checkpoint import load_checkpoint

    source = checkpoint_of(options)
    if not Path(source).is_dir():
        raise InputError(f"{str(source)!r} is not a folder on this machine, so nothing can be written to it. Use a "
                         "local copy of the checkpoint.")
    with only_result_on_stdout():
        checkpoint = load_checkpoint(source, options.device)
        held_out = load_split(options.dataset, options.data, options.split, options.schema)
        every = [text for source in trained_on(options, checkpoint.metrics) for text in source.load().texts]
        texts = [every[row] for row in np.random.default_rng(options.seed).permutation(len(every))[: options.rows]]
        with progress_bar("reading texts", len(texts) + len(held_out)) as advance:
            report = add_familiarity(checkpoint, texts, held_out.texts, advance)
    if options.json:
        write_json(report.to_json())
    else:
        show(report)


def trained_on(options: argparse.Namespace, metrics: Mapping[str, Any]) -> "list[NamedSplit]":
    """The splits that the user named, or the one that the checkpoint does; InputError where it names none, or more."""
    from sparsecbm.data.named_split import NamedSplit, named_split

    if options.train:
        return [named_split(text, options.schema) for text in options.train]
    training = metrics.get("training", {})
    if "split" not in training or len(training.get("sources", ())) > 1:
        raise InputError(f"The checkpoint was trained on {training.get('split', 'what it does not say')}; allowed "
                         "without --train: one split of --data. Name each split with --train DATASET:PLACE:SPLIT.")
    return [NamedSplit(options.dataset, options.data, training["split"], schema=options.schema)]


def show(report: "FamiliarityReport") -> None:
    """The result as sentences."""
    say(f"Read {report.train_texts:,} training and {report.held_out_texts:,} held-out texts; the covariance is shrunk "
        f"by {report.shrinkage:.3f}.")
    say(f"{100 * report.marked:.1f} % of the held-out texts are marked as unlike the training texts.")
    say(printable(f"Written to {report.file}; a running app reads it at its next start"))
