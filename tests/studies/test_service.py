"""At the service an entry is checked, answered by the model, and kept; only then is it returned."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sparsecbm.errors import CheckpointError, InputError
from sparsecbm.service import Explainer
from sparsecbm.studies.compute_service import StudyService, new_key, shown
from sparsecbm.studies.log import Entry, Recorded, now
from sparsecbm.studies.run import step_of
from sparsecbm.studies.store import Store
from tests.studies.toys import a_protocol


class Person:
    """A participant in front of a window, who sends what is true for that window."""

    def __init__(self, service: StudyService, store: Store, code: str) -> None:
        self.service, self.store, self.code = service, store, code
        self.step = step_of(store.course(code))

    def does(self, action: Any, key: str | None = None, **entered: Any) -> Recorded:
        recorded = self.service.act(self.code, Entry(action, self.step.sequence, key or new_key(), **entered))
        self.step = step_of(recorded.course)
        assert self.store.course(self.code) == recorded.course  # what is returned is kept
        return recorded

    def opens_a_case(self) -> Recorded:
        if self.step.stage == "consent":
            self.does("consent")
        self.does("open")
        assert self.step.shown is None  # nothing of the model before the own answer
        return self.does("first", to="bad", answers={"confidence_before": 3})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path}/s.sqlite") as made:
        yield made


@pytest.fixture
def person(store: Store, explainer: Explainer) -> Person:
    protocol = a_protocol(2, arms=("subnetworks",), checkpoint=explainer.checkpoint.hash)
    return Person(StudyService(store, explainer), store, store.enrol(store.add_study(protocol)))


def test_what_is_kept_is_what_the_model_says(person: Person, explainer: Explainer) -> None:
    first = person.opens_a_case()
    assert first.event is not None and person.step.trial is not None
    text = first.course.protocol.case_of[person.step.trial.case].text
    before = explainer.predict(text)
    assert first.event.before is None and first.event.after == shown(before)
    assert sum(first.event.after["probabilities"].values()) == pytest.approx(1)
    set_ = person.does("set", concept="soup", to="0.2,0.3,0.5", elapsed_ms=1500).event
    assert set_ is not None and set_.before == first.event.after and set_.from_ == before.value("soup")
    expected = explainer.override(before, {"soup": (0.2, 0.3, 0.5)}).after
    assert set_.after == shown(expected) != set_.before
    assert np.allclose(list(set_.after["concepts"]["soup"].values()), [0.2, 0.3, 0.5])
    unsure = person.does("unsure", concept="soup").event
    assert unsure is not None and unsure.after == shown(before) and person.step.edits.unsure == ("soup",)
    undone = person.does("undo").event
    assert undone is not None and undone.after == set_.after and person.step.shown == set_.after
    final = person.does("final", to="good", answers={"confidence_after": 5}).event
    assert final is not None and final.after is None and final.before == set_.after and person.step.stage == "ready"


def test_a_revision_is_kept_with_all_that_it_takes_to_repeat_it(person: Person, explainer: Explainer) -> None:
    person.opens_a_case()
    assert person.step.trial is not None
    text = person.step.trial and a_protocol().case_of[person.step.trial.case].text
    wanted = next(v for v in explainer.schema.values if v != explainer.predict(text).value("room"))
    event = person.does("revise", concept="room", to=wanted, portion=0.1).event
    made = explainer.revise(text, "room", wanted, 0.1)
    assert event is not None and event.detail is not None and event.entry.steps == 5
    assert event.detail == {"digest": made.revision.change.digest, "dropped": made.dropped, "grown": made.grown}
    assert made.dropped > 0
    assert event.after == shown(explainer.predict_changed(text, [made.revision.change])) != event.before
    again = person.does("revise", concept="room", to=made.after.value("room"))
    assert again.event is not None and again.event.detail is not None and again.event.detail["dropped"] == 0
    person.does("set", concept="soup", to="Positive")
    both = explainer.override(explainer.predict_changed(text, [made.revision.change]), {"soup": (0.0, 0.0, 1.0)}).after
    assert person.step.shown == shown(both)


def test_a_double_click_gives_the_first_outcome_and_another_window_is_told(person: Person) -> None:
    person.opens_a_case()
    other = Person(person.service, person.store, person.code)
    first = person.does("set", key="click", concept="soup", to="Positive")
    double = other.service.act(other.code, Entry("set", other.step.sequence, "click", concept="soup", to="Positive"))
    assert double.status == "repeated" and double.event == first.event
    stale = other.does("set", concept="soup", to="Negative")
    assert stale.status == "stale" and stale.event is None
    assert other.step.shown == person.step.shown and other.step.edits.overrides == {"soup": "Positive"}
    assert other.does("final", to="good", answers={"confidence_after": 6}).status == "written"


def test_what_is_refused_leaves_no_trace(person: Person, tmp_path: Path, explainer: Explainer) -> None:
    person.opens_a_case()
    count = person.step.sequence
    for concept, to in (("soup", "hot"), ("soup", "0.9,0.9,0.9"), ("tea", "Positive"), ("soup", "\0")):
        with pytest.raises(InputError):
            person.service.act(person.code, Entry("set", count, new_key(), concept=concept, to=to))
    other = person.store.enrol(person.store.add_study(a_protocol(2, arms=("overrides",), name="Of another model")))
    stranger = Person(person.service, person.store, other)
    with pytest.raises(CheckpointError, match="made for the checkpoint hash"):
        stranger.opens_a_case()
    assert len(person.store.course(person.code).events) == count and len(person.store.course(other).events) == 2


def test_after_the_time_only_a_timeout_is_kept(store: Store, explainer: Explainer) -> None:
    protocol = a_protocol(1, arms=("overrides",), checkpoint=explainer.checkpoint.hash, time_limit_s=60)
    person = Person(StudyService(store, explainer), store, store.enrol(store.add_study(protocol)))
    person.opens_a_case()
    later = now() + timedelta(seconds=70)
    entry = Entry("final", person.step.sequence, "a", to="good", answers={"confidence_after": 1})
    late = person.service.act(person.code, entry, later)
    assert late.status == "late" and late.course.events == store.course(person.code).events
    over = replace(entry, action="timeout", to=None, answers={})
    assert person.service.act(person.code, over, later).status == "written"
    assert step_of(store.course(person.code)).stage == "done"
