"""`field-test`: how right a model is on several sources, compared with simpler answers."""

import argparse
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from sparsecbm.cli.console import progress_bar, say, show_table
from sparsecbm.cli.measurement import Measurement, run_measurement
from sparsecbm.cli.parser import Commands, add_checkpoint, add_json, add_schema, add_seed, input_place

if TYPE_CHECKING:
    from sparsecbm.evaluation.field_test import FieldTest
    from sparsecbm.model.checkpoint import Checkpoint


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "field-test", help="compare the model with simpler answers on texts of several sources",
        description="Score label and concepts on splits of several data sets, beside the most common answer, a bag of "
        "words that learns from the rows that the model learned from, and a black box; with paired intervals, and with "
        "what correcting concepts is worth on each.")
    form = "DATASET:PLACE:SPLIT"
    parser.add_argument("--data", nargs="+", required=True, metavar=form, help="splits to score")
    parser.add_argument("--learned-from", nargs="+", default=[], metavar=f"{form}[=WEIGHT]",
                        help="splits that the model learned from: the bag of words learns from them, and their data "
                        "sets are in domain")
    parser.add_argument("--black-box", type=input_place, metavar="PATH_OR_HUB_ID",
                        help="checkpoint of a black box of the same backbone and rows")
    parser.add_argument("--save", action="store_true",
                        help="also write the result into the checkpoint's metrics.json, where the app finds it")
    add_schema(parser)
    add_seed(parser, "the intervals")
    add_checkpoint(parser)
    add_json(parser)
    parser.set_defaults(run=partial(run_measurement, measure), parser=parser)


def measure(options: argparse.Namespace, load: "Callable[[], Checkpoint]") -> Measurement:
    """Let all of them answer."""
    from sparsecbm.data.named_split import named_split
    from sparsecbm.evaluation.compute_field_test import Learned, Scored, field_test
    from sparsecbm.evaluation.field_test import METRICS_KEY
    from sparsecbm.model.checkpoint import load_checkpoint

    scored, learned = ([named_split(text, options.schema) for text in texts]
                       for texts in (options.data, options.learned_from))
    home = {one.dataset for one in learned}
    sources = [Scored(one.name, one.load(), one.dataset in home) for one in scored]
    rows = [Learned(one.name, one.load(), one.weight) for one in learned]
    checkpoint = load()
    box = None if options.black_box is None else load_checkpoint(options.black_box, options.device)
    most = sum(len(one.split) for one in sources) * (1 if box is None else 2)
    with progress_bar("predicting", most) as progress:
        found = field_test(checkpoint, sources, rows, box, options.seed, progress)
    report = found.to_json()
    return Measurement(report, lambda: show(found), {METRICS_KEY: report})


def show(found: "FieldTest") -> None:
    """The scores of each source as a table, 0..1, with the lead in accuracy."""
    for name, source in found.sources.items():
        rows = []
        for subject, scored in source.subjects.items():
            for who, answered in scored.answers.items():
                lead = "" if answered.lead is None else "{:+.3f} ({:+.3f} to {:+.3f})".format(
                    answered.lead["accuracy"].mean, *answered.lead["accuracy"].ci95)
                rows.append((f"{subject}, n = {scored.n}", who, f"{answered.accuracy:.3f}", f"{answered.macro_f1:.3f}",
                             lead))
        where = "in domain" if source.in_domain else "not trained on"
        show_table(f"{name} ({where}), {source.n} texts",
                   ("", "answers", "accuracy", "macro F1", "the model's lead in accuracy"), rows)
        if source.gain is not None:
            low, high = source.gain.ci95
            say(f"correcting misread concepts: {100 * source.gain.mean:+.1f} points of label accuracy on "
                f"{source.gain.n} rows ({100 * low:+.1f} to {100 * high:+.1f})")
