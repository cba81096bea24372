"""`app` becomes Streamlit's server, with the shipped dashboard, a checkpoint, and whatever else was asked for."""

import os
import runpy
import sys

import pytest

from sparsecbm.__main__ import main
from sparsecbm.shipped import CHECKPOINT_VARIABLE, DASHBOARD


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The command lines that Streamlit was run with."""
    lines: list[list[str]] = []
    monkeypatch.setattr(runpy, "run_module", lambda name, run_name: lines.append([name, *sys.argv]))
    monkeypatch.setattr(sys, "argv", ["sparsecbm"])
    monkeypatch.setenv(CHECKPOINT_VARIABLE, "one that was named before")
    return lines


def test_it_runs_the_shipped_dashboard_with_the_options_of_streamlit(started: list[list[str]]) -> None:
    assert main(["app", "--server.port", "8600", "--checkpoint", "runs/mine", "--server.address=127.0.0.1"]) == 0
    assert started == [["streamlit", "streamlit", "run", str(DASHBOARD), "--server.port", "8600",
                        "--server.address=127.0.0.1"]]
    assert os.environ[CHECKPOINT_VARIABLE] == "runs/mine" and DASHBOARD.is_file()


def test_the_environment_still_names_the_checkpoint(started: list[list[str]]) -> None:
    assert main(["app"]) == 0 and started
    assert os.environ[CHECKPOINT_VARIABLE] == "one that was named before"


def test_a_stray_word_is_refused(started: list[list[str]], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["app", "8600"]) == 2 and not started
    assert "'8600'" in capsys.readouterr().err
