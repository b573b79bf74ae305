"""Signals in bulk: the levels of each source, what time may change, incidents that come and go.

Revision: 0015, after 0014
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("signal_marks") as batch:
        batch.add_column(sa.Column("levels", sa.JSON(), nullable=True))
    with op.batch_alter_table("incidents") as batch:
        batch.add_column(sa.Column("flapping", sa.Boolean(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("due_at", sa.BigInteger(), nullable=True))
    op.create_index("ix_incidents_due_at", "incidents", ["due_at"])
    op.create_index(
        "ix_incidents_place_condition_cleared_at", "incidents", ["place", "condition", "cleared_at"]
    )
    # what is open was due long ago: the first look computes it
    op.execute("UPDATE incidents SET due_at = 0 WHERE state = 'open'")


def downgrade() -> None:
    op.drop_index("ix_incidents_place_condition_cleared_at", "incidents")
    op.drop_index("ix_incidents_due_at", "incidents")
    with op.batch_alter_table("incidents") as batch:
        batch.drop_column("due_at")
        batch.drop_column("flapping")
    with op.batch_alter_table("signal_marks") as batch:
        batch.drop_column("levels")
