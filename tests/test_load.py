"""Visitors at once against the running app: each sees its own text, words and concepts, and the figures say so."""

from pathlib import Path

import pytest

from benchmarks.load import Waits, measure, summary
from sparsecbm.schema import CEBAB
from tests.helpers import saved_checkpoint

MEMORY = {"before": 1000.0, "peak": 1100.0, "after": None}


@pytest.mark.slow
def test_visitors_at_once_see_what_is_theirs(tmp_path: Path) -> None:
    found = measure(saved_checkpoint(tmp_path / "tiny", schema=CEBAB), visitors=3, seconds=3.0, leave=False)
    assert found["errors"] == [] and found["crossed"] == 0
    assert found["usable"]["all"]["n"] >= 3 <= found["words"]["all"]["n"] and found["override"]["all"]["n"] > 0
    assert found["override_cpu_ms"] > 0 and found["memory_mib"]["peak"] >= found["memory_mib"]["before"] > 0


def test_what_is_beyond_a_limit_is_named() -> None:
    """One page alone is usable after 100 ms and a press answered after 300, so that 2,000 and 1,500 ms are allowed."""
    alone, fine = Waits([100.0], [500.0], [300.0]), Waits([100.0, 2000.0], [900.0], [1400.0] * 3)
    assert summary(alone, fine, 10, MEMORY, 5.0, 25.0)["beyond"] == []
    slow = Waits([2001.0], [900.0], [1600.0] * 3, ["ConnectionError: gone"], crossed=1)
    memory = {"before": 1000.0, "peak": 1600.0, "after": 1101.0}
    assert summary(alone, slow, 10, memory, 5.0, 25.1)["beyond"] == [
        "errors", "crossed", "usable", "override", "cpu", "peak", "session", "back"]
    assert summary(alone, fine, 10, MEMORY | {"after": 1099.0}, 5.0, 1.0)["beyond"] == []
