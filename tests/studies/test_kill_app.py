"""The running app is killed while scripted people take part: whatever a screen showed is in the database, once."""

import time
from pathlib import Path
from threading import Thread

from benchmarks.server import app_with
from benchmarks.taking_part import Told, findings, protocol, take_part
from sparsecbm.schema import CEBAB
from sparsecbm.service import Explainer
from sparsecbm.studies.store import Store
from tests.helpers import saved_checkpoint

PEOPLE, PRESSES = 2, 5


def test_what_was_shown_before_a_kill_is_kept(tmp_path: Path) -> None:
    checkpoint, url = saved_checkpoint(tmp_path / "tiny", schema=CEBAB), f"sqlite:///{tmp_path}/studies.sqlite"
    model = Explainer.load(checkpoint).checkpoint.hash
    with Store.open(url) as store, app_with(checkpoint, url) as server:
        study = store.add_study(protocol(CEBAB, model, 2))
        store.note(study, "started")
        everyone = [Told(number) for number in range(PEOPLE)]
        threads = [Thread(target=take_part, args=(server, study, told, 0.02)) for told in everyone]
        for thread in threads:
            thread.start()
        while sum(len(told.milliseconds) for told in everyone) < PRESSES:
            assert not any(told.problems for told in everyone), everyone
            time.sleep(0.001)
        server.kill_and_start()
        assert any(not told.done for told in everyone)  # it was in the midst of it
        for thread in threads:
            thread.join()
        for told in everyone:
            assert told.done and told.code is not None
            assert not findings(told, store.course(told.code))
            assert sum(drawn != () for _, drawn in told.screens) >= 2  # answers were drawn, and compared with the log
