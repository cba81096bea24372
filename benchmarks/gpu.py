"""All that needs a GPU, in one run of at most eight minutes: the tests marked `gpu`, and the benchmark on the GPU.

    python -m benchmarks.gpu --output FOLDER [--write docs/speed.md]

Writes tests.txt, benchmark.json and, where the GPU is too small or something fails, errors.txt into the folder, and a
summary to standard output. Each part has its own limit of time, and the benchmark runs even where a test fails. Exit
code 0 when the tests passed and all bounds are kept.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.server import ROOT
from sparsecbm.benchmark.speed_page import markdown_table, number, place_of_part, write_part
from sparsecbm.errors import InputError
from sparsecbm.model.device import available_device

#: Seconds of all parts together, some of which are for starting and ending.
MOST_SECONDS = 480
PART = "gpu"


@dataclass(frozen=True)
class Job:
    """A command with its limit of time and the file that its standard output goes to."""

    name: str
    command: tuple[str, ...]
    seconds: int
    output: str


def jobs(device: str, repeats: int) -> tuple[Job, ...]:
    """What is run, in order; the limits add up to less than eight minutes."""
    return (
        Job("tests", ("pytest", "-m", "gpu", "-n0", "-q", "-p", "no:cacheprovider"), 150, "tests.txt"),
        Job("benchmark", ("sparsecbm", "benchmark", "--device", device, "--repeats", str(repeats), "--json"), 300,
            "benchmark.json"),
    )


def run(job: Job, folder: Path) -> int:
    """The exit code; 124 where it took too long. What it says of errors is added to errors.txt."""
    with (folder / job.output).open("wb") as out, (folder / "errors.txt").open("ab") as errors:
        try:
            return subprocess.run([sys.executable, "-m", *job.command], cwd=ROOT, stdout=out, stderr=errors,
                                  timeout=job.seconds).returncode
        except subprocess.TimeoutExpired:
            errors.write(f"{job.name} took more than {job.seconds} s.\n".encode())
            return 124


def table(report: dict[str, Any]) -> str:
    """The ratios of a report as Markdown."""
    rows = [(report["details"][name]["compares"], number(one["median"]),
             f"{number(one['low'])} to {number(one['high'])}", number(one["bound"]))
            for name, one in report["ratios"].items()]
    memory = [(name, number(size / 2**20)) for name, size in report.get("memory", {}).items()]
    machine = "; ".join(f"{name} {value}" for name, value in report["machine"].items())
    return "\n\n".join([f"Measured on: {machine}.",
                        markdown_table(("what", "times the reference", "95 % interval", "at most"), rows),
                        markdown_table(("memory on the device", "MiB"), memory),
                        *(f"Not measured: {name} ({why})." for name, why in report.get("failed", {}).items())])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all parts; 0 when each did."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, required=True, help="folder of the results")
    parser.add_argument("--device", default="cuda", help="(default: %(default)s)")
    parser.add_argument("--repeats", type=int, default=15, help="rounds (default: %(default)s)")
    parser.add_argument("--write", type=Path, metavar="PAGE", help=f"also write the table between <!-- {PART} --> and "
                        f"<!-- /{PART} --> of a text file")
    options = parser.parse_args(arguments)
    try:
        device = str(available_device(options.device))
    except InputError as error:
        parser.error(str(error))
    if options.write:
        place_of_part(options.write, PART)
    options.output.mkdir(parents=True, exist_ok=True)
    codes = {}
    for job in jobs(device, options.repeats):
        started = time.perf_counter()
        codes[job.name] = run(job, options.output)
        sys.stdout.write(f"{job.name}: exit code {codes[job.name]} after {time.perf_counter() - started:.0f} s\n")
    if codes["benchmark"] in (0, 1):  # 1: a bound is exceeded
        made = table(json.loads((options.output / "benchmark.json").read_text(encoding="utf-8")))
        sys.stdout.write(f"{made}\n")
        if options.write:
            write_part(options.write, PART, made)
    return int(any(codes.values()))


if __name__ == "__main__":
    sys.exit(main())
