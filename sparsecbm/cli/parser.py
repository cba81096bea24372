"""Reading the command line: every mistake becomes one InputError that says what is wrong and what is allowed."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from sparsecbm.errors import InputError
from sparsecbm.paths import keep_apart, path_of, place_of
from sparsecbm.shipped import DEFAULT_CHECKPOINT

PROGRAM = "python -m sparsecbm"
Commands = Any  # argparse keeps the class of its sub-command collection to itself


class Parser(argparse.ArgumentParser):
    """An argument parser that raises InputError where argparse would print its usage and exit."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(allow_abbrev=False, **settings)

    def error(self, message: str) -> NoReturn:
        """Called by argparse for every mistake."""
        raise InputError(f"{message[:1].upper()}{message[1:]}. Run `{self.prog} --help` to see what is allowed.")


def parse(parser: Parser, arguments: Sequence[str]) -> argparse.Namespace:
    """Read a whole command line; an argument that no option takes is an error that lists the options.

    A command that declares `other_options` gets the rest as it is. What a command writes is none of what it reads:
    that is its options of the types `output_path` and of `input_path` or `input_place`. One that writes further files
    declares `side_files`, a function from the options to their paths.
    """
    options, extra = parser.parse_known_args(arguments)
    if "other_options" in options:
        options.other_options = extra
    elif extra:
        command: Parser = options.parser
        allowed = [name for action in command._actions for name in (action.option_strings or [action.dest.upper()])]
        raise InputError(
            f"Unknown argument {extra[0]!r}; allowed: {', '.join(allowed)}. "
            "Check the spelling; put a text of several words in quotes, and `--` before one that starts with a dash."
        )
    if options.command is not None:
        _keep_apart(options)
    return options


def _keep_apart(options: argparse.Namespace) -> None:
    def named(*kinds: Callable[[str], Any]) -> list[Any]:
        given = [getattr(options, action.dest) for action in options.parser._actions if action.type in kinds]
        return [path for one in given for path in (one if isinstance(one, list) else [one])]

    written = [path for path in named(output_path) if path is not None]
    side_files: Callable[[argparse.Namespace], Sequence[Path]] | None = getattr(options, "side_files", None)
    if written and side_files is not None:
        written += side_files(options)
    checkpoint = [checkpoint_of(options)] if "checkpoint" in options else []
    keep_apart(written, [*named(input_path, input_place), *checkpoint])


def input_path(text: str) -> Path:
    """The value of an option that names a file or folder to read."""
    return path_of(text)


def input_place(text: str) -> str:
    """The value of an option that names a file or folder to read, or something on the Hub."""
    return place_of(text)


def output_path(text: str) -> Path:
    """The value of an option that names a file or folder to write."""
    return path_of(text)


def add_checkpoint(parser: Parser) -> None:
    """Which model to use, and where it runs."""
    parser.add_argument(
        "--checkpoint",
        type=input_place,
        metavar="PATH_OR_HUB_ID",
        help="folder or Hugging Face Hub id of a trained model (default: the checkpoint that ships with SparseCBM)",
    )
    add_device(parser)


def checkpoint_of(options: argparse.Namespace) -> str | Path:
    """The checkpoint that the user named, or the one that ships."""
    named: str | None = options.checkpoint
    return named or DEFAULT_CHECKPOINT


def add_device(parser: argparse.ArgumentParser) -> None:
    """Where the model runs."""
    parser.add_argument("--device", metavar="NAME", help="auto, cpu, cuda, cuda:N or mps (default: auto, which is cuda "
                        "where there is such a GPU, else cpu; mps, an Apple GPU, is untested)")


def add_data(parser: Parser, required: bool = True) -> None:
    """Which data set, and where its files are."""
    parser.add_argument("--dataset", default="cebab", metavar="NAME",
                        help="name of the data set (default: %(default)s)")
    parser.add_argument(
        "--data",
        type=input_place,
        required=required,
        metavar="DIR",
        help="folder or zip file with the official files, or hub:OWNER/NAME on the Hugging Face Hub; of --dataset "
        "table, a CSV, JSON lines or Parquet file, or hub:OWNER/NAME[#CONFIG]",
    )
    add_schema(parser)


def add_schema(parser: Parser) -> None:
    """What the columns of a user's own table hold."""
    parser.add_argument("--schema", type=input_path, metavar="FILE.json",
                        help="schema of data set `table`: what its columns hold; `schema` proposes one")


def add_seed(parser: Parser, used_for: str) -> None:
    """The seed of everything that is random."""
    parser.add_argument("--seed", type=at_least(0), default=0, metavar="N",
                        help=f"seed of {used_for} (default: %(default)s)")


def add_json(parser: Parser) -> None:
    """The switch from text for people to JSON for scripts."""
    parser.add_argument("--json", action="store_true", help="write one JSON object to standard output, nothing else")


def number(text: str) -> float:
    """The value of an option that is a number."""
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number; allowed: a number such as 0.7") from None


def whole(text: str) -> int:
    """The value of an option that is a whole number."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number; allowed: a number such as 4") from None


def at_least(least: int) -> Callable[[str], int]:
    """The type of an option whose value is a whole number with a lower bound."""

    def bounded(text: str) -> int:
        value = whole(text)
        if value < least:
            raise argparse.ArgumentTypeError(f"{text} is too small; allowed: {least} or more")
        return value

    return bounded
