"""`app`: starts the dashboard on the shipped checkpoint, or on another one, from any folder."""

import argparse
import os
import runpy
import sys

from sparsecbm.cli.parser import Commands, add_checkpoint
from sparsecbm.errors import InputError
from sparsecbm.shipped import CHECKPOINT_VARIABLE, DASHBOARD, DEVICE_VARIABLE


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "app",
        help="start the dashboard and print its address",
        description="Start the dashboard and print its address. Every other option goes to `streamlit run`, "
        "e.g. --server.port 8600.",
    )
    add_checkpoint(parser)
    parser.set_defaults(run=run, parser=parser, other_options=[])


def run(options: argparse.Namespace) -> None:
    """Become the server, which serves until it is stopped."""
    other = options.other_options
    if other and not other[0].startswith("--"):
        raise InputError(f"Unknown argument {other[0]!r}; allowed: --checkpoint, --device, and options of "
                         "`streamlit run`, such as --server.port 8600.")
    if options.checkpoint:
        os.environ[CHECKPOINT_VARIABLE] = options.checkpoint
    if options.device:
        from sparsecbm.model.device import available_device

        os.environ[DEVICE_VARIABLE] = str(available_device(options.device))
    sys.argv = ["streamlit", "run", str(DASHBOARD), *other]
    runpy.run_module("streamlit", run_name="__main__")
