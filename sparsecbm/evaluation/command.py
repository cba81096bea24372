"""`evaluate`: how good a checkpoint is on a labelled split, compared with the majority baseline."""

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sparsecbm.cli.console import progress_bar, say, show_table
from sparsecbm.cli.measurement import Measurement, add_measurement
from sparsecbm.cli.parser import Commands
from sparsecbm.errors import InputError
from sparsecbm.revision.command_patches import add_patch, described, patch_of, patched

if TYPE_CHECKING:
    from sparsecbm.model.checkpoint import Checkpoint

#: Where the report is saved in metrics.json, whichever split it is of.
METRICS_KEY = "dev"


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = add_measurement(
        commands, "evaluate", measure,
        help="score a checkpoint on a split: label, concepts, specificity, correction, sparsity",
        description="Score a checkpoint on a labelled split, and compare every score with the majority baseline.",
        split="split to score; dev and validation are the same split")
    add_patch(parser)


def measure(options: argparse.Namespace, load: "Callable[[], Checkpoint]") -> Measurement:
    """Score the checkpoint, with its masks as a patch leaves them if there is one."""
    from sparsecbm.data import load_split
    from sparsecbm.evaluation.compute import evaluate
    from sparsecbm.export.values import patch_json

    patch = patch_of(options)
    if patch is not None and options.save:
        raise InputError("--save and --patch cannot be combined, because metrics.json describes the model without "
                         "patches. Leave one of them out.")
    split = load_split(options.dataset, options.data, options.split, options.schema)
    checkpoint = load() if patch is None else patched(load(), patch)
    with progress_bar("scoring", len(split)) as progress:
        scored = evaluate(checkpoint, split, progress=progress)
    if options.save and not scored.complete:
        raise InputError(f"Split {split.name} of {options.dataset} does not tell of everything that the model says; "
                         "allowed with --save: a split that tells of the label and of every concept. Leave --save out.")
    report = scored.to_json()
    if patch is not None:
        report["patch"] = patch_json(patch, split.schema)

    def show_all() -> None:
        for line in split.report.lines():
            say(line)
        if patch is not None:
            say(f"With {described(patch)}")
        show(report)

    return Measurement(report, show_all, {METRICS_KEY: report})


def show(report: dict[str, Any]) -> None:
    """The report as tables; scores are 0..1."""
    from sparsecbm.evaluation.correction import KINDS

    label, concepts = report["label"], report["concepts"] or {}
    scored = {name: part for name, part in {"label": label, **concepts}.items() if part is not None}
    rows = []
    for name, part in scored.items():
        majority = part["majority"]
        numbers = (part["accuracy"], majority["accuracy"], part["macro_f1"], majority["macro_f1"])
        rows.append((name, f"{part['n']}", *map(_number, numbers)))
    headings = ("", "n", "accuracy", "majority", "macro F1", "majority")
    show_table(f"Scores on {report['n']} texts of {report['split']}, compared with the majority baseline",
               headings, rows)
    untold = [name for name in ("label", *concepts) if name not in scored]
    if untold:
        say(f"No text tells of {', '.join(untold)}.")
    if label is not None:
        intervals = ", ".join(f"{name} {low:.3f} to {high:.3f}" for name, (low, high) in label["ci95"].items())
        say(f"95 % intervals of the label: {intervals}")
        say(f"calibration error {label['ece']:.3f}; F1-OvR (paper), for comparison only: {label['f1_ovr_paper']:.3f}")
    if report["correction"] is not None:
        columns = ("all", "rows_with_wrong_concept", "no_residual")
        rows = [(kind, *(_number(report["correction"][kind][column]) for column in columns)) for kind in KINDS]
        show_table("Label accuracy with the concepts as predicted, with wrong ones corrected, and with all gold values",
                   ("concepts", *(column.replace("_", " ") for column in columns)), rows)
        gain = report["correction"]["gain"]
        if gain is not None:
            say(f"correcting the wrong concepts of {gain['n']} rows changes their label accuracy by "
                f"{100 * gain['mean']:+.1f} points (95 % {100 * gain['ci95'][0]:+.1f} to "
                f"{100 * gain['ci95'][1]:+.1f})")
        say(f"residual's share of the label logits: {report['residual_share']:.1%}")
    if report["specificity"] is not None:
        names = list(report["concepts"])
        show_table("Specificity: accuracy of each concept's head (column) through each concept's mask (row)",
                   ("mask", *names),
                   [(name, *map(_number, row)) for name, row in zip(names, report["specificity"], strict=True)])
        dropped = report["sparsity"]
        by_pass = ", ".join(f"{name} {share:.1%}" for name, share in dropped["masked_weights"].items())
        say(f"sparsity of the masked weights: {by_pass}; dropped by all passes {dropped['union']:.1%}")
        say(f"sparsity of the whole model: {dropped['whole_model']:.1%}")


def _number(number: float | None) -> str:
    return "-" if number is None else f"{number:.3f}"
