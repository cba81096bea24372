"""What tests of the commands share."""

import json
from typing import Any

import pytest

from sparsecbm.__main__ import main


@pytest.fixture
def measure(base: list[str], capsys: pytest.CaptureFixture[str]) -> Any:
    """Run a test file's `base` command with --json and return what standard output held; standard error must stay
    empty."""
    def run(*arguments: str) -> Any:
        assert main([*base, "--json", *arguments]) == 0
        out, err = capsys.readouterr()
        assert err == ""
        return json.loads(out)
    return run
