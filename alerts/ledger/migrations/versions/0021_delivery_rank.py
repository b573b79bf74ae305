"""Deliveries know whether they are about life, so that what is due first is found without reading all that wait.

Revision: 0021, after 0020
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("deliveries") as batch:
        batch.add_column(sa.Column("rank", sa.Integer(), nullable=False, server_default="1"))
    with op.batch_alter_table("deliveries") as batch:
        batch.alter_column("rank", server_default=None)
        batch.drop_index("ix_deliveries_state_channel_notice")
        batch.create_index(
            "ix_deliveries_state_channel_rank_notice", ["state", "channel", "rank", "notice"], unique=False
        )
    op.execute(
        "UPDATE deliveries SET rank = 0 WHERE notice IN (SELECT id FROM notices WHERE severity = 'life')"
    )


def downgrade() -> None:
    with op.batch_alter_table("deliveries") as batch:
        batch.drop_index("ix_deliveries_state_channel_rank_notice")
        batch.create_index("ix_deliveries_state_channel_notice", ["state", "channel", "notice"], unique=False)
        batch.drop_column("rank")
