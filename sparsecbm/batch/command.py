"""`predict`: what a model says of every row of a table, however long."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sparsecbm.cli.console import only_result_on_stdout, printable, say, share_bar, write_json
from sparsecbm.cli.parser import Commands, add_checkpoint, add_json, checkpoint_of, input_path, input_place, output_path
from sparsecbm.revision.command_patches import add_patch, described, patch_of


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "predict",
        help="predict every row of a table: CSV, JSON lines, Parquet or a data set on the Hub",
        description="Predict every row of a table of any size, in order. Rows that cannot be used are written to "
        "OUTPUT.rejects.jsonl with their line and the reason. After an interruption, the same command continues.",
    )
    parser.add_argument("--input", required=True, type=input_place, metavar="FILE",
                        help=".csv, .tsv, .txt, .jsonl, .ndjson or .parquet file, or hub:OWNER/NAME[#CONFIG]")
    parser.add_argument("--output", required=True, type=output_path, metavar="FILE",
                        help="file to write: .parquet, .csv or .jsonl")
    parser.add_argument("--text-column", metavar="NAME", help="column of the texts (default: the schema's, or else "
                        "text, review, description, ..., or the only column)")
    parser.add_argument("--id-column", metavar="NAME",
                        help="column of the ids (default: the schema's, or else id, or the line number)")
    parser.add_argument("--schema", type=input_path, metavar="FILE.json",
                        help="schema of the table, which names its columns; `schema` proposes one")
    parser.add_argument("--split", default="train", help="split of a data set on the Hub (default: %(default)s)")
    parser.add_argument("--encoding", metavar="NAME", help="encoding of the input (default: detected)")
    parser.add_argument("--separator", metavar="CHARACTER",
                        help="separator of the cells of a CSV file, or `tab` (default: detected)")
    parser.add_argument("--with-text", action="store_true", help="also write the texts to the output")
    parser.add_argument("--restart", action="store_true", help="start again and replace existing output")
    add_patch(parser)
    add_checkpoint(parser)
    add_json(parser)
    parser.set_defaults(run=run, parser=parser, side_files=side_files)


def side_files(options: argparse.Namespace) -> Sequence[Path]:
    """What the command writes or removes beside its output."""
    from sparsecbm.batch.compute_parts import Parts

    return Parts(options.output).written[1:]


def run(options: argparse.Namespace) -> None:
    """Predict the table and write the counts."""
    from sparsecbm.batch.compute import BatchModel, predict_table
    from sparsecbm.batch.compute_outputs import check_output
    from sparsecbm.data.columns import suggest_columns
    from sparsecbm.data.table_schema import read_table_schema
    from sparsecbm.data.table_source import open_table
    from sparsecbm.export.values import patch_json
    from sparsecbm.service import Explainer

    with only_result_on_stdout():
        check_output(options.output)
        patch = patch_of(options)
        separator = "\t" if options.separator == "tab" else options.separator
        table = open_table(options.input, options.encoding, separator, options.split)
        schema = None if options.schema is None else read_table_schema(options.schema)
        text, name = (None, None) if schema is None else (schema.text, schema.id)
        columns = suggest_columns(table.columns, text=options.text_column or text, id=options.id_column or name)
        explainer = Explainer.load(checkpoint_of(options), device=options.device)
        if patch is not None:
            explainer.check_patch(patch)
        changes = () if patch is None else tuple(revision.change for revision in patch.revisions)
    if not options.json and patch is not None:
        say(f"With {described(patch)}")
    with only_result_on_stdout(), share_bar("predicting") as progress:
        report = predict_table(table, columns, BatchModel.of(explainer, changes), options.output, options.with_text,
                               options.restart, progress).to_json()
    report |= {"columns": {"text": columns.text, "id": columns.id}}
    if patch is not None:
        report["patch"] = patch_json(patch, explainer.schema)
    if options.json:
        write_json(report)
    else:
        for note in report["notes"]:
            say(printable(f"{table.label}: {note}"))
        show(report)


def show(report: dict[str, Any]) -> None:
    """The counts as sentences; `report` is the JSON."""
    columns, before = report["columns"], report["rows_before"]
    say(printable(f"texts from column {columns['text']!r}, ids from "
                  + (f"column {columns['id']!r}" if columns["id"] else "the line numbers")))
    if before:
        say(f"{before:,} rows were done in an earlier run; this run continued from there")
    say(f"{report['rows']:,} rows read: {report['predicted']:,} predicted ({report['truncated']:,} of them cut "
        f"off), {report['rejected']:,} rejected")
    say(f"{report['seconds']:.1f} s, {report['rows_per_second']:.1f} rows per second")
    say(printable(f"Predictions written to {report['output']}"))
    if report["rejects"]:
        say(printable(f"Rejected rows with line and reason: {report['rejects']}"))
