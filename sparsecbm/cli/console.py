"""Output of the command line: text or JSON to standard output, everything else to standard error."""

import io
import json
import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table


def quieten() -> None:
    """Stop libraries from printing lines of their own; call this before they are imported."""
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("HF_HUB_VERBOSITY", "error")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    warnings.simplefilter("ignore")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal without emoji shows their numbers


class _StandardError(logging.Handler):
    """Writes to the current standard error: above a live progress bar, not through it."""

    def emit(self, record: logging.LogRecord) -> None:
        sys.stderr.write(self.format(record) + "\n")


@contextmanager
def log_shown() -> Iterator[None]:
    """Send what the library logs inside the block to standard error."""
    log, handler = logging.getLogger("sparsecbm"), _StandardError()
    level = log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(level)


@contextmanager
def progress_bar(task: str, total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar on standard error if that is a terminal; yields a function that takes a number of steps done."""
    screen = Console(stderr=True)
    with Progress(console=screen, transient=True, disable=not screen.is_terminal) as bar:
        number = bar.add_task(task, total=total)
        yield lambda done: bar.advance(number, done)


@contextmanager
def share_bar(task: str) -> Iterator[Callable[[float], None]]:
    """As `progress_bar`, for work that reports the share done, 0..1."""
    shown, steps = 0, 1000
    with progress_bar(task, steps) as advance:

        def progress(share: float) -> None:
            nonlocal shown
            advance(round(share * steps) - shown)
            shown = round(share * steps)

        yield progress


@contextmanager
def only_result_on_stdout() -> Iterator[None]:
    """Send what libraries print inside the block to standard error."""
    with redirect_stdout(sys.stderr):
        yield


def write_json(values: dict[str, Any]) -> None:
    """One JSON object in ASCII, numbers unrounded; NaN is not JSON and would be a bug."""
    sys.stdout.write(json.dumps(values, indent=1, allow_nan=False) + "\n")


def write_line(text: str) -> None:
    """One line on standard error, whatever characters the text has."""
    sys.stderr.write(" ".join(text.encode(sys.stderr.encoding or "utf-8", "backslashreplace").decode().split()) + "\n")


def say(text: str) -> None:
    """One line on standard output, as long as it is."""
    sys.stdout.write(text + "\n")


def show_table(title: str, headings: Sequence[str], rows: Sequence[Sequence[str] | None]) -> None:
    """A table on standard output, numbers right-aligned; a row that is None draws a line.

    Cells are printed as they are, without markup or emoji names.
    """
    say(f"\n{title}")
    table = Table()
    for index, heading in enumerate(headings):
        numeric = any(row is not None and row[index][:1] in "+-0123456789" and row[index] for row in rows)
        table.add_column(heading, justify="right" if numeric else "left")
    for row in rows:
        if row is None:
            table.add_section()
        else:
            table.add_row(*row)
    Console(file=sys.stdout, markup=False, emoji=False, highlight=False).print(table)


def in_steps(method: str, steps: int | None) -> str:
    """A method with its steps, if it takes any, e.g. "shapley in 25 steps"."""
    return method if steps is None else f"{method} in {steps} steps"


def printable(text: str) -> str:
    """The text with control characters made visible, so that it cannot control the terminal."""
    return "".join(c if c.isprintable() else "·" if c not in "\n\t" else " " for c in text)
