"""Groups of notices, silences, and what mutes an incident.

Revision: 0009, after 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notice_groups",
        sa.Column("group_key", sa.Text(), nullable=False),
        sa.Column("route", sa.String(), nullable=False),
        sa.Column("addressee", sa.String(), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("open", sa.Integer(), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("group_key", name=op.f("pk_notice_groups")),
    )
    op.create_index("ix_notice_groups_due_at", "notice_groups", ["due_at"], unique=False)
    op.create_table(
        "group_members",
        sa.Column("group_key", sa.Text(), nullable=False),
        sa.Column("incident", sa.String(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("told", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["group_key"],
            ["notice_groups.group_key"],
            name=op.f("fk_group_members_group_key_notice_groups"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("group_key", "incident", name=op.f("pk_group_members")),
    )
    op.create_index("ix_group_members_incident", "group_members", ["incident"], unique=False)
    op.create_table(
        "notice_incidents",
        sa.Column("notice", sa.String(), nullable=False),
        sa.Column("incident", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["notice"], ["notices.id"], name=op.f("fk_notice_incidents_notice_notices"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("notice", "incident", name=op.f("pk_notice_incidents")),
    )
    op.create_index("ix_notice_incidents_incident", "notice_incidents", ["incident"], unique=False)
    op.create_index(
        "uq_notices_group_key_addressee_why_at",
        "notices",
        ["group_key", "addressee", "why", "at"],
        unique=True,
        sqlite_where=sa.text("group_key <> ''"),
        postgresql_where=sa.text("group_key <> ''"),
    )
    op.create_table(
        "silences",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("match", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.Column("over", sa.Boolean(), nullable=False),
        sa.Column("life", sa.Boolean(), nullable=False),
        sa.Column("sight", sa.JSON(), nullable=False),
        sa.Column("area", sa.String(), nullable=True),
        sa.Column("site_kind", sa.String(), nullable=True),
        sa.Column("site", sa.String(), nullable=True),
        sa.Column("units", sa.String(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_silences")),
    )
    op.create_index("ix_silences_over_ends_at", "silences", ["over", "ends_at"], unique=False)
    op.add_column("incidents", sa.Column("silenced_by", sa.JSON(), nullable=True))
    op.add_column("incidents", sa.Column("inhibited_by", sa.JSON(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("incidents") as batch:
        batch.drop_column("inhibited_by")
        batch.drop_column("silenced_by")
    op.drop_index("ix_silences_over_ends_at", table_name="silences")
    op.drop_table("silences")
    op.drop_index("uq_notices_group_key_addressee_why_at", table_name="notices")
    op.drop_index("ix_notice_incidents_incident", table_name="notice_incidents")
    op.drop_table("notice_incidents")
    op.drop_index("ix_group_members_incident", table_name="group_members")
    op.drop_table("group_members")
    op.drop_index("ix_notice_groups_due_at", table_name="notice_groups")
    op.drop_table("notice_groups")
