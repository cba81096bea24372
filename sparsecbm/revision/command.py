"""`intervene`: the prediction for one text when concepts are set, or weights of their subnetworks are exchanged."""

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sparsecbm.cli.console import only_result_on_stdout, say, share_bar, write_json, write_line
from sparsecbm.cli.parser import Commands, add_checkpoint, add_json, checkpoint_of, number, output_path, whole
from sparsecbm.errors import InputError
from sparsecbm.paths import check_file
from sparsecbm.revision.command_patches import add_patch, described, patch_of
from sparsecbm.words.command import add_override, overrides_of, say_unread, setting, show_prediction, utf8

if TYPE_CHECKING:
    from sparsecbm.revision.edit import Revision
    from sparsecbm.revision.patch import Patch
    from sparsecbm.revision.result import RevisionResult
    from sparsecbm.service import Explainer


#: The defaults of `--portion` and `--steps`; named here so that `--help` does not load torch.
PORTION, STEPS = 0.01, 5


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "intervene",
        help="set concepts or revise subnetworks for one text, and compare before and after",
        description="Change the prediction for one text: set concepts, or exchange weights of a concept's subnetwork "
        "until the concept has the value that it should have. A patch is applied first, then the revisions in their "
        "order, then the overrides. The checkpoint itself never changes.",
    )
    parser.add_argument("text", metavar="TEXT", help="the text, in quotes; put -- before one that starts with a dash")
    add_override(parser)
    parser.add_argument("--revise", action="append", default=[], metavar="CONCEPT=VALUE",
                        help="revise a concept's subnetwork until the concept has this value, e.g. service=Negative; "
                        "repeatable, applied in order")
    parser.add_argument("--portion", type=number, default=PORTION, metavar="SHARE",
                        help="largest share of each matrix's active weights that a revision may exchange, at most 0.1; "
                        "it exchanges no more than it needs (default: %(default)s)")
    parser.add_argument("--steps", type=whole, default=STEPS, metavar="N",
                        help="maximum number of steps of a revision (default: %(default)s)")
    add_patch(parser)
    parser.add_argument("--save-patch", type=output_path, metavar="FILE",
                        help="save the revisions, after those of --patch, to this file; an existing file is replaced")
    for name, what in (("name", "name of the saved patch (default: that of --patch, or of the file)"),
                       ("note", "why the saved patch was made"), ("author", "who made the saved patch")):
        parser.add_argument(f"--{name}", metavar="TEXT", help=what)
    add_checkpoint(parser)
    add_json(parser)
    parser.set_defaults(run=run, parser=parser)


def run(options: argparse.Namespace) -> None:
    """Make the changes and write the predictions before and after."""
    from sparsecbm.export.values import edit_json, prediction_json, unread_json
    from sparsecbm.revision.compute import check_bounds, parse_revision
    from sparsecbm.revision.compute_patch import save_patch
    from sparsecbm.revision.edit import Override, net_changes
    from sparsecbm.service import Explainer

    with only_result_on_stdout():
        _check(options)
        check_bounds(options.portion, options.steps)
        text, patch = utf8(options.text), patch_of(options)
        explainer = Explainer.load(checkpoint_of(options), device=options.device)
        schema, started = explainer.schema, time.perf_counter()
        wanted = [parse_revision(one, schema) for one in options.revise]
        overrides = overrides_of(options.override, schema)
        if patch is not None:
            explainer.check_patch(patch)
        kept = [] if patch is None else list(patch.revisions)
        before, words = explainer.predict(text), explainer.words(text)
        edits = [edit_json(revision, schema) for revision in kept]
        for concept, value in wanted:
            result = _revise(explainer, text, concept, value, kept, options)
            edits.append(edit_json(result.revision, schema) | {"agrees": result.agrees})
            kept += [] if result.already else [result.revision]
        edits += [edit_json(Override(concept, shares), schema) for concept, shares in overrides.items()]
        changes = [revision.change for revision in kept]
        after = explainer.predict_changed(text, changes) if changes else before
        if overrides:
            after = explainer.override(after, overrides).after
        net = net_changes(changes)
        touched = {concept for concept, _ in wanted} | {change.pass_ for change in changes}
        values = {
            "unread": unread_json(words), "before": prediction_json(before), "after": prediction_json(after),
            "edits": edits,
            "weights": {"dropped": sum(change.dropped_count for change in net),
                        "grown": sum(change.grown_count for change in net),
                        "active": sum(explainer.active_weights(name) for name in touched)},
            "milliseconds": 1000 * (time.perf_counter() - started),
        }
        path = options.save_patch
        if path is not None:
            made = _made(explainer, patch, kept, options)
    if options.json:
        write_json(values)
    else:
        say_unread(words)
        show(values, "" if patch is None else described(patch))
    if path is not None:  # last: an answer whose patch cannot be saved has at least been shown
        save_patch(path, made)


