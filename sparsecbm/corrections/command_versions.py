"""`corrections impact` and `adopt`: what a checkpoint that learned from corrections changes, and its adoption."""

import argparse
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sparsecbm.cli.console import only_result_on_stdout, printable, say, share_bar, show_table, write_json
from sparsecbm.cli.parser import (
    Parser,
    add_device,
    add_json,
    add_schema,
    at_least,
    input_path,
    input_place,
    output_path,
)
from sparsecbm.errors import InputError

if TYPE_CHECKING:
    from sparsecbm.corrections.learning_impact import LearningImpact
    from sparsecbm.schema import ConceptSchema


def add_versions(actions: Any) -> None:
    """Declare the two among the actions of `corrections`."""
    impact: Parser = actions.add_parser(
        "impact", help="compare a checkpoint that learned from corrections with the one before",
        description="Count which answers become right (fixed) and wrong (broken) when a checkpoint that learned from "
        "corrections answers in place of the one before: on the corrected texts that were held out, on those that were "
        "learned from, and on splits of data sets, without the corrected texts.")
    impact.add_argument("before", type=input_place, metavar="BEFORE", help="the checkpoint that was corrected")
    impact.add_argument("after", type=input_place, metavar="AFTER", help="the checkpoint that learned from corrections")
    impact.add_argument("file", type=input_path, metavar="FILE", help="the corrections, a file that `corrections "
                        "export` wrote; texts that neither learned from count as held out")
    impact.add_argument("--data", nargs="+", default=[], metavar="DATASET:PLACE:SPLIT", help="splits to compare on")
    impact.add_argument("--most", type=at_least(0), default=5, metavar="N", help="of each count, show so many texts "
                        "(default: %(default)s); --json lists all")
    impact.add_argument("--save", action="store_true",
                        help="also write the counts into metrics.json of AFTER and onto its card, as `adopt` needs it")
    add_schema(impact)
    add_device(impact)
    add_json(impact)
    impact.set_defaults(run=measure_impact, parser=impact)
    adopt: Parser = actions.add_parser(
        "adopt", help="make a checkpoint that learned from corrections a version",
        description="Copy a checkpoint that learned from corrections to a new folder, once `corrections impact --save` "
        "has measured what it changes. Its card names the checkpoint before, which stays. The dashboard offers all "
        "checkpoints of a folder of them.")
    adopt.add_argument("source", type=input_path, metavar="CHECKPOINT", help="the checkpoint that learned")
    adopt.add_argument("--into", type=output_path, required=True, metavar="FOLDER", help="the new folder")
    add_json(adopt)
    adopt.set_defaults(run=adopt_version, parser=adopt)


def measure_impact(options: argparse.Namespace) -> None:
    """Let both answer, show what changes, and save it last."""
    from sparsecbm.corrections.compute_learning_impact import learning_impact
    from sparsecbm.corrections.correction_files import read_history
    from sparsecbm.corrections.correction_split import correction_split
    from sparsecbm.corrections.learning_impact import METRICS_KEY
    from sparsecbm.data.named_split import named_split
    from sparsecbm.model.checkpoint import load_checkpoint, write_notes
    from sparsecbm.training.card import model_card

    if options.save and not Path(options.after).is_dir():
        raise InputError(f"--save needs a checkpoint folder to write to, and {str(options.after)!r} is not a folder on "
                         "this machine. Leave --save out, or use a local copy of the checkpoint.")
    with only_result_on_stdout():
        load = cache(partial(load_checkpoint, device=options.device))
        before, after = load(options.before), load(options.after)
        if options.save and "training" not in after.metrics:
            raise InputError(f"{options.after} does not say how it was trained, so it has no card to write on; allowed "
                             "with --save: a checkpoint that `train` wrote. Leave --save out.")
        schema = after.model.config.schema
        corrected = correction_split(read_history(options.file, schema), schema, options.file)
        named = [named_split(text, options.schema) for text in options.data]
        with share_bar("comparing") as progress:
            found = learning_impact(before, after, corrected, {one.name: one.load() for one in named}, progress)
    if options.json:
        write_json(found.to_json())
    else:
        show(found, schema, options.most)
    if options.save:
        metrics = after.metrics | {METRICS_KEY: found.summary()}
        write_notes(after.path, metrics, model_card(metrics))


def show(found: "LearningImpact", schema: "ConceptSchema", most: int) -> None:
    """A table for each source, accuracies 0..1, and some of the texts behind its numbers."""
    from sparsecbm.corrections.correction_split import CORRECTIONS, HELD_OUT
    from sparsecbm.corrections.label_correction import field_title
    from sparsecbm.corrections.learning_impact import counts
    from sparsecbm.impact.impact import Outcome

    if f"{CORRECTIONS}/{HELD_OUT}" not in found.impacts:
        say("No corrected text was held out, so none tells whether learning helped. Train with --held-out.")
    for source, split in found.splits.items():
        rows = []
        for effect in found.effects(source):
            one = counts(effect)
            change = "{:+.3f} ({:+.3f} to {:+.3f})".format(one["change"], *one["interval"])
            rows.append((field_title(schema, effect.subject), str(one["n"]), f"{one['before']:.3f}",
                         f"{one['after']:.3f}", change, *(str(one[name]) for name in ("fixed", "broken", "unchanged"))))
        show_table(f"{source}, {len(split)} texts", (
            "", "n", "right before", "after", "change (95 %)", "fixed", "broken", "unchanged"), rows)
        for effect in found.effects(source):
            for outcome in (Outcome.FIXED, Outcome.BROKEN):
                cases = list(found.cases(source, effect.subject, outcome))
                what = f"{field_title(schema, effect.subject)} {outcome.value}"
                for case, text in cases[:most]:
                    say(printable(f"{what}, {case.before} to {case.after}: {' '.join(text.split())}"))
                if 0 < most < len(cases):
                    say(f"{what}: {len(cases) - most} more")


def adopt_version(options: argparse.Namespace) -> None:
    """Make the version, and say which it is."""
    from sparsecbm.corrections.compute_adopt import adopt

    with only_result_on_stdout():
        made = adopt(options.source, options.into)
    if options.json:
        write_json(made.to_json())
        return
    say(printable(f"{made.folder} learned from {made.corrections:,} corrections of the checkpoint "
                  f"{made.parent[:12]}, which stays. Its own hash begins with {made.hash[:12]}."))
