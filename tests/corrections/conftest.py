"""An empty database of each kind; the server is that of the studies' tests."""

from collections.abc import Iterator

import pytest

from sparsecbm.corrections.compute_store import CorrectionStore
from tests.studies.conftest import postgres as postgres
from tests.studies.conftest import url as url


@pytest.fixture
def store(url: str) -> Iterator[CorrectionStore]:
    """A store in it."""
    with CorrectionStore.open(url) as made:
        yield made
