"""The first form of the database, and the triggers that keep its rows as they were written.

A step describes the database as it was then, so it repeats the tables instead of reading those of today.
"""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0001", None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
#: Table -> the row that must be gone before one of its own may go; None where no row ever goes.
_OWNERS = {
    "study": None, "log": None, "participant": "", "assignment": "participant", "event": "participant",
    "answer": "event",
}


def upgrade() -> None:
    """Make tables and triggers."""
    op.create_table(
        "study",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("checkpoint", sa.String(200), nullable=False),
        sa.Column("data_hash", sa.String(200), nullable=False),
        sa.Column("seed", sa.BigInteger, nullable=False),
        sa.Column("protocol", sa.JSON, nullable=False),
        sa.Column("created", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_study"),
        sa.UniqueConstraint("name", "version", name="uq_study_name_version"),
    )
    op.create_table(
        "participant",
        sa.Column("id", _NUMBER, nullable=False, autoincrement=True),
        sa.Column("study_id", sa.String(32), sa.ForeignKey("study.id", name="fk_participant_study_id"), nullable=False),
        sa.Column("code", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("created", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_participant"),
        sa.UniqueConstraint("code", name="uq_participant_code"),
        sa.UniqueConstraint("study_id", "kind", "number", name="uq_participant_study_id_kind_number"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_participant_study_id", "participant", ["study_id"])
    op.create_table(
        "assignment",
        _owned_by("participant", "assignment"),
        sa.Column("position", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("block", sa.Integer, nullable=False),
        sa.Column("case_id", sa.String(80), nullable=False),
        sa.Column("arm", sa.String(16), nullable=False),
        sa.Column("practice", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("participant_id", "position", name="pk_assignment"),
    )
    op.create_table(
        "event",
        sa.Column("id", _NUMBER, nullable=False, autoincrement=True),
        _owned_by("participant", "event"),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("position", sa.Integer),
        sa.Column("case_id", sa.String(80)),
        sa.Column("concept", sa.Text),
        sa.Column("from_value", sa.Text),
        sa.Column("to_value", sa.Text),
        sa.Column("portion", sa.Double),
        sa.Column("steps", sa.Integer),
        sa.Column("before", sa.JSON),
        sa.Column("after", sa.JSON),
        sa.Column("detail", sa.JSON),
        sa.Column("elapsed_ms", sa.BigInteger),
        sa.Column("client_time", sa.String(80)),
        sa.Column("at", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_event"),
        sa.UniqueConstraint("participant_id", "sequence", name="uq_event_participant_id_sequence"),
        sa.UniqueConstraint("participant_id", "key", name="uq_event_participant_id_key"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "answer",
        _owned_by("event", "answer"),
        sa.Column("question", sa.String(80), nullable=False),
        sa.Column("number", sa.Integer),
        sa.Column("text", sa.Text),
        sa.PrimaryKeyConstraint("event_id", "question", name="pk_answer"),
    )
    op.create_table(
        "log",
        sa.Column("id", _NUMBER, nullable=False, autoincrement=True),
        sa.Column("study_id", sa.String(32), sa.ForeignKey("study.id", name="fk_log_study_id"), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("events", sa.BigInteger, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_log"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_log_study_id", "log", ["study_id"])
    guard = _guard_postgresql if op.get_bind().dialect.name == "postgresql" else _guard_sqlite
    for table, owner in _OWNERS.items():
        guard(table, owner)


def _owned_by(owner: str, table: str) -> sa.Column[int]:
    key = sa.ForeignKey(f"{owner}.id", name=f"fk_{table}_{owner}_id", ondelete="CASCADE")
    return sa.Column(f"{owner}_id", _NUMBER, key, nullable=False)


def _guard_sqlite(table: str, owner: str | None) -> None:
    op.execute(f"CREATE TRIGGER {table}_stays BEFORE UPDATE ON {table} "
               f"BEGIN SELECT RAISE(ABORT, '{table}: rows are never updated'); END")
    if owner != "":
        when = f"WHEN EXISTS (SELECT 1 FROM {owner} WHERE id = OLD.{owner}_id) " if owner else ""
        op.execute(f"CREATE TRIGGER {table}_kept BEFORE DELETE ON {table} {when}"
                   f"BEGIN SELECT RAISE(ABORT, '{table}: rows go with their participant only'); END")


def _guard_postgresql(table: str, owner: str | None) -> None:
    refuse = f"RAISE EXCEPTION '{table}: rows are never updated, and go with their participant only';"
    still = f"IF EXISTS (SELECT 1 FROM {owner} WHERE id = OLD.{owner}_id) THEN {refuse} END IF; RETURN OLD;"
    op.execute(f"CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {refuse} END $$")
    op.execute(f"CREATE TRIGGER {table}_stays BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_refuse()")
    op.execute(f"CREATE TRIGGER {table}_emptied BEFORE TRUNCATE ON {table} EXECUTE FUNCTION {table}_refuse()")
    if owner != "":
        op.execute(f"CREATE FUNCTION {table}_keep() RETURNS trigger LANGUAGE plpgsql AS "
                   f"$$ BEGIN {still if owner else refuse} END $$")
        op.execute(f"CREATE TRIGGER {table}_kept BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_keep()")
