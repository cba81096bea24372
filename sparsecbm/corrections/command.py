"""`corrections`: list, export, import and undo what people said a label or a concept of a text really is.

What is done with a checkpoint that learned from them stands in `command_versions`.
"""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sparsecbm.cli.console import printable, say, show_table, write_json
from sparsecbm.cli.parser import (
    Commands,
    Parser,
    add_json,
    checkpoint_of,
    input_path,
    input_place,
    output_path,
    whole,
)
from sparsecbm.corrections.command_versions import add_versions

if TYPE_CHECKING:
    from sparsecbm.corrections.compute_store import CorrectionStore
    from sparsecbm.corrections.label_correction import Kept
    from sparsecbm.schema import ConceptSchema

#: Characters of a text that a table has room for.
_TEXT = 50


def add(commands: Commands) -> None:
    """Declare the command and what it can do."""
    parser = commands.add_parser(
        "corrections",
        help="list, export, import and undo corrections of labels and concepts; adopt what learned from them",
        description="Work with the corrections that people make in the dashboard: what a label or a concept of a text "
        "really is. They are stored in the database of the studies: the one that SPARSECBM_DATABASE_URL names, or else "
        "the SQLite file that SPARSECBM_STUDIES names (default: studies/studies.sqlite).",
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", dest="action", required=True,
                                    help="list, export, import or undo; impact or adopt")
    show = _action(actions, "list", list_corrections, "list the corrections of a model's schema, the newest first")
    show.add_argument("--most", type=whole, default=50, metavar="N",
                      help="list so many of them (default: %(default)s); --json lists all")
    export = _action(actions, "export", export_corrections, "write the corrections of a model's schema into a file")
    export.add_argument("file", type=output_path, metavar="FILE", help="the file to write: .csv or .jsonl")
    export.add_argument("--current", action="store_true",
                        help="write a row for each text with what most people say of it now, a table to train on, "
                        "instead of every correction")
    read = _action(actions, "import", import_corrections, "add the corrections of an exported file; none comes twice")
    read.add_argument("file", type=input_path, metavar="FILE", help="a file that `corrections export` wrote")
    for one in (show, export, read):
        one.add_argument("--checkpoint", type=input_place, metavar="PATH", help="folder of a trained model, whose "
                         "concepts and labels the corrections are of (default: the checkpoint that ships with "
                         "SparseCBM)")
    undo = _action(actions, "undo", undo_correction, "let a correction count no more; it stays in the history")
    undo.add_argument("id", metavar="ID", help="id of a correction, as `corrections list` gives it")
    undo.add_argument("--who", required=True, metavar="NAME", help="the name of whoever undoes it")
    add_versions(actions)


def _action(actions: Any, name: str, run: Any, what: str) -> Parser:
    parser: Parser = actions.add_parser(name, help=what, description=f"{what[:1].upper()}{what[1:]}.")
    add_json(parser)
    parser.set_defaults(run=run, parser=parser)
    return parser


def list_corrections(options: argparse.Namespace) -> None:
    """The corrections of a schema, with how far people agree."""
    from sparsecbm.corrections.correction_files import history_rows
    from sparsecbm.corrections.label_correction import agreements, current_labels, pairwise_agreement, standing

    history = _history(options)[::-1]
    counting = standing(history)
    pairs, same = pairwise_agreement(agreements(history))
    if options.json:
        write_json({"corrections": history_rows(history), "counting": [one.id for one in counting],
                    "texts": len(current_labels(history)), "pairs": pairs, "same": same})
        return
    if not history:
        say("There is no correction of this schema yet. Make one on the page Explain, Interventions or Failures.")
        return
    ids = {one.id for one in counting}
    show_table("Corrections, the newest first", ("id", "when (UTC)", "who", "text", "field", "model", "really", ""), [
        (kept.correction.id, kept.correction.at[:19], *map(printable, (
            kept.correction.who, _short(kept.correction.text), kept.correction.field, kept.correction.old,
            kept.correction.new)), _state(kept, ids)) for kept in history[:max(options.most, 0)]])
    said = f"; of {pairs} pairs of people, {same} said the same" if pairs else ""
    say(f"{len(history)} corrections of {len(current_labels(history))} texts, of which {len(counting)} count{said}")


def export_corrections(options: argparse.Namespace) -> None:
    """Write a file of all corrections, or of what counts now."""
    from sparsecbm.corrections.correction_files import COLUMNS, current_columns, current_rows, history_rows, written
    from sparsecbm.paths import check_file, write_bytes

    check_file(options.file, "The file")
    schema, history = _schema(options), _history(options)
    rows = current_rows(history, schema) if options.current else history_rows(history)
    columns = current_columns(schema) if options.current else COLUMNS
    write_bytes(options.file, written(rows, columns, options.file.suffix.lower()))
    _report(options, {"rows": len(rows), "file": str(options.file)}, f"{len(rows)} rows in {options.file}")


def import_corrections(options: argparse.Namespace) -> None:
    """Add what a file has, all of it or, where one row is wrong, nothing."""
    from sparsecbm.corrections.correction_files import read_history

    history = read_history(options.file, _schema(options))
    with _store() as store:
        new, undone = store.add_history(history)
    _report(options, {"rows": len(history), "new": new, "undone": undone},
            f"{len(history)} corrections read: {new} new, {len(history) - new} there already; {undone} undone")


def undo_correction(options: argparse.Namespace) -> None:
    """Undo one correction."""
    with _store() as store:
        done = store.undo(options.id, options.who)
    _report(options, {"undone": done}, "It counts no more." if done else "It was undone before.")


def _report(options: argparse.Namespace, values: dict[str, Any], line: str) -> None:
    if options.json:
        write_json(values)
    else:
        say(printable(line))


def _history(options: argparse.Namespace) -> "Sequence[Kept]":
    """All corrections of the schema, by time."""
    from sparsecbm.corrections.label_correction import in_order, schema_hash

    with _store() as store:
        return in_order(store.history(schema_hash(_schema(options))))


def _schema(options: argparse.Namespace) -> "ConceptSchema":
    from sparsecbm.model.checkpoint import load_outline
    from sparsecbm.paths import path_of

    return load_outline(path_of(checkpoint_of(options))).model.config.schema


def _store() -> "CorrectionStore":
    from sparsecbm.corrections.compute_store import CorrectionStore

    return CorrectionStore.open()


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _TEXT else f"{line[:_TEXT].rsplit(' ', 1)[0]} …"


def _state(kept: "Kept", counting: set[str]) -> str:
    return "undone" if kept.undo else "counts" if kept.correction.id in counting else "replaced"
