"""Which topics have an MQTT session of their own.

Revision: 0020, after 0019
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "session_filters",
        sa.Column("session", sa.String(), nullable=False),
        sa.Column("filters", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("session", name="pk_session_filters"),
    )


def downgrade() -> None:
    op.drop_table("session_filters")
