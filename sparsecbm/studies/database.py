"""The studies' database: where it is, opened so that what is committed stays, and upgraded to this release's tables."""

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, InterfaceError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from sparsecbm.errors import ConfigError, DataError
from sparsecbm.paths import path_in, path_of

log = logging.getLogger(__name__)

#: Environment variables: the URL of a PostgreSQL database, or else the path of an SQLite file.
URL_VARIABLE, FILE_VARIABLE = "SPARSECBM_DATABASE_URL", "SPARSECBM_STUDIES"
DEFAULT_FILE = Path("studies") / "studies.sqlite"
#: How long a write waits for others, in milliseconds.
PATIENCE_MS = 20_000
#: Held while a PostgreSQL database is upgraded, so that one process does; any number that nobody else uses.
_UPGRADE_LOCK = 7_306_152

#: Whether errors of an engine are public.
_PUBLIC = "public_errors"
_DRIVERS = {"postgres": "postgresql+psycopg", "postgresql": "postgresql+psycopg", "sqlite": "sqlite+pysqlite"}


def database_url(url: str | None = None) -> URL:
    """The URL that was given, else that of the environment, else the SQLite file. ConfigError for another kind."""
    named = url or os.environ.get(URL_VARIABLE)
    if not named:
        return URL.create("sqlite+pysqlite", database=str(path_in(FILE_VARIABLE) or DEFAULT_FILE))
    try:
        made = make_url(named)
    except (ArgumentError, ValueError):
        raise ConfigError(f"The database's URL cannot be read; allowed: postgresql://user:password@host/name, or "
                          f"sqlite:///path. Check {URL_VARIABLE}.") from None
    if made.drivername.partition("+")[0] not in _DRIVERS:
        raise ConfigError(f"The database's URL starts with {made.drivername[:40]!r}; allowed: postgresql or sqlite. "
                          f"Check {URL_VARIABLE}.")
    return made.set(drivername=_DRIVERS.get(made.drivername, made.drivername))


def open_database(url: str | None = None, public: bool = False) -> Engine:
    """The database, made or upgraded where it must be. DataError when it cannot be used.

    Errors name the database, unless they are `public`: participants see them. Then the log has the rest.
    """
    where = database_url(url)
    if where.get_backend_name() == "sqlite":
        if not where.database or where.database == ":memory:":
            raise ConfigError("An SQLite database in memory keeps nothing; allowed: a file. Name one.")
        file = path_of(where.database)
        file.parent.mkdir(parents=True, exist_ok=True)
        where = where.set(database=str(file))
    with database_errors(where, public):
        try:
            engine = create_engine(where, pool_pre_ping=where.get_backend_name() == "postgresql",
                                   execution_options={_PUBLIC: public})
        except (NoSuchModuleError, ImportError) as error:
            raise ConfigError(f"The driver of the database's URL is not installed ({error}); allowed: postgresql:// "
                              "or sqlite:///. Use one of these.") from None
        if where.get_backend_name() == "sqlite":
            event.listen(engine, "connect", _as_sqlite_should)
            event.listen(engine, "begin", _begin)
        try:
            _upgrade(engine)
        except BaseException:
            engine.dispose()
            raise
    return engine


@contextmanager
def database_errors(where: URL, public: bool = False) -> Iterator[None]:
    """Turn errors of the database into a DataError that hides its password, and where it is if it is `public`."""
    try:
        yield
    except (DatabaseError, InterfaceError, NoConnectionFree) as error:
        raise DataError(f"{_unusable(where, public, error)}; nothing of this step was written. Check that it runs, is "
                        "writable and has free space, and try again.") from error


def _unusable(where: URL, public: bool, error: SQLAlchemyError) -> str:
    """That the database cannot be used, and why. PostgreSQL's own words name its host, port and user."""
    reason = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
    said = f"The studies' database {where.render_as_string(hide_password=True)} cannot be used ({reason})"
    if not public:
        return said
    log.error("%s", said)
    return f"The studies' database cannot be used{f' ({reason})' if where.get_backend_name() == 'sqlite' else ''}"


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that writes; it is committed, safe on the disk, when the block is left, or not at all."""
    with _errors_of(engine), engine.connect().execution_options(writes=True) as connection, connection.begin():
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that reads what stood at one moment, and holds nobody up."""
    with _errors_of(engine), engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
            yield connection


_Store = TypeVar("_Store", bound="DatabaseStore")  # and not Self, which is not understood where types are checked


class DatabaseStore:
    """What is kept in the tables of a database; studies and corrections each have a store of their own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._turn: AbstractContextManager[object] = (
            threading.Lock() if engine.dialect.name == "sqlite" else nullcontext())

    @classmethod
    def open(cls: type[_Store], url: str | None = None, public: bool = False) -> _Store:
        """The store of a database URL, else of the environment, else of the default file, made on first use.

        ConfigError for an invalid URL, DataError when the database cannot be used. `public` errors do not say where it
        is.
        """
        return cls(open_database(url, public))

    def close(self) -> None:
        """Close the database; the store cannot be used after that."""
        self._engine.dispose()

    def __enter__(self: _Store) -> _Store:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """A transaction that writes. SQLite has one at a time and lets the others poll, so ours take turns before."""
        with self._turn, writing(self._engine) as connection:
            yield connection


def _errors_of(engine: Engine) -> AbstractContextManager[None]:
    return database_errors(engine.url, engine.get_execution_options()[_PUBLIC])


def _as_sqlite_should(connection: object, _: object) -> None:
    setattr(connection, "isolation_level", None)  # noqa: B010 - we begin transactions ourselves, `_begin`
    cursor = connection.cursor()  # type: ignore[attr-defined]
    for pragma in (f"busy_timeout={PATIENCE_MS}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON",
                   "secure_delete=ON", "fullfsync=ON", "checkpoint_fullfsync=ON"):  # macOS may lose it otherwise
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    """A writer takes its turn at once: one that reads first and then writes could not wait for another."""
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _upgrade(engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", "sparsecbm.studies:migrations")
    newest = ScriptDirectory.from_config(config).get_current_head()
    with engine.connect() as connection:
        if MigrationContext.configure(connection).get_current_revision() == newest:
            return
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_UPGRADE_LOCK})"))
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise DataError(f"The studies' database has a form that this release does not know ({error}). Use the "
                            "release that wrote it.") from None
