"""Parts of a participant's link that a study keeps, such as the id in a panel."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0002", "0001"


def upgrade() -> None:
    """Add them to participants; those who are there have none."""
    op.add_column("participant", sa.Column("external", sa.JSON))
