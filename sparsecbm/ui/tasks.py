"""Slow work of a panel: it runs in the background while the page shows its progress and a way to stop it."""

import threading
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from sparsecbm.errors import Cancelled
from sparsecbm.figures.text import percent
from sparsecbm.service.turns import TURNS, Turns

#: How long a run of the page waits for results, in seconds, before it shows progress instead.
PATIENCE = 1.0
#: How often the page is drawn again while there is work, in seconds, and at most while others come first.
POLL_EVERY, POLL_AT_MOST = 0.5, 5.0
#: After how many seconds work stops that no page has asked about: its tab was closed.
ABANDONED_AFTER = 120.0

Progress = Callable[[float], None]


@dataclass(frozen=True)
class Work:
    """One piece of work. Equal keys mean equal results; `run` reports its share done and returns the result."""

    key: Hashable
    title: str
    run: Callable[[Progress], Any]

    @property
    def spent(self) -> "Work":
        """The same once its result is there, without what it ran on, such as a model, which is thus not kept alive."""
        return replace(self, run=_spent)


def _spent(_: Progress) -> Any:
    raise AssertionError("Work whose result is there does not run again.")


class Job:
    """The work that a session has requested, and its results, which are kept for as long as they are requested.

    Work that no page has asked about for `goes_on` seconds stops. One piece runs at a time among all jobs that share
    `turns`.
    """

    def __init__(self, goes_on: float = ABANDONED_AFTER, turns: Turns = TURNS) -> None:
        self._goes_on, self._turns, self._changed = goes_on, turns, threading.Condition()
        self._wanted: dict[Hashable, Work] = {}
        self._results: dict[Hashable, Any] = {}
        self._stopped: set[Hashable] = set()
        self._current: Work | None = None
        self._share = 0.0
        self._thread: threading.Thread | None = None
        self._abandoned_at = 0.0

    def request(self, works: Sequence[Work], patience: float = 0.0) -> None:
        """Request some results, the most urgent first, instead of what was requested before; wait `patience` seconds.

        What is no longer requested is stopped and forgotten.
        """
        with self._changed:
            wanted = {work.key for work in works}
            self._results = {key: result for key, result in self._results.items() if key in wanted}
            self._wanted = {work.key: work.spent if work.key in self._results else work for work in works}
            self._stopped &= self._wanted.keys()
            self._abandoned_at = time.monotonic() + patience + self._goes_on
            self._start()
            self._changed.wait_for(lambda: not self._pending(), patience)

    def result(self, work: Work) -> Any | None:
        """The result of a piece of work, None before it is there; raises what the work raised."""
        with self._changed:
            result = self._results.get(work.key)
        if isinstance(result, Exception):
            raise result
        return result

    @property
    def running(self) -> bool:
        """True while a requested result is still to come."""
        with self._changed:
            return bool(self._pending())

    @property
    def stopped(self) -> bool:
        """True when a requested result will not come, because the user stopped the work."""
        with self._changed:
            return bool(self._stopped)

    @property
    def progress(self) -> tuple[str, float]:
        """Title and share done, 0..1, of the piece of work that is running, or its place in the line."""
        before = self.before
        with self._changed:
            if self._current is None:
                return "", 0.0
            return f"Busy, you are number {before + 1} in line" if before else self._current.title, self._share

    @property
    def before(self) -> int:
        """How many pieces of work of other sessions come first."""
        return self._turns.before(self)

    def cancel(self) -> None:
        """Stop everything that is not done yet."""
        with self._changed:
            self._stopped |= set(self._pending())

    def again(self) -> None:
        """Start again what was stopped, from its beginning."""
        with self._changed:
            self._stopped.clear()
            self._start()

    def _pending(self) -> list[Hashable]:
        return [key for key in self._wanted if key not in self._results and key not in self._stopped]

    def _start(self) -> None:
        if self._thread is None and self._pending():
            self._thread = threading.Thread(target=self._work, name="explain", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while (work := self._next()) is not None:
            if not self._turns.take(self, lambda work=work: self._is_wanted(work)):  # type: ignore[misc]
                continue
            try:
                result = work.run(lambda share, work=work: self._report(work, share))  # type: ignore[misc]
            except Cancelled:
                continue
            except BaseException as error:  # the page raises it where errors are shown; a Rust panic is no Exception
                result = error if isinstance(error, Exception) else RuntimeError(repr(error))
            finally:
                self._turns.end(self)
            with self._changed:
                if work.key in self._wanted:
                    self._wanted[work.key], self._results[work.key] = work.spent, result
                    self._stopped.discard(work.key)

    def _next(self) -> Work | None:
        with self._changed:
            pending = self._pending()
            self._current, self._share = self._wanted[pending[0]] if pending else None, 0.0
            if not pending:
                self._thread = None
            self._changed.notify_all()
            return self._current

    def _report(self, work: Work, share: float) -> None:
        self._share = share
        wanted = self._is_wanted(work) and self._turns.pass_on(self, lambda: self._is_wanted(work))
        if not wanted:
            raise Cancelled(f"{work.title} was stopped; nothing of it is kept.")

    def _is_wanted(self, work: Work) -> bool:
        """Whether a page still asks for the work; where none has asked for anything for too long, nothing is wanted."""
        with self._changed:
            if time.monotonic() > self._abandoned_at:
                self._wanted = {}
            return work.key in self._pending()


def polling_fragment(job: Job, panel: Callable[..., None], *shown: Any, key: str | None = None) -> None:
    """Draw a panel as a fragment that repeats while its job runs; it gets `shown`, and whether it repeats.

    Whoever waits behind many others asks less often: fifty pages that ask twice a second would take all of a machine.
    """
    running, every = job.running, min(POLL_EVERY * (1 + job.before), POLL_AT_MOST)
    st.fragment(panel, key=key, run_every=every if running else None)(*shown, running)


def request_work(job: Job, works: Sequence[Work], repeating: bool, run_again: Callable[[], None]) -> None:
    """In such a panel: request work, and run the page again where the panel has to begin or to stop repeating."""
    job.request(works, 0.0 if repeating else PATIENCE)
    if job.running != repeating:
        run_again()


def work_state(job: Job, key: str, cancel: Callable[[], None] | None, stopped: str | None = None) -> None:
    """A bar and a button while a job runs; in one container, so that nothing below it moves its place.

    `key` starts the keys of both; without `cancel` the work is so short that there is nothing to stop. `stopped` is
    what to say of work that the user stopped and may take up again, None where that is not offered.
    """
    with st.container(horizontal=True, vertical_alignment="center", key=f"{key}:work"):
        title, share = job.progress
        if job.running:
            st.progress(share, f"{title}: {percent(share)}", width=400)
            if cancel is not None:
                st.button("Cancel", on_click=cancel, key=f"{key}:cancel")
        elif stopped is not None and job.stopped:
            st.markdown(f":material/stop_circle: Stopped. {stopped}")
            st.button("Run again", on_click=job.again, key=f"{key}:again")
