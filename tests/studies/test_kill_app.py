"""The running app is killed while scripted people take part: whatever a screen showed is in the database, once."""

import time
from pathlib import Path
from threading import Thread

import pytest

from benchmarks.server import app_with
from benchmarks.taking_part import Visit, findings, protocol, take_part
from sparsecbm.schema import CEBAB
from sparsecbm.service import Explainer
from sparsecbm.studies.store import Store
from tests.helpers import saved_checkpoint

pytestmark = pytest.mark.slow

PEOPLE, PRESSES = 2, 5


def test_what_was_shown_before_a_kill_is_kept(tmp_path: Path) -> None:
    checkpoint, url = saved_checkpoint(tmp_path / "tiny", schema=CEBAB), f"sqlite:///{tmp_path}/studies.sqlite"
    model = Explainer.load(checkpoint).checkpoint.hash
    with Store.open(url) as store, app_with(checkpoint, url) as server:
        study = store.add_study(protocol(CEBAB, model, 2))
        store.note(study, "started")
        everyone = [Visit(number) for number in range(PEOPLE)]
        threads = [Thread(target=take_part, args=(server, study, visit, 0.02)) for visit in everyone]
        for thread in threads:
            thread.start()
        while sum(len(visit.milliseconds) for visit in everyone) < PRESSES:
            assert not any(visit.problems for visit in everyone), everyone
            time.sleep(0.001)
        server.kill_and_start()
        assert any(not visit.done for visit in everyone)  # it was in the midst of it
        for thread in threads:
            thread.join()
        for visit in everyone:
            assert visit.done and visit.code is not None
            assert not findings(visit, store.course(visit.code))
            assert sum(drawn != () for _, drawn in visit.screens) >= 2  # answers were drawn, and compared with the log
