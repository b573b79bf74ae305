"""Explanations of cases, readings by time.

Revision: 0003, after 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.add_column(sa.Column("explanation", sa.JSON(), nullable=True))

    with op.batch_alter_table("readings", schema=None) as batch_op:
        batch_op.create_index("ix_readings_at", ["at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("readings", schema=None) as batch_op:
        batch_op.drop_index("ix_readings_at")

    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.drop_column("explanation")
