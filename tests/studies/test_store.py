"""What is written is there, once, whoever writes; and a participant who withdraws leaves nothing."""

import sqlite3
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import event as events

from sparsecbm.errors import InputError
from sparsecbm.studies.design import trials
from sparsecbm.studies.store import Store
from tests.studies.toys import a_protocol, an_event, seen


def test_a_study_is_frozen_and_a_change_is_a_new_version(store: Store) -> None:
    protocol = a_protocol()
    study = store.add_study(protocol)
    assert store.add_study(protocol) == study and store.study(study).protocol == protocol
    with pytest.raises(InputError, match="frozen; allowed: version 2"):
        store.add_study(replace(protocol, seed=3))
    later = store.add_study(protocol.next_version(seed=3))
    assert {one.id: one.protocol.version for one in store.studies()} == {study: 1, later: 2}
    with pytest.raises(InputError, match="no study 'nowhere'"):
        store.study("nowhere")


def test_an_id_is_found_however_it_was_copied(store: Store) -> None:
    study = store.add_study(a_protocol())
    for given in (f" {study}\n", f"{study}.", study.upper(), f"\u200b{study}\u00a0"):
        assert store.study(given).id == study
        assert store.course(store.enrol(given)).participant.study == study
        store.note(given, "results")
    assert len(store.courses(f"{study} ")) == 4 == len(store.notes(f" {study}"))
    assert store.study(study).state == "not started"
    store.note(f" {study}", "started")
    assert store.study(f"{study} ").state == "running"


def test_the_list_of_studies_reads_the_log_once(tmp_path: Path) -> None:
    with Store.open(f"sqlite:///{tmp_path}/s.sqlite") as store:
        ids = [store.add_study(a_protocol(name=f"Study {i}")) for i in range(4)]
        store.note(ids[0], "started")
        store.note(ids[1], "started")
        store.note(ids[1], "closed")
        asked = list[str]()
        events.listen(store._engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
        assert {one.id: one.state for one in store.studies()} == {
            ids[0]: "running", ids[1]: "closed", ids[2]: "not started", ids[3]: "not started"}
        assert len([one for one in asked if "SELECT" in one]) == 2  # the studies, and their log


def test_participants_at_once_get_numbers_in_a_row_and_the_assignment_of_each(store: Store) -> None:
    study = store.add_study(a_protocol())
    with ThreadPoolExecutor(6) as together:
        codes = list(together.map(lambda _: store.enrol(study), range(12)))
    courses = store.courses(study)
    assert [course.participant.number for course in courses] == list(range(12)) and len(set(codes)) == 12
    assert all(course.trials == trials(a_protocol(), number) for number, course in enumerate(courses))
    code = store.enrol(study, "dry_run")  # counts for itself
    assert store.course(code).participant.number == 0 and len(store.courses(study)) == 12
    spoken = code.lower().replace("-", " ")
    assert store.course(spoken).participant.code == code


def test_an_event_comes_back_as_it_was_written(store: Store) -> None:
    code = store.enrol(store.add_study(a_protocol()))
    event = an_event("set", 0, position=3, case="c1", concept="soup", to="0.1,0.2,0.7", portion=0.1, steps=3,
                     answers={"a": 0, "b": "=1+1 <b>\u202e🍜"}, elapsed_ms=2**40, client_time="?", from_="Negative",
                     before=seen("bad", 0.1 + 0.2), after=seen("good", 1 / 3), detail={"digest": "x"})
    recorded = store.append(code, event)
    assert recorded.status == "written" and recorded.event == event
    assert store.course(code).events == (event,) == recorded.course.events


def test_a_click_sent_twice_counts_once_and_an_old_window_is_refused(store: Store) -> None:
    code = store.enrol(store.add_study(a_protocol()))
    first = an_event("consent", 0)
    assert store.append(code, first).status == "written"
    again = store.append(code, replace(first, at="later"))
    assert again.status == "repeated" and again.event == first and again.course.events == (first,)
    other = store.append(code, replace(first, entry=replace(first.entry, key="other")))
    assert (other.status, other.event) == ("stale", None)
    ahead = store.append(code, an_event("open", 2))
    assert ahead.status == "stale" and store.course(code).events == (first,)


def test_many_threads_and_two_stores_write_each_event_once(store: Store, url: str) -> None:
    """Each of six writers sends every event of four participants; whoever comes first, one of them counts."""
    study = store.add_study(a_protocol())
    codes = [store.enrol(study) for _ in range(4)]
    with Store.open(url) as second, ThreadPoolExecutor(6) as together:

        def write(writer: int) -> list[str]:
            return [(store, second)[writer % 2].append(code, an_event("open", sequence, elapsed_ms=writer)).status
                    for sequence in range(8) for code in codes]

        statuses = Counter(status for found in together.map(write, range(6)) for status in found)
        assert all(second.course(code) == store.course(code) for code in codes)
    assert statuses == {"written": 32, "repeated": 160}
    assert all([event.entry.sequence for event in course.events] == list(range(8)) for course in store.courses(study))


def test_withdrawal_deletes_everything_and_logs_the_count_alone(store: Store, url: str) -> None:
    study = store.add_study(a_protocol())
    codes = [store.enrol(study) for _ in range(3)]
    for code in codes[:2]:
        store.append(code, an_event("consent", 0, answers={"q": f"secret of {code}"}))
    assert store.withdraw(codes[0]) == 1
    with pytest.raises(InputError, match="No participant"):
        store.course(codes[0])
    assert [(note.kind, note.events) for note in store.notes(study)] == [("withdrawn", 1)]
    assert [course.participant.code for course in store.courses(study)] == codes[1:]
    assert store.course(codes[1]).events[0].entry.answers == {"q": f"secret of {codes[1]}"}
    assert store.course(store.enrol(study)).participant.number == 0  # the place is free, so the design stays balanced
    if url.startswith("sqlite"):
        kept = b"".join(path.read_bytes() for path in Path(url.removeprefix("sqlite:///")).parent.iterdir())
        assert codes[0].encode() not in kept and codes[1].encode() in kept


def test_a_closed_study_takes_nobody_new_and_lets_others_end(store: Store) -> None:
    study = store.add_study(a_protocol())
    code = store.enrol(study)
    store.note(study, "closed")
    with pytest.raises(InputError, match="closed"):
        store.enrol(study)
    assert store.study(study).closed and store.append(code, an_event("consent", 0)).status == "written"


def test_what_is_returned_is_on_the_disk(tmp_path: Path) -> None:
    """Another connection sees it at once, while the store is still open."""
    with Store.open(f"sqlite:///{tmp_path}/s.sqlite") as store:
        code = store.enrol(store.add_study(a_protocol()))
        store.append(code, an_event("consent", 0))
        other = sqlite3.connect(tmp_path / "s.sqlite")
        assert other.execute("SELECT action FROM event").fetchall() == [("consent",)]
        other.close()
