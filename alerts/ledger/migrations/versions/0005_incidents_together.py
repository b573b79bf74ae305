"""Absorbed incidents, acknowledgements that end.

Revision: 0005, after 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("incidents") as batch:
        batch.add_column(sa.Column("ack_until", sa.BigInteger(), nullable=True))
        batch.add_column(sa.Column("absorbed_into", sa.String(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("incidents") as batch:
        batch.drop_column("absorbed_into")
        batch.drop_column("ack_until")
