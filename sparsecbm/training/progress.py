"""What a person sees while a model trains: a progress bar on a terminal, one log line per epoch elsewhere."""

import logging
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

log = logging.getLogger(__name__)


class TrainingDisplay:
    """Bar with loss, sparsity and time left, on standard error. Use as a context manager."""

    def __init__(self, steps: int, done: int = 0) -> None:
        console = Console(stderr=True)
        self._live = console.is_terminal
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[state]}"),
            TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(), console=console, disable=not self._live)
        self._task = self._bar.add_task("training", total=steps, completed=done, state="")

    def __enter__(self) -> "TrainingDisplay":
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def step(self, epoch: int, loss: float, sparsity: float) -> None:
        """One optimiser step was made."""
        self._bar.update(self._task, advance=1, description=f"epoch {epoch + 1}",
                         state=f"loss {loss:.3f}  sparsity {sparsity:.0%}")

    def saliency(self, pass_name: str) -> None:
        """The saliency of one pass is being computed."""
        self._bar.update(self._task, description=f"saliency {pass_name}")

    def damping(self, ratio: dict[str, float]) -> None:
        """Say how far oBERT is from magnitude; 1 would be magnitude."""
        if ratio:
            log.info("damping ratio (1 = magnitude): %s", ", ".join(f"{k} {v:.3f}" for k, v in ratio.items()))

    def epoch(self, note: dict[str, Any]) -> None:
        """An epoch has ended."""
        log.info("%s", "  ".join(f"{key} {value:.4g}" for key, value in note.items()))
