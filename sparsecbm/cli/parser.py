"""Reading the command line: every mistake becomes one InputError that says what came and what is allowed."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from sparsecbm.errors import InputError
from sparsecbm.shipped import DEFAULT_CHECKPOINT

PROGRAM = "python -m sparsecbm"
#: The default of `--method`; named here so that `--help` need not load torch.
METHOD = "integrated-gradients"
Commands = Any  # argparse keeps the class of its sub-command collection to itself


class Parser(argparse.ArgumentParser):
    """An argument parser that raises InputError where argparse would print its usage and exit."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(allow_abbrev=False, **settings)

    def error(self, message: str) -> NoReturn:
        """Called by argparse for every mistake."""
        raise InputError(f"{message[:1].upper()}{message[1:]}. Run `{self.prog} --help` for what is allowed.")


def parse(parser: Parser, arguments: Sequence[str]) -> argparse.Namespace:
    """Read a whole command line; what no option takes is an error that lists the options there are.

    A command that declares `other_options` takes the rest as they are.
    """
    options, extra = parser.parse_known_args(arguments)
    if "other_options" in options:
        options.other_options = extra
    elif extra:
        command: Parser = options.parser
        allowed = [name for action in command._actions for name in (action.option_strings or [action.dest.upper()])]
        raise InputError(
            f"Unknown argument {extra[0]!r}; allowed: {', '.join(allowed)}. "
            "Spell it so; put a text of several words in quotes, and `--` before one that starts with a dash."
        )
    return options


def add_checkpoint(parser: Parser) -> None:
    """Which model to use, and where it computes."""
    parser.add_argument(
        "--checkpoint",
        metavar="PATH_OR_HUB_ID",
        help="folder or Hugging Face Hub id of a trained model (default: the one that ships with this project)",
    )
    add_device(parser)


def checkpoint_of(options: argparse.Namespace) -> str | Path:
    """The checkpoint that was asked for, or the one that ships."""
    asked: str | None = options.checkpoint
    return asked or DEFAULT_CHECKPOINT


def add_save(parser: Parser) -> None:
    """The switch that keeps the result beside the model."""
    parser.add_argument("--save", action="store_true",
                        help="also write the result into metrics.json of the checkpoint, for the app to show")


def check_save(options: argparse.Namespace, source: str | Path) -> None:
    """InputError when `--save` came and the checkpoint is no folder here to write to."""
    if options.save and not Path(source).is_dir():
        raise InputError(f"--save came with {str(source)!r}, which is no folder here; allowed: a checkpoint folder to "
                         "write to. Leave --save out, or copy the checkpoint.")


def add_device(parser: Parser) -> None:
    """Where to compute."""
    parser.add_argument("--device", help="cpu, cuda or cuda:N (default: cuda where there is one, else cpu)")


def device_of(options: argparse.Namespace) -> str | None:
    """The device that was asked for, if this machine has it; None leaves the choice to the library."""
    import torch

    name: str | None = options.device
    devices = ["cpu", *(f"cuda:{n}" for n in range(torch.cuda.device_count()))]
    allowed = devices if len(devices) == 1 else ["cpu", "cuda", *devices[1:]]
    if name is not None and name not in allowed:
        raise InputError(f"Device {name!r} came; this machine has: {', '.join(allowed)}. Use one of these, or none.")
    return name


def add_json(parser: Parser) -> None:
    """The switch from text for people to JSON for scripts."""
    parser.add_argument("--json", action="store_true", help="write one JSON object to standard output, nothing else")


def add_method(parser: Parser) -> None:
    """How word scores are computed."""
    parser.add_argument(
        "--method",
        metavar="NAME",
        default=METHOD,
        help="integrated-gradients, gradient-x-input, occlusion or shapley (default: %(default)s)",
    )
    parser.add_argument(
        "--steps",
        type=whole,
        metavar="N",
        help="integration steps, or sampled orders of the words for shapley (default: 32 and 25)",
    )


def number(text: str) -> float:
    """An option's value that is a number."""
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number; allowed: a number such as 0.7") from None


def whole(text: str) -> int:
    """An option's value that is a whole number."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number; allowed: a number such as 4") from None
