"""Duty: what incidents wait for to be told on, who is in the room, test alarms.

Revision: 0011, after 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _waiting()
    op.create_table(
        "watchers",
        sa.Column("serve", sa.String(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("serve", name=op.f("pk_watchers")),
    )
    op.create_table(
        "presence",
        sa.Column("serve", sa.String(), nullable=False),
        sa.Column("user", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("sight", sa.JSON(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("left_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("serve", "user", name=op.f("pk_presence")),
    )
    op.create_table(
        "test_alarms",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("slot", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("failed_leg", sa.String(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=True),
        sa.Column("committed_at", sa.BigInteger(), nullable=True),
        sa.Column("notices", sa.JSON(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("state IN ('running', 'passed', 'failed')", name=op.f("ck_test_alarms_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_test_alarms")),
        sa.UniqueConstraint("slot", name=op.f("uq_test_alarms_slot")),
    )
    op.create_index("ix_test_alarms_state", "test_alarms", ["state"], unique=False)
    op.add_column("incidents", sa.Column("not_mended_since", sa.BigInteger(), nullable=True))
    op.add_column("incidents", sa.Column("mended_at", sa.BigInteger(), nullable=True))
    op.add_column("incidents", sa.Column("mended_by", sa.String(), nullable=True))
    op.add_column("incidents", sa.Column("mended_note", sa.Text(), nullable=True))


def _waiting() -> None:
    op.create_table(
        "watches",
        sa.Column("incident_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("episode", sa.Integer(), nullable=False),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.Column("chain", sa.String(), nullable=True),
        sa.Column("life", sa.Boolean(), nullable=False),
        sa.CheckConstraint("kind IN ('chain', 'room')", name=op.f("ck_watches_kind")),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.id"], name=op.f("fk_watches_incident_id_incidents")
        ),
        sa.PrimaryKeyConstraint("incident_id", "kind", name=op.f("pk_watches")),
    )
    op.create_index("ix_watches_due_at", "watches", ["due_at"], unique=False)
    op.create_table(
        "tellings",
        sa.Column("incident_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("episode", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("users", sa.JSON(), nullable=False),
        sa.Column("channels", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.id"], name=op.f("fk_tellings_incident_id_incidents")
        ),
        sa.PrimaryKeyConstraint("incident_id", "kind", "episode", "step", name=op.f("pk_tellings")),
    )
    op.create_table(
        "room_spells",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("area", sa.String(), nullable=False),
        sa.Column("site_kind", sa.String(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_room_spells")),
    )
    op.create_index(
        "uq_room_spells_open_area_site_kind",
        "room_spells",
        ["area", "site_kind"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def downgrade() -> None:
    with op.batch_alter_table("incidents") as batch:
        for name in ("mended_note", "mended_by", "mended_at", "not_mended_since"):
            batch.drop_column(name)
    op.drop_index("ix_test_alarms_state", table_name="test_alarms")
    for table in ("test_alarms", "presence", "watchers"):
        op.drop_table(table)
    op.drop_index("uq_room_spells_open_area_site_kind", table_name="room_spells")
    op.drop_table("room_spells")
    op.drop_table("tellings")
    op.drop_index("ix_watches_due_at", table_name="watches")
    op.drop_table("watches")
