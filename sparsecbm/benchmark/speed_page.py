"""A speed report as a table of text, and as a part of a Markdown page that a later run replaces."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sparsecbm.benchmark.ratio import Ratio, SpeedReport
from sparsecbm.errors import InputError
from sparsecbm.paths import write_text

HEADINGS = ("what", "times the reference", "95 % interval", "at most", "ms", "reference, ms")


def number(value: float | None) -> str:
    """Three significant digits, a dash for none."""
    return "-" if value is None else f"{value:.3g}" if value < 1000 else f"{value:.0f}"


def cells(ratio: Ratio) -> tuple[str, ...]:
    """A ratio as a row under `HEADINGS`; one above its bound says so."""
    exceeded = "" if ratio.within else " (exceeded)"
    return (ratio.compares, number(ratio.median), f"{number(ratio.low)} to {number(ratio.high)}",
            number(ratio.bound) + exceeded, number(ratio.milliseconds), number(ratio.reference_milliseconds))


def machine_line(machine: Mapping[str, Any]) -> str:
    """The machine in one line."""
    return "; ".join(f"{name} {value}" for name, value in machine.items())


def markdown_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of Markdown, with nothing in its cells that would end one."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)


def markdown(report: SpeedReport) -> str:
    """The report as Markdown: machine, table, notes, outcome, and memory where it was measured."""
    parts = [f"Measured on: {machine_line(report.machine)}.", markdown_table(HEADINGS, list(map(cells, report.ratios))),
             " ".join((*report.notes, report.outcome))]
    if report.memory:
        parts.append(markdown_table(("memory on the device", "MiB"), [
            (name, f"{size / 2**20:.1f}") for name, size in report.memory.items()]))
    return "\n\n".join(parts)


def place_of_part(page: Path, name: str) -> tuple[str, str]:
    """A page up to its mark `<!-- name -->`, and from `<!-- /name -->` on; InputError unless it has both once."""
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    text = page.read_text(encoding="utf-8") if page.is_file() else ""
    if text.count(begin) != 1 or text.count(end) != 1 or text.index(begin) > text.index(end):
        raise InputError(f"{str(page)!r} does not have {begin} and after it {end} once each; allowed: a text file with "
                         "both, between which the table is written. Add them, or name such a file.")
    return text[: text.index(begin) + len(begin)], text[text.index(end):]


def write_part(page: Path, name: str, text: str) -> None:
    """Put text between the two marks of a page, in place of what stood there. InputError where they are missing."""
    before, after = place_of_part(page, name)
    write_text(page, f"{before}\n{text}\n{after}")
