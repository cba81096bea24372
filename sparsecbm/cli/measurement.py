"""What the commands share that measure a checkpoint: their options, their order of steps, and `--save`."""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sparsecbm.cli.console import only_result_on_stdout, write_json
from sparsecbm.cli.parser import Commands, Parser, add_checkpoint, add_data, add_json, checkpoint_of
from sparsecbm.errors import InputError

if TYPE_CHECKING:
    from sparsecbm.model.checkpoint import Checkpoint


@dataclass(frozen=True)
class Measurement:
    """What a command measured: its JSON, how to show it as tables, and the part that `--save` adds to metrics.json.

    `after_saving` gets the checkpoint's folder, for what else has to follow the new metrics.
    """

    report: Mapping[str, Any]
    show: Callable[[], None]
    saved: Mapping[str, Any]
    after_saving: Callable[[Path], None] = lambda _: None


#: Checks the options, loads the data, calls the second argument for the checkpoint, and measures.
Measure = Callable[[argparse.Namespace, "Callable[[], Checkpoint]"], Measurement]


def add_measurement(
    commands: Commands, name: str, measure: Measure, *, help: str, description: str, split: str,
    data_required: bool = True, saved: str = "the result", epilog: str | None = None,
) -> Parser:
    """Declare such a command with the options that all of them have; `split` says what the split is for."""
    parser: Parser = commands.add_parser(name, help=help, description=description, epilog=epilog)
    add_data(parser, data_required)
    parser.add_argument("--split", default="dev", metavar="NAME", help=f"{split} (default: %(default)s)")
    parser.add_argument("--save", action="store_true",
                        help=f"also write {saved} into the checkpoint's metrics.json, where the app finds it")
    add_checkpoint(parser)
    add_json(parser)
    parser.set_defaults(run=partial(run_measurement, measure), parser=parser)
    return parser


def run_measurement(measure: Measure, options: argparse.Namespace) -> None:
    """Measure, write the result, and save it last: a result that cannot be saved has at least been shown."""
    from sparsecbm.model.checkpoint import add_metrics, load_checkpoint

    source = checkpoint_of(options)
    if options.save and not Path(source).is_dir():
        raise InputError(f"--save needs a checkpoint folder to write to, and {str(source)!r} is not a folder on this "
                         "machine. Leave --save out, or use a local copy of the checkpoint.")
    load = cache(partial(load_checkpoint, source, options.device))
    with only_result_on_stdout():
        measurement = measure(options, load)
    if options.json:
        write_json(dict(measurement.report))
    else:
        measurement.show()
    if options.save:
        folder = load().path
        add_metrics(folder, measurement.saved)
        measurement.after_saving(folder)
