"""`curve`: does correcting concepts help, in which order, and what if a correction is wrong?"""

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sparsecbm.cli.console import progress_bar, say, show_table
from sparsecbm.cli.measurement import Measurement, add_measurement
from sparsecbm.cli.parser import Commands, add_seed, at_least, number

if TYPE_CHECKING:
    from sparsecbm.data import Split
    from sparsecbm.evaluation.compute_curves import Correct
    from sparsecbm.evaluation.correction import CorrectionCurves, Curve
    from sparsecbm.model.checkpoint import Checkpoint


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = add_measurement(
        commands, "curve", measure,
        help="measure the label's error after 0, 1, ... corrected concepts, by policy",
        description="Measure the label's error on a labelled split after 0, 1, ... concepts are set to the annotators' "
        "majority, in the order of each policy; when they are set to wrong values; when an annotator sometimes errs; "
        "and, on some texts, when wrong concepts are corrected by a mask revision. Concepts without a majority are "
        "never set.",
        split="split to measure on",
        saved="the result, beside those of other data sets and splits,")
    parser.add_argument("--sample", type=at_least(1), metavar="N",
                        help="number of rows, drawn at random without replacement (default: all)")
    parser.add_argument("--orders", type=at_least(1), default=5, metavar="N",
                        help="random orders, and draws of an annotator's errors (default: %(default)s)")
    parser.add_argument("--error-rate", type=number, default=0.1, metavar="SHARE",
                        help="how often the annotator errs, 0 to 1 (default: %(default)s)")
    parser.add_argument("--revision-rows", type=at_least(0), default=20, metavar="N",
                        help="texts with a wrong concept on which masks are revised as well, and compared with random "
                        "edits of the same size; each takes some seconds, 0 leaves them out (default: %(default)s)")
    add_seed(parser, "sample, orders, errors, random edits and intervals")


def measure(options: argparse.Namespace, load: "Callable[[], Checkpoint]") -> Measurement:
    """Measure all curves."""
    from sparsecbm.data import load_split
    from sparsecbm.evaluation.compute_curves import check_settings, curves
    from sparsecbm.evaluation.correction import METRICS_KEY

    check_settings(options.sample, options.orders, options.error_rate, options.revision_rows, options.seed)
    split = load_split(options.dataset, options.data, options.split, options.schema)
    checkpoint = load()
    texts = min(len(split), options.sample or len(split))
    most = texts + options.revision_rows * len(split.schema.concepts)
    with progress_bar("predicting and revising", most) as progress:
        found = curves(checkpoint, split, options.sample, options.orders, options.error_rate, options.seed,
                       _edits(checkpoint, split, options.seed, progress), options.revision_rows, progress)
    report, stored = found.to_json(), checkpoint.metrics.get(METRICS_KEY) or {}
    return Measurement(report, lambda: show(found),
                       {METRICS_KEY: {**stored, f"{options.dataset}/{options.split}": report}})


def _edits(
    checkpoint: "Checkpoint", split: "Split", seed: int, progress: Callable[[int], None]
) -> dict[str, "Correct"] | None:
    """Mask revisions to the gold value, and random edits of the same size; none for a model without masks."""
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
    """The curves as tables, in percent."""
    from sparsecbm.evaluation.correction import ORACLE

    settings = found.settings
    steps = [str(step) for step in range(len(found.concepts) + 1)]
    named = dict(found.policies) | {"wrong": found.wrong, "annotator": found.annotator}
    _show_curves(f"Error of the label in percent on {settings.n} texts of {settings.split}, by the number of concepts "
                 "that are set to the annotators' majority", steps, named)
    say(f"{ORACLE} is an oracle: it knows the gold values when it chooses. Wrong: set to another value than the "
        f"majority. The annotator errs in {settings.error_rate:.0%} of the answers and follows the order of "
        f"{found.annotator_policy}.")
    say(f"texts with 0, 1, ... known concepts: {', '.join(map(str, found.known))}; a text with fewer known concepts "
        "than a step needs stays as it is")
    for name, curve in named.items():
        if curve.spread is not None:
            spread = " / ".join(f"{100 * sd:.1f}" for sd in curve.spread)
            say(f"{name}: standard deviation over {settings.orders} draws {spread}")
    if found.edits is not None:
        hard = found.edits
        _show_curves(f"Error of the label in percent on {hard.n} texts with a wrong concept, by the number of "
                     "corrected ones, in random order", steps, hard.curves)
        agree = ", ".join(f"{name} {share:.1%}" for name, share in hard.agree.items())
        say(f"of {hard.corrected} wrong concepts, the share that agrees with the annotators afterwards: {agree}")
    first = found.policies[found.annotator_policy]
    low, high = first.change_ci95[1]
    say(f"one concept, chosen by {found.annotator_policy}, changes the error by "
        f"{100 * (first.error[1] - first.error[0]):+.1f} points ({100 * low:+.1f} to {100 * high:+.1f}, 95 % interval "
        "over the same texts)")
    rising = {name: curve.rising for name, curve in named.items() if curve.rising}
    listed = "; ".join(f"{name} at {', '.join(map(str, at))}" for name, at in rising.items())
    say(f"steps whose error is above the interval of an earlier step: {listed or 'none'}")


def _show_curves(title: str, steps: list[str], curves: Any) -> None:
    def cell(curve: "Curve", step: int) -> str:
        low, high = curve.ci95[step]
        return f"{100 * curve.error[step]:.1f} ±{50 * (high - low):.1f}"

    show_table(f"{title}; ± half the width of the 95 % interval", ("", *steps),
               [(name.replace("_", " "), *(cell(curve, step) for step in range(len(steps))))
                for name, curve in curves.items()])
