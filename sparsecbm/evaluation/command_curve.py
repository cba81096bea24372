"""`curve`: does correcting concepts help, in which order, and what if the correction is wrong?"""

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
    number,
    whole,
)
from sparsecbm.evaluation.command import add_data

if TYPE_CHECKING:
    from sparsecbm.data import Split
    from sparsecbm.evaluation.compute_curves import Correct
    from sparsecbm.evaluation.curves import CorrectionCurves, Curve
    from sparsecbm.model.checkpoint import Checkpoint


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "curve",
        help="measure the label's error after 0, 1, .. corrected concepts, by policy",
        description="Measure the label's error on a labelled split after 0, 1, .. concepts were set to the annotators' "
        "majority, in the order of each policy; when they are set to wrong values; when an annotator sometimes errs; "
        "and, on some texts, when misread concepts are put right by a mask revision. A concept without a majority is "
        "never set.",
    )
    add_data(parser)
    parser.add_argument("--split", default="dev", help="split to measure on (default: %(default)s)")
    parser.add_argument("--sample", type=whole, metavar="N",
                        help="measure on so many rows drawn at random, without replacement (default: all)")
    parser.add_argument("--orders", type=whole, default=5, metavar="N",
                        help="random orders, and draws of an annotator's errors (default: %(default)s)")
    parser.add_argument("--error-rate", type=number, default=0.1, metavar="SHARE",
                        help="how often the annotator errs, 0 to 1 (default: %(default)s)")
    parser.add_argument("--revision-rows", type=whole, default=20, metavar="N",
                        help="texts with a misread concept on which masks are revised, too, beside random edits of the "
                        "same size; each takes some seconds, 0 leaves it out (default: %(default)s)")
    parser.add_argument("--seed", type=whole, default=0,
                        help="seed of sample, orders, errors, random edits and intervals (default: %(default)s)")
    add_save(parser)
    add_checkpoint(parser)
    add_json(parser)
    parser.set_defaults(run=run, parser=parser)


def run(options: argparse.Namespace) -> None:
    """Measure all curves and write the numbers."""
    from sparsecbm.data import load_split
    from sparsecbm.evaluation.compute_curves import check_settings, curves
    from sparsecbm.evaluation.curves import METRICS_KEY
    from sparsecbm.model.checkpoint import add_metrics, load_checkpoint

    with only_result_on_stdout():
        source = checkpoint_of(options)
        check_save(options, source)
        check_settings(options.sample, options.orders, options.error_rate, options.revision_rows, options.seed)
        split = load_split(options.dataset, options.data, options.split)
        checkpoint = load_checkpoint(source, device_of(options))
        texts = min(len(split), options.sample or len(split))
        most = texts + options.revision_rows * len(split.schema.concepts)
        with progress_bar("reading and revising", most) as progress:
            found = curves(checkpoint, split, options.sample, options.orders, options.error_rate, options.seed,
                           _edits(checkpoint, split, options.seed, progress), options.revision_rows, progress)
    report = found.to_json()
    if options.json:
        write_json(report)
    else:
        show(found)
    if options.save:  # last: what cannot be saved has at least been shown
        add_metrics(checkpoint.path, {METRICS_KEY: report})


def _edits(
    checkpoint: "Checkpoint", split: "Split", seed: int, progress: Callable[[int], None]
) -> dict[str, "Correct"] | None:
    """Mask revisions to the true value, and random edits of the same size; none for a model without masks."""
    from sparsecbm.revision.edit import Revision
    from sparsecbm.service import Explainer

    if checkpoint.masks is None:
        return None
    explainer, schema, made = Explainer(checkpoint), split.schema, dict[tuple[int, int], Revision]()

    def revision(row: int, k: int) -> Any:
        result = explainer.revise(split.texts[row], schema.concepts[k], schema.values[split.concepts[row, k]])
        made[row, k] = result.revision
        return result.after.bottleneck[k]

    def random_edit(row: int, k: int) -> Any:  # after the revision of the same concept
        progress(1)
        return explainer.random_edit(split.texts[row], made[row, k], seed=seed).after.bottleneck[k]

    return {"revision": revision, "random_edit": random_edit}


def show(found: "CorrectionCurves") -> None:
    """The curves as a person reads them, in percent."""
    from sparsecbm.evaluation.curves import ORACLE

    settings = found.settings
    steps = [str(step) for step in range(len(found.concepts) + 1)]
    named = dict(found.policies) | {"wrong": found.wrong, "annotator": found.annotator}
    _show_curves(f"Error of the label in percent, {settings.n} texts of {settings.split}, after so many concepts were "
                 "set to the annotators' majority", steps, named)
    say(f"{ORACLE} is an oracle: it knows the truth when it chooses. Wrong: set to another value than the majority. "
        f"The annotator errs in {settings.error_rate:.0%} and is asked in the order of {found.annotator_policy}.")
    say(f"texts with 0, 1, .. known concepts: {', '.join(map(str, found.known))}; one with fewer than were asked for "
        "stays as it is")
    for name, curve in named.items():
        if curve.spread is not None:
            spread = " / ".join(f"{100 * sd:.1f}" for sd in curve.spread)
            say(f"{name}: standard deviation over {settings.orders} draws {spread}")
    if found.edits is not None:
        hard = found.edits
        _show_curves(f"Error of the label in percent on {hard.n} texts with a misread concept, after so many of the "
                     "misread ones were corrected in random order", steps, hard.curves)
        agree = ", ".join(f"{name} {share:.1%}" for name, share in hard.agree.items())
        say(f"of {hard.corrected} misread concepts, those that then say what the annotators say: {agree}")
    first = found.policies[found.annotator_policy]
    low, high = first.change_ci95[1]
    say(f"one concept, chosen by {found.annotator_policy}, changes the error by "
        f"{100 * (first.error[1] - first.error[0]):+.1f} points ({100 * low:+.1f} to {100 * high:+.1f}, 95 % interval "
        "over the same texts)")
    rising = {name: curve.rising for name, curve in named.items() if curve.rising}
    listed = "; ".join(f"{name} at {', '.join(map(str, at))}" for name, at in rising.items())
    say(f"error above the interval of an earlier step: {listed or 'nowhere'}")


def _show_curves(title: str, steps: list[str], curves: Any) -> None:
    def cell(curve: "Curve", step: int) -> str:
        low, high = curve.ci95[step]
        return f"{100 * curve.error[step]:.1f} ±{50 * (high - low):.1f}"

    show_table(f"{title}; ± half the width of the 95 % interval", ("", *steps),
               [(name.replace("_", " "), *(cell(curve, step) for step in range(len(steps))))
                for name, curve in curves.items()])
