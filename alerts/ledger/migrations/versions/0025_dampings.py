"""Dampings: what a person judged false is not raised again for a while; what decided each raise is kept for that.

Revision: 0025, after 0024
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "raises",
        sa.Column("incident_id", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("aspect", sa.Float(), nullable=False),
        sa.Column("things", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.id"], name=op.f("fk_raises_incident_id_incidents")
        ),
        sa.PrimaryKeyConstraint("incident_id", name=op.f("pk_raises")),
    )
    op.create_index("ix_raises_at", "raises", ["at"])
    op.create_index("ix_raises_device_rule_at", "raises", ["device", "rule", "at"])
    op.create_table(
        "dampings",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("incident_id", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("box", sa.JSON(), nullable=False),
        sa.Column("aspect", sa.Float(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.Column("area", sa.String(), nullable=True),
        sa.Column("site_kind", sa.String(), nullable=True),
        sa.Column("site", sa.String(), nullable=True),
        sa.Column("units", sa.String(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.id"], name=op.f("fk_dampings_incident_id_incidents")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dampings")),
    )
    op.create_index("ix_dampings_expires_at", "dampings", ["expires_at"])


def downgrade() -> None:
    op.drop_table("dampings")
    op.drop_table("raises")
