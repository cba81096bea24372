"""Slow work beside the page: in order, bounded by what is wanted, stopped when it is not wanted any more."""

import threading
import time
import weakref
from collections.abc import Callable, Iterator

import pytest

from sparsecbm.errors import Cancelled, InputError
from sparsecbm.service.turns import Turns
from sparsecbm.ui.tasks import Job, Progress, Work

WAIT = 60.0


class Gated:
    """Work that reports, then waits for leave at every step, and knows how it ended."""

    def __init__(self, key: str, steps: int = 2) -> None:
        self.entered, self.leave, self.ended = threading.Event(), threading.Event(), threading.Event()
        self.steps, self.outcome, self.runs = steps, "", 0
        self.work = Work(key, f"Work {key}", self.run)

    def run(self, progress: Progress) -> str:
        self.runs += 1
        try:
            for step in range(self.steps):
                progress(step / self.steps)
                self.entered.set()
                assert self.leave.wait(WAIT)
            self.outcome = "done"
        except Cancelled:
            self.outcome = "cancelled"
            raise
        finally:
            self.ended.set()
        return self.work.title


@pytest.fixture
def gated() -> Iterator[Callable[..., Gated]]:
    made: list[Gated] = []

    def make(key: str, steps: int = 2) -> Gated:
        made.append(Gated(key, steps))
        return made[-1]

    yield make
    for work in made:
        work.leave.set()


def becomes(true: Callable[[], bool]) -> None:
    """Wait for something that another thread does."""
    end = time.monotonic() + WAIT
    while not true():
        assert time.monotonic() < end
        threading.Event().wait(0.005)


def quick(key: str, result: object = None) -> Work:
    return Work(key, key, lambda _: result or key)


def test_everything_wanted_is_done_in_order() -> None:
    order: list[str] = []
    works = [Work(key, key, lambda _, key=key: order.append(key) or key) for key in "abc"]
    job = Job()
    job.request(works, WAIT)
    assert order == ["a", "b", "c"] and [job.result(work) for work in works] == ["a", "b", "c"]
    assert not job.running and not job.stopped


def test_a_result_is_kept_while_it_is_wanted_and_no_longer(gated: Callable[..., Gated]) -> None:
    one, job = gated("a"), Job()
    one.leave.set()
    job.request([one.work], WAIT)
    job.request([one.work, quick("b")], WAIT)
    assert one.runs == 1
    job.request([quick("b")], WAIT)
    job.request([one.work], WAIT)
    assert one.runs == 2


def test_progress_is_told_while_it_runs(gated: Callable[..., Gated]) -> None:
    one, job = gated("a"), Job()
    job.request([one.work])
    assert one.entered.wait(WAIT)
    assert job.running and job.progress == ("Work a", 0.0) and job.result(one.work) is None
    one.leave.set()
    job.request([one.work], WAIT)
    assert job.result(one.work) == "Work a" and not job.running


def test_what_is_no_longer_wanted_stops_and_the_next_begins(gated: Callable[..., Gated]) -> None:
    old, new, job = gated("old"), gated("new"), Job()
    job.request([old.work])
    assert old.entered.wait(WAIT)
    job.request([new.work])
    old.leave.set()
    assert old.ended.wait(WAIT) and old.outcome == "cancelled"
    new.leave.set()
    job.request([new.work], WAIT)
    assert job.result(new.work) == "Work new" and job.result(old.work) is None


def test_cancel_keeps_nothing_and_again_starts_anew(gated: Callable[..., Gated]) -> None:
    one, job = gated("a"), Job()
    job.request([one.work, quick("b")])
    assert one.entered.wait(WAIT)
    job.cancel()
    assert job.stopped and not job.running
    one.leave.set()
    assert one.ended.wait(WAIT) and one.outcome == "cancelled"
    job.request([one.work, quick("b")], WAIT)
    assert job.result(one.work) is None and job.result(quick("b")) is None, "still stopped"
    job.again()
    job.request([one.work, quick("b")], WAIT)
    assert job.result(one.work) == "Work a" and not job.stopped


def test_other_work_goes_on_after_a_cancel(gated: Callable[..., Gated]) -> None:
    one, job = gated("a"), Job()
    job.request([one.work])
    assert one.entered.wait(WAIT)
    job.cancel()
    one.leave.set()
    job.request([quick("b")], WAIT)
    assert job.result(quick("b")) == "b" and not job.stopped


def test_an_error_is_raised_where_the_result_is_asked_for() -> None:
    def fail(_: Progress) -> None:
        raise InputError("Too large.")

    job, work = Job(), Work("a", "a", fail)
    job.request([work, quick("b")], WAIT)
    for _ in range(2):
        with pytest.raises(InputError, match="Too large"):
            job.result(work)
    assert job.result(quick("b")) == "b"


def test_work_that_nobody_asks_about_any_more_stops(gated: Callable[..., Gated]) -> None:
    one, job = gated("a"), Job(-2 * WAIT)
    one.leave.set()
    job.request([one.work], WAIT)
    assert job.result(one.work) is None and one.outcome == "cancelled" and not job.running


def test_sessions_work_one_after_another_and_see_their_place(gated: Callable[..., Gated]) -> None:
    turns = Turns(WAIT)
    works, jobs = [gated(key) for key in "abc"], [Job(turns=turns) for _ in range(3)]
    jobs[0].request([works[0].work])
    assert works[0].entered.wait(WAIT)
    for number in (1, 2):
        jobs[number].request([works[number].work])
        becomes(lambda number=number: jobs[number].before == number)  # type: ignore[misc]
    assert not works[1].runs
    assert "3" in jobs[2].progress[0] and jobs[0].progress == ("Work a", 0.0)
    jobs[1].cancel()
    becomes(lambda: jobs[2].before == 1)
    for one in works:
        one.leave.set()
    jobs[2].request([works[2].work])
    becomes(lambda: not jobs[2].running)
    assert [job.result(one.work) for job, one in zip(jobs, works, strict=True)] == ["Work a", None, "Work c"]
    assert works[1].runs == 0


def test_long_work_lets_others_pass_and_goes_on_afterwards(gated: Callable[..., Gated]) -> None:
    turns = Turns(seconds=0.0)
    long, short, first, second = gated("long", steps=3), gated("short", steps=1), Job(turns=turns), Job(turns=turns)
    first.request([long.work])
    assert long.entered.wait(WAIT)
    second.request([short.work])
    becomes(lambda: second.before == 1)
    long.leave.set()
    assert short.entered.wait(WAIT) and not long.ended.is_set() and first.before == 1
    short.leave.set()
    becomes(lambda: not first.running and not second.running)
    assert (first.result(long.work), second.result(short.work), long.runs) == ("Work long", "Work short", 1)


def test_work_that_is_done_keeps_nothing_alive_that_it_ran_on() -> None:
    class Model:
        pass

    def work(model: Model) -> Work:
        return Work("key", "Work", lambda _: str(bool(model)))

    job, model = Job(), Model()
    for _ in range(2):
        job.request([work(model), quick("next")], WAIT)
    gone = weakref.ref(model)
    del model
    assert job.result(work(Model())) == "True" and gone() is None
