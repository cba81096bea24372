"""What tests of studies share: an empty database of each kind, and a tiny model."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from sparsecbm.service import Explainer
from sparsecbm.studies.database import database_url
from sparsecbm.studies.store import Store
from tests.helpers import tiny_checkpoint_of
from tests.studies.postgres import postgres_server, why_not


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a server of this test process, to be completed with a database's name."""
    if reason := why_not():
        pytest.skip(reason)
    with postgres_server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """The URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/kept/studies.sqlite"
    server: str = request.getfixturevalue("postgres")
    admin = create_engine(database_url(server.format(name="postgres")), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        number = connection.scalar(text("SELECT count(*) FROM pg_database"))
        connection.execute(text(f"CREATE DATABASE studies{number}"))
    admin.dispose()
    return server.format(name=f"studies{number}")


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """A store in it."""
    with Store.open(url) as made:
        yield made


@pytest.fixture(scope="session")
def explainer(tmp_path_factory: pytest.TempPathFactory) -> Explainer:
    """A tiny random model with masks."""
    return Explainer(tiny_checkpoint_of(tmp_path_factory.mktemp("checkpoint")))
