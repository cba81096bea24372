"""The tables of the studies' database. Rows are added and, when a participant withdraws, deleted; never updated.

The database itself holds to that: triggers (`migrations/versions/initial.py`) refuse every update, every deletion from
`study` and `log`, and any deletion elsewhere but that of a participant with all that belongs to it.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(naming_convention={
    "pk": "pk_%(table_name)s", "fk": "fk_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s", "ix": "ix_%(table_name)s_%(column_0_N_name)s",
})

#: Counts up and is never used again; SQLite counts up in this type only.
_NUMBER = BigInteger().with_variant(Integer, "sqlite")
_JSON = JSON(none_as_null=True)


def _number() -> Column[int]:
    return Column("id", _NUMBER, primary_key=True, autoincrement=True)


def _belongs_to(column: str, target: str, whole: bool = True, key: bool = False) -> Column[int]:
    """A reference to another table; with `whole`, the row goes with the one that it belongs to."""
    return Column(column, ForeignKey(target, ondelete="CASCADE" if whole else None), primary_key=key, nullable=False,
                  index=not key and not whole)


study = Table(
    "study", metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(80), nullable=False),
    Column("version", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("checkpoint", String(200), nullable=False),
    Column("data_hash", String(200), nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("protocol", _JSON, nullable=False),
    Column("created", String(32), nullable=False),
    UniqueConstraint("name", "version"),
)

participant = Table(
    "participant", metadata,
    _number(),
    _belongs_to("study_id", "study.id", whole=False),
    Column("code", String(32), nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    Column("number", Integer, nullable=False),
    Column("created", String(32), nullable=False),
    UniqueConstraint("study_id", "kind", "number"),
    sqlite_autoincrement=True,
)

assignment = Table(
    "assignment", metadata,
    _belongs_to("participant_id", "participant.id", key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("block", Integer, nullable=False),
    Column("case_id", String(80), nullable=False),
    Column("arm", String(16), nullable=False),
    Column("practice", Boolean, nullable=False),
)

event = Table(
    "event", metadata,
    _number(),
    _belongs_to("participant_id", "participant.id"),
    Column("sequence", Integer, nullable=False),
    Column("key", String(80), nullable=False),
    Column("action", String(16), nullable=False),
    Column("position", Integer),
    Column("case_id", String(80)),
    Column("concept", Text),
    Column("from_value", Text),
    Column("to_value", Text),
    Column("portion", Double),
    Column("steps", Integer),
    Column("before", _JSON),
    Column("after", _JSON),
    Column("detail", _JSON),
    Column("elapsed_ms", BigInteger),
    Column("client_time", String(80)),
    Column("at", String(32), nullable=False),
    UniqueConstraint("participant_id", "sequence"),
    UniqueConstraint("participant_id", "key"),
    sqlite_autoincrement=True,
)

answer = Table(
    "answer", metadata,
    _belongs_to("event_id", "event.id", key=True),
    Column("question", String(80), primary_key=True),
    Column("number", Integer),
    Column("text", Text),
)

log = Table(
    "log", metadata,
    _number(),
    _belongs_to("study_id", "study.id", whole=False),
    Column("kind", String(16), nullable=False),
    Column("events", BigInteger, nullable=False),
    Column("at", String(32), nullable=False),
    sqlite_autoincrement=True,
)
