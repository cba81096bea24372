"""`schema`: what the columns of a table seem to hold, as a file to correct by hand and to train from."""

import argparse

from sparsecbm.cli.console import only_result_on_stdout, printable, say, write_line
from sparsecbm.cli.parser import Commands, input_place


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "schema",
        help="propose the schema of a table, to train a model of your own concepts",
        description="Read a table and write a schema as JSON to standard output: which columns hold the texts, the "
        "label and the concepts, their names in order and how many rows have each. `guesses` says what was guessed and "
        "why; correct it in an editor, then train with --dataset table --data FILE --schema schema.json.",
    )
    parser.add_argument("file", type=input_place, metavar="FILE",
                        help=".csv, .tsv, .jsonl, .ndjson or .parquet file, or hub:OWNER/NAME[#CONFIG]")
    parser.add_argument("--text-column", metavar="NAME", help="column of the texts (default: guessed)")
    parser.add_argument("--label-column", metavar="NAME", help="column of the label (default: guessed)")
    parser.add_argument("--concept-column", action="append", metavar="NAME",
                        help="column of a concept; repeatable (default: all columns of a few names)")
    parser.add_argument("--id-column", metavar="NAME", help="column of the ids (default: id, or else the line number)")
    parser.add_argument("--document", nargs=2, metavar=("ONE", "SEVERAL"),
                        help="what a text and several are called, e.g. ticket tickets (default: guessed)")
    parser.add_argument("--split", default="train", help="split of a data set on the Hub (default: %(default)s)")
    parser.set_defaults(run=run, parser=parser)


def run(options: argparse.Namespace) -> None:
    """Propose, write the schema, and say on standard error what was guessed."""
    from sparsecbm.data.proposal import Wishes, propose
    from sparsecbm.data.table_source import open_table

    with only_result_on_stdout():
        table = open_table(options.file, split=options.split)
        concepts = None if options.concept_column is None else tuple(options.concept_column)
        document = None if options.document is None else (options.document[0], options.document[1])
        found = propose(table, options.file, Wishes(options.text_column, options.label_column, concepts,
                                                    options.id_column, document, options.split))
    for note in table.notes:
        write_line(printable(f"{table.label}: {note}"))
    for what, why in found.guesses.items():
        write_line(printable(f"guessed {what}: {why}"))
    for column, why in found.left_out.items():
        write_line(printable(f"left out {column!r}: {why}"))
    say(found.written())
