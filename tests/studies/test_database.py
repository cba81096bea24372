"""The database is made on first use, keeps what it was given, and lets nothing be changed in place."""

import json
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlalchemy.exc import DatabaseError

from sparsecbm.corrections.compute_store import CorrectionStore
from sparsecbm.errors import ConfigError, DataError
from sparsecbm.studies.database import database_url, open_database
from sparsecbm.studies.database_tables import metadata
from sparsecbm.studies.store import Store
from tests.corrections.toys import a_correction
from tests.studies.toys import a_protocol, an_event


def test_migrations_make_the_tables_that_the_code_reads(url: str) -> None:
    with ThreadPoolExecutor(4) as together:  # the first use may be that of several at once
        engines = list(together.map(lambda _: open_database(url), range(4)))
    with engines[0].connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    assert set(inspect(engines[0]).get_table_names()) == {*metadata.tables, "alembic_version"}
    for engine in engines:
        engine.dispose()


def test_rows_stay_as_they_were_written(url: str) -> None:
    """By whatever program: the triggers are the database's own."""
    with Store.open(url) as store:
        study = store.add_study(a_protocol())
        code = store.enrol(study)
        store.append(code, an_event("consent", 0, answers={"q": 1}))
        store.note(study, "results")
    with CorrectionStore.open(url) as corrections:
        corrections.add(a_correction())
        corrections.undo(a_correction().id, "Ada")
    engine = open_database(url)
    changes = [f"UPDATE {table} SET {column} = {column}" for table, column in (
        ("study", "name"), ("participant", "code"), ("assignment", "arm"), ("event", "sequence"), ("answer", "number"),
        ("log", "kind"), ("correction", "to_value"), ("correction_undo", "who"))]
    for change in [*changes, "DELETE FROM event", "DELETE FROM answer", "DELETE FROM assignment", "DELETE FROM log",
                   "DELETE FROM study", "DELETE FROM correction", "DELETE FROM correction_undo",
                   *(["TRUNCATE event CASCADE", "TRUNCATE correction CASCADE"] if url.startswith("postgresql") else
                     [])]:
        with engine.connect() as connection, pytest.raises(DatabaseError, match="rows|violates"):
            connection.execute(text(change))
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM participant"))
    with engine.connect() as connection:
        counts = {table: connection.scalar(text(f"SELECT count(*) FROM {table}")) for table in metadata.tables}
    engine.dispose()
    assert counts == {"study": 1, "log": 1, "participant": 0, "assignment": 0, "event": 0, "answer": 0,
                      "correction": 1, "correction_undo": 1}


def test_sqlite_is_set_to_lose_nothing(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path}/new/folder/studies.sqlite")
    with engine.connect() as connection:
        found = {name: connection.scalar(text(f"PRAGMA {name}"))
                 for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "fullfsync",
                              "checkpoint_fullfsync")}
        assert connection.scalar(text("PRAGMA busy_timeout")) >= 10_000
    engine.dispose()
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1,
                     "fullfsync": 1, "checkpoint_fullfsync": 1}


def test_where_the_database_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SPARSECBM_DATABASE_URL", raising=False)
    monkeypatch.setenv("SPARSECBM_STUDIES", str(tmp_path / "mine.sqlite"))
    assert database_url().database == str(tmp_path / "mine.sqlite")
    monkeypatch.setenv("SPARSECBM_DATABASE_URL", "postgres://me:secret@host/studies")
    assert database_url().drivername == "postgresql+psycopg" and database_url().password == "secret"
    monkeypatch.delenv("SPARSECBM_DATABASE_URL")
    monkeypatch.delenv("SPARSECBM_STUDIES")
    assert database_url().database == "studies/studies.sqlite"


@pytest.mark.parametrize("wrong", ["mysql://host/x", "nonsense", "sqlite://", "sqlite:///:memory:"])
def test_another_kind_of_database_is_refused(wrong: str) -> None:
    with pytest.raises(ConfigError, match="allowed"):
        open_database(wrong)


def test_a_database_that_cannot_be_reached_is_told_without_its_password() -> None:
    with pytest.raises(DataError, match="cannot be used") as caught:
        open_database("postgresql://me:secret@/studies?host=/nowhere")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("where", [
    "postgresql://dora:secret@127.0.0.1:1/hidden_studies", "sqlite:///{folder}/hidden_studies.sqlite",
    "postgresql://dora:secret@/hidden_studies?host=/nowhere"])
def test_what_participants_may_see_of_a_failure_does_not_say_where_the_database_is(
    where: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "hidden_studies.sqlite").write_text("no database, but long enough to be read as one" * 30,
                                                    encoding="utf-8")
    url = where.format(folder=tmp_path)
    with pytest.raises(DataError) as caught:
        Store.open(url, public=True)
    for secret in ("hidden", "dora", "127", "nowhere", str(tmp_path), "secret", "refused"):
        assert secret not in str(caught.value)
    assert "hidden_studies" in caplog.text and "secret" not in caplog.text  # whoever runs the server finds it there
    with pytest.raises(DataError, match="hidden_studies"):
        Store.open(url)


def test_a_failure_in_use_is_as_quiet_as_one_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store.open(f"sqlite:///{tmp_path}/hidden.sqlite", public=True) as store:
        study = store.add_study(a_protocol())
        with store._engine.begin() as connection:
            connection.execute(text("DROP TABLE assignment"))
        with pytest.raises(DataError, match="no such table") as caught:
            store.enrol(study)
    assert "hidden" not in str(caught.value)


def test_a_database_of_an_earlier_release_is_upgraded_with_what_it_holds(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ScriptDirectory, "get_current_head", lambda _: "0001")
    monkeypatch.setattr(command, "upgrade", partial(_upgrade_to, command.upgrade, "0001"))
    engine = open_database(url)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO study VALUES ('s', 'Soup', 1, 'd', 'hash', 'data', 0, :protocol, :now)"), {
            "protocol": json.dumps(a_protocol().to_json()), "now": "2026-01-31T12:00:00+00:00"})
        connection.execute(text("INSERT INTO participant (study_id, code, kind, number, created) VALUES ('s', "
                                "'AAAA-BBBB-CCCC', 'person', 0, '2026-01-31T12:00:00+00:00')"))
    engine.dispose()
    monkeypatch.undo()
    with Store.open(url) as store, store._engine.connect() as connection:
        assert store.study("s").protocol == a_protocol()
        assert connection.execute(text("SELECT code, external FROM participant")).all() == [("AAAA-BBBB-CCCC", None)]


def _upgrade_to(upgrade: Callable[..., None], revision: str, config: Config, _: str) -> None:
    upgrade(config, revision)


def test_a_file_that_is_no_database_and_one_of_a_newer_release_are_told(tmp_path: Path) -> None:
    (tmp_path / "text.sqlite").write_text("not a database, but long enough to be looked at as one" * 20,
                                          encoding="utf-8")
    with pytest.raises(DataError, match="not a database"):
        open_database(f"sqlite:///{tmp_path}/text.sqlite")
    newer = tmp_path / "newer.sqlite"
    open_database(f"sqlite:///{newer}").dispose()
    connection = sqlite3.connect(newer)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    with pytest.raises(DataError, match="form that this release does not know"):
        open_database(f"sqlite:///{newer}")
