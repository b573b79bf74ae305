"""Readings by the minute and by the hour; what is kept of each.

Revision: 0016, after 0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reading_spans",
        sa.Column("resolution", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("quantity", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("low", sa.Float(), nullable=False),
        sa.Column("high", sa.Float(), nullable=False),
        sa.Column("total", sa.Float(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("resolution", "device", "quantity", "at", name="pk_reading_spans"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_reading_spans_resolution_at", "reading_spans", ["resolution", "at"])
    op.create_table(
        "reading_dues",
        sa.Column("resolution", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("resolution", "at", name="pk_reading_dues"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "reading_stock",
        sa.Column("resolution", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("resolution", name="pk_reading_stock"),
    )
    op.execute("INSERT INTO reading_stock SELECT 0, count(*), 0 FROM readings")
    op.execute("INSERT INTO reading_stock VALUES (60, 0, 0), (3600, 0, 0)")
    # what is stored already is summed up by and by
    op.execute("INSERT INTO reading_dues SELECT DISTINCT 60, at / 60000 * 60000, 1 FROM readings")


def downgrade() -> None:
    op.drop_table("reading_stock")
    op.drop_table("reading_dues")
    op.drop_index("ix_reading_spans_resolution_at", "reading_spans")
    op.drop_table("reading_spans")
