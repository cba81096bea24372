"""Output of the command line: text or JSON to standard output, everything else to standard error."""

import errno
import io
import json
import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout, suppress
from typing import Any

from rich.cells import cell_len
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
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal without emoji shows their numbers


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
    say(json.dumps(values, indent=1, allow_nan=False))


def write_line(text: str) -> None:
    """One line on standard error, whatever characters the text has."""
    with suppress(OSError):  # whoever closed it wants to hear nothing
        sys.stderr.write(" ".join(text.split()) + "\n")


def say(text: str) -> None:
    """One line on standard output, as long as it is."""
    with _to_reader():
        sys.stdout.write(text + "\n")


def flush_output() -> None:
    """Hand over what was said so far; BrokenPipeError when the reader, such as `head`, has gone."""
    with _to_reader():
        sys.stdout.flush()


def end_output() -> None:
    """The same for the last time: what nobody takes is dropped, so that Python does not try again when it exits."""
    try:
        sys.stdout.flush()
    except OSError:
        with suppress(OSError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, sys.stdout.fileno())
            os.close(nowhere)


@contextmanager
def _to_reader() -> Iterator[None]:
    """Writing inside the block raises BrokenPipeError on every system: Windows calls it an invalid argument."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.EINVAL:
            raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE)) from None
        raise


class _Console(Console):  # type: ignore[misc]  # mypy does not read rich
    """Leaves it to the caller what happens when the reader has gone."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


def show_table(title: str, headings: Sequence[str], rows: Sequence[Sequence[str] | None]) -> None:
    """A table on standard output, numbers right-aligned; a row that is None draws a line.

    Cells are printed as they are, without markup or emoji names. No word is cut or broken, such as an id that somebody
    is to copy: a table of long words is wider than a narrow screen.
    """
    say(f"\n{title}")
    table = Table()
    for index, heading in enumerate(headings):
        numeric = any(row is not None and row[index][:1] in "+-0123456789" and row[index] for row in rows)
        words = " ".join((heading, *(row[index] for row in rows if row is not None))).split()
        table.add_column(heading, justify="right" if numeric else "left", overflow="fold",
                         min_width=max(map(cell_len, words), default=0))
    for row in rows:
        if row is None:
            table.add_section()
        else:
            table.add_row(*row)
    console = _Console(file=sys.stdout, markup=False, emoji=False, highlight=False)
    console.width = max(console.width, sum((column.min_width or 0) + 3 for column in table.columns) + 1)
    with _to_reader():
        console.print(table, crop=False)


def in_steps(method: str, steps: int | None) -> str:
    """A method with its steps, if it takes any, e.g. "shapley in 25 steps"."""
    return method if steps is None else f"{method} in {steps} steps"


def printable(text: str) -> str:
    """The text with control characters made visible, so that it cannot control the terminal."""
    return "".join(c if c.isprintable() else "·" if c not in "\n\t" else " " for c in text)
