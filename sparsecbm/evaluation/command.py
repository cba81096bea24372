"""`evaluate`: how good a checkpoint is on a labelled split, and whether its explanations deserve belief."""

import argparse
from typing import TYPE_CHECKING, Any

from sparsecbm.cli.console import only_result_on_stdout, progress_bar, say, show_table, write_json
from sparsecbm.cli.parser import Commands, add_checkpoint, add_json, add_save, check_save, checkpoint_of, device_of
from sparsecbm.errors import InputError
from sparsecbm.revision.command_patches import add_patch, described, patch_of, patched

if TYPE_CHECKING:
    from sparsecbm.data import Split
    from sparsecbm.revision.patch import Patch


#: Where the report stands in metrics.json, of whichever split it is.
METRICS_KEY = "dev"


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "evaluate",
        help="score a checkpoint on a split: label, concepts, specificity, correction, sparsity",
        description="Score a checkpoint on a labelled split, with the majority baseline beside every score.",
    )
    add_data(parser)
    parser.add_argument(
        "--split", default="dev", help="split to score; dev and validation are one and the same (default: %(default)s)"
    )
    add_patch(parser)
    add_save(parser)
    add_checkpoint(parser)
    add_json(parser)
    parser.set_defaults(run=run, parser=parser)


def add_data(parser: argparse.ArgumentParser, required: bool = True) -> None:
    """Which data set, and where it lies."""
    parser.add_argument("--dataset", default="cebab", help="name of the data set (default: %(default)s)")
    parser.add_argument(
        "--data",
        required=required,
        metavar="DIR",
        help="folder or zip with the official files, or hub:OWNER/NAME on the Hugging Face Hub",
    )


def run(options: argparse.Namespace) -> None:
    """Score the checkpoint and write the report."""
    from sparsecbm.data import load_split
    from sparsecbm.evaluation.compute import evaluate
    from sparsecbm.export.values import patch_json
    from sparsecbm.model.checkpoint import add_metrics, load_checkpoint

    with only_result_on_stdout():
        source = checkpoint_of(options)
        check_save(options, source)
        patch = patch_of(options)
        if patch is not None and options.save:
            raise InputError("--save came with --patch; allowed: one of them, for metrics.json is of the model as it "
                             "is. Leave one of them out.")
        split = load_split(options.dataset, options.data, options.split)
        checkpoint = load_checkpoint(source, device_of(options))
        if patch is not None:
            checkpoint = patched(checkpoint, patch)
        with progress_bar("scoring", len(split)) as progress:
            report = evaluate(checkpoint, split, progress=progress).to_json()
        if patch is not None:
            report["patch"] = patch_json(patch, split.schema)
    if options.json:
        write_json(report)
    else:
        _tell(report, split, patch)
    if options.save:  # last: what cannot be saved has at least been shown
        add_metrics(checkpoint.path, {METRICS_KEY: report})


def _tell(report: dict[str, Any], split: "Split", patch: "Patch | None") -> None:
    for line in split.report.lines():
        say(line)
    if patch is not None:
        say(f"With {described(patch)}")
    show(report)


def show(report: dict[str, Any]) -> None:
    """The report as a person reads it; scores are 0..1."""
    label = report["label"]
    rows = []
    for name, part in {"label": label, **(report["concepts"] or {})}.items():
        majority = part["majority"]
        numbers = (part["accuracy"], majority["accuracy"], part["macro_f1"], majority["macro_f1"])
        rows.append((name, *map(_number, numbers)))
    headings = ("", "accuracy", "of the majority", "macro F1", "of the majority")
    show_table(f"Scores on {report['n']} texts of {report['split']}", headings, rows)
    intervals = ", ".join(f"{name} {low:.3f} to {high:.3f}" for name, (low, high) in label["ci95"].items())
    say(f"95 % intervals of the label: {intervals}")
    say(f"calibration error {label['ece']:.3f}; F1-OvR (paper), for comparison only: {label['f1_ovr_paper']:.3f}")
    if report["correction"] is not None:
        columns = ("all", "rows_with_wrong_concept", "no_residual")
        rows = [(name, *(_number(row[column]) for column in columns)) for name, row in report["correction"].items()]
        show_table("Label accuracy when the concepts are as predicted, with the wrong ones corrected, all true",
                   ("concepts", *(column.replace("_", " ") for column in columns)), rows)
        say(f"residual's share of the label logits: {report['residual_share']:.1%}")
    if report["specificity"] is not None:
        names = list(report["concepts"])
        show_table("Specificity: accuracy of each concept's head (column) through each concept's mask (row)",
                   ("mask", *names),
                   [(name, *map(_number, row)) for name, row in zip(names, report["specificity"], strict=True)])
        dropped = report["sparsity"]
        by_pass = ", ".join(f"{name} {share:.1%}" for name, share in dropped["masked_weights"].items())
        say(f"sparsity of the masked weights: {by_pass}; by all passes alike {dropped['union']:.1%}")
        say(f"sparsity of the whole model: {dropped['whole_model']:.1%}")


def _number(number: float | None) -> str:
    return "-" if number is None else f"{number:.3f}"
