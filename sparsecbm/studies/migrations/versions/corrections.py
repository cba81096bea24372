"""Corrections of labels and concepts, their undos, and the triggers that keep both as they were written."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0003", "0002"

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make tables and triggers."""
    op.create_table(
        "correction",
        sa.Column("id", _NUMBER, nullable=False, autoincrement=True),
        sa.Column("uid", sa.String(32), nullable=False),
        sa.Column("schema", sa.String(16), nullable=False),
        sa.Column("text_hash", sa.String(64), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("field", sa.Text, nullable=False),
        sa.Column("from_value", sa.Text, nullable=False),
        sa.Column("to_value", sa.Text, nullable=False),
        sa.Column("who", sa.String(80), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("checkpoint", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_correction"),
        sa.UniqueConstraint("uid", name="uq_correction_uid"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_correction_schema_text_hash", "correction", ["schema", "text_hash"])
    op.create_table(
        "correction_undo",
        sa.Column("id", _NUMBER, nullable=False, autoincrement=True),
        sa.Column("correction_id", _NUMBER, sa.ForeignKey("correction.id", name="fk_correction_undo_correction_id"),
                  nullable=False),
        sa.Column("who", sa.String(80), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_correction_undo"),
        sa.UniqueConstraint("correction_id", name="uq_correction_undo_correction_id"),
        sqlite_autoincrement=True,
    )
    guard = _guard_postgresql if op.get_bind().dialect.name == "postgresql" else _guard_sqlite
    for table in ("correction", "correction_undo"):
        guard(table, f"{table}: rows are never updated or deleted")


def _guard_sqlite(table: str, said: str) -> None:
    for name, change in (("stays", "UPDATE"), ("kept", "DELETE")):
        op.execute(f"CREATE TRIGGER {table}_{name} BEFORE {change} ON {table} "
                   f"BEGIN SELECT RAISE(ABORT, '{said}'); END")


def _guard_postgresql(table: str, said: str) -> None:
    op.execute(f"CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
               f"$$ BEGIN RAISE EXCEPTION '{said}'; END $$")
    for name, change, each in (("stays", "UPDATE OR DELETE", "FOR EACH ROW "), ("emptied", "TRUNCATE", "")):
        op.execute(f"CREATE TRIGGER {table}_{name} BEFORE {change} ON {table} {each}"
                   f"EXECUTE FUNCTION {table}_refuse()")
