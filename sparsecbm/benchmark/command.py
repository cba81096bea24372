"""`benchmark`: how long the model takes, as multiples of a dense pass and of the published procedure."""

import argparse
from pathlib import Path

from sparsecbm.cli.console import only_result_on_stdout, printable, say, share_bar, show_table, write_json
from sparsecbm.cli.parser import Commands, add_checkpoint, add_json, at_least, checkpoint_of, output_path

ROUNDS = 15
#: The part of a page that `--write` replaces.
PART = "benchmark"


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "benchmark",
        help="measure the speed as multiples of a dense pass and of the published procedure",
        description="Measure how long predictions, word scores, edits, a training step and loading take, as multiples "
        "of reference procedures that run in turns with them: one pass of the same backbone with all weights, and the "
        "published procedure, which pads every text to 512 tokens and multiplies the masks in each pass. Each ratio "
        "has its median over the rounds, the 95 % interval of the median, and its bound. Exit code 1 when a median "
        "exceeds its bound or something cannot be measured. Measure on an idle machine; it takes minutes.",
    )
    parser.add_argument("--repeats", type=at_least(1), default=ROUNDS, metavar="N",
                        help="rounds of what is quick; what takes seconds has a fifth of them, at least three "
                        "(default: %(default)s)")
    parser.add_argument("--threads", type=at_least(1), metavar="N", help="CPU threads (default: one per core)")
    parser.add_argument("--write", type=output_path, metavar="PAGE",
                        help=f"also write the table into a text file, between <!-- {PART} --> and <!-- /{PART} -->")
    add_checkpoint(parser)
    add_json(parser)
    parser.set_defaults(run=run, parser=parser)


def run(options: argparse.Namespace) -> int:
    """Measure and write the result; 1 when a bound is exceeded, else 0."""
    from sparsecbm.benchmark.compute import benchmark
    from sparsecbm.benchmark.speed_page import (
        HEADINGS,
        cells,
        machine_line,
        markdown,
        number,
        place_of_part,
        write_part,
    )
    from sparsecbm.model.checkpoint import load_checkpoint

    page: Path | None = options.write
    if page is not None:
        place_of_part(page, PART)  # before minutes are spent
    with only_result_on_stdout(), share_bar("measuring") as progress:
        checkpoint = load_checkpoint(checkpoint_of(options), options.device)
        report = benchmark(checkpoint, options.repeats, options.threads, progress)
    if options.json:
        write_json(report.to_json())
    else:
        say(printable(machine_line(report.machine)))
        show_table("Times of the product as multiples of a reference", HEADINGS, [*map(cells, report.ratios)])
        for name, size in report.memory.items():
            say(f"  {name}: {number(size / 2**20)} MiB")
        for note in report.notes:
            say(printable(note))
        say(printable(report.outcome))
    if page is not None:
        write_part(page, PART, markdown(report))
    return 0 if report.within else 1