def _made(
    explainer: "Explainer", patch: "Patch | None", kept: "Sequence[Revision]", options: argparse.Namespace
) -> "Patch":
    """The patch to save. One that continues another has its name, note and author, unless others are given; one that
    adds nothing is that one itself, with its time and impact."""
    texts = {"name": options.save_patch.stem, "note": "", "author": ""}
    if patch is not None:
        texts |= {name: getattr(patch, name) for name in texts}
    texts |= {name: given for name in texts if (given := getattr(options, name)) is not None}
    if patch is not None and len(kept) == len(patch.revisions):
        return replace(patch, **texts)
    return explainer.patch(texts["name"], kept, texts["note"], texts["author"])


def _check(options: argparse.Namespace) -> None:
    if not (options.override or options.revise or options.patch):
        raise InputError("Nothing to change. Add --override, --revise or --patch, or use `explain` for the unchanged "
                         "prediction.")
    for name in ("name", "note", "author"):
        if getattr(options, name) is not None and options.save_patch is None:
            raise InputError(f"--{name} needs --save-patch. Say where to save the patch, or leave --{name} out.")
    if options.save_patch is not None:
        check_file(options.save_patch, "The patch")


def _revise(
    explainer: "Explainer", text: str, concept: str, value: str, earlier: "Sequence[Revision]",
    options: argparse.Namespace,
) -> "RevisionResult":
    """Revise, with a progress bar, and say so when nothing was changed or the change was not enough."""
    with share_bar("revising") as progress:
        result = explainer.revise(text, concept, value, options.portion, options.steps,
                                  [revision.change for revision in earlier], progress=progress)
    if result.already:
        write_line(f"{concept} is already {value}; its subnetwork was not changed.")
    elif not result.agrees:
        write_line(f"{concept} did not become {value}: exchanging a share of {options.portion:g} of its active "
                   f"weights is not enough (probability {result.steps[0].probability:.3f} before, "
                   f"{result.steps[-1].probability:.3f} now). Allow a larger --portion or more --steps.")
    return result


def show(values: dict[str, Any], patch: str) -> None:
    """Before, the changes and after, as tables; `values` are those of the JSON."""
    show_prediction(values["before"], "Before")
    say("")
    if patch:
        say(f"With {patch}")
    for edit in values["edits"]:
        if edit["kind"] == "override":
            say(f"Override: {edit['concept']} set to {setting(edit['distribution'])}")
        else:
            say(f"Revision: {edit['concept']} to {edit['value']}, steps {edit['steps']}: {edit['dropped']:,} weights "
                f"dropped and {edit['grown']:,} grown, {edit['portion']:.4%} of the active ones")
    show_prediction(values["after"], "After", {edit["concept"]: edit["distribution"] for edit in values["edits"]
                                               if edit["kind"] == "override"})
    weights = values["weights"]
    say(f"{weights['dropped']:,} weights dropped and {weights['grown']:,} grown in all, of {weights['active']:,} "
        f"active; {values['milliseconds']:.0f} ms")
