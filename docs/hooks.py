"""Writes the reference of the command line from its parser, where docs/command-line.md asks for it."""

import argparse
from collections.abc import Iterator
from typing import Any

from sparsecbm.__main__ import build_parser

PLACE = "<!-- commands -->"


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Called by mkdocs for every page."""
    return markdown.replace(PLACE, "\n".join(commands(build_parser()))) if PLACE in markdown else markdown


def commands(parser: argparse.ArgumentParser, depth: int = 2) -> Iterator[str]:
    """A section for each command below a parser, and below it for its own commands."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                title = command.prog.removeprefix(f"{build_parser().prog} ")
                yield f"\n{'#' * depth} `{title}` {{ #{title.replace(' ', '-')} }}\n"
                yield f"{cell(command.description or '')}\n"
                yield from arguments(command)
                yield from commands(command, depth + 1)


def arguments(command: argparse.ArgumentParser) -> Iterator[str]:
    """A table of what a command takes, arguments without a name first."""
    rows = [f"| {names(action)} | {cell(command._get_formatter()._expand_help(action))} |"
            for action in sorted(command._actions, key=lambda action: bool(action.option_strings))
            if not isinstance(action, argparse._HelpAction | argparse._SubParsersAction)]
    if rows:
        yield from ("| argument | meaning |", "|---|---|", *rows, "")


def names(action: argparse.Action) -> str:
    """How an argument is written: `--steps N`, or `TEXT` for one without a name."""
    if not action.option_strings:
        return f"`{action.metavar or action.dest}`"
    value = "" if action.nargs == 0 else f" {action.metavar or action.dest.upper()}"
    if action.choices and not action.metavar:
        value = f" {{{','.join(map(str, action.choices))}}}"
    return " ".join(f"`{name}{value}`" for name in action.option_strings)


def cell(text: str) -> str:
    """Text with nothing in it that Markdown or a table would read as a mark."""
    for mark in "\\|<>*_[]":
        text = text.replace(mark, f"\\{mark}")
    return text
