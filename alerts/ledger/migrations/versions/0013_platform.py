"""Platform and public: who masters a case, codes of both sides, what they do not agree on, reports by people.

Revision: 0013, after 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "platform_cases",
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("step", sa.String(), nullable=True),
        sa.Column("unit", sa.String(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        _of_case("platform_cases"),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_platform_cases")),
        sa.UniqueConstraint("external_id", name=op.f("uq_platform_cases_external_id")),
    )
    op.create_table(
        "case_codes",
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("codes", sa.JSON(), nullable=False),
        _of_case("case_codes"),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_codes")),
    )
    op.create_table(
        "mappings",
        sa.Column("noun", sa.String(), nullable=False),
        sa.Column("theirs", sa.String(), nullable=False),
        sa.Column("ours", sa.String(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("noun", "theirs", name=op.f("pk_mappings")),
    )
    op.create_index("ix_mappings_noun_ours", "mappings", ["noun", "ours"], unique=False)
    op.create_table(
        "conflicts",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("day", sa.String(), nullable=True),
        sa.Column("case_id", sa.String(), nullable=True),
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("external_id", sa.String(), nullable=True),
        sa.Column("area", sa.String(), nullable=True),
        sa.Column("site_kind", sa.String(), nullable=True),
        sa.Column("site", sa.String(), nullable=True),
        sa.Column("units", sa.String(), server_default="", nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("found_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conflicts")),
        sa.UniqueConstraint("key", name=op.f("uq_conflicts_key")),
    )
    op.create_index("ix_conflicts_day_kind", "conflicts", ["day", "kind"], unique=False)
    op.create_table(
        "confirmations",
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        _of_case("confirmations"),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_confirmations")),
    )
    op.create_table(
        "reconciliations",
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("day", "who", name=op.f("pk_reconciliations")),
    )
    op.create_table(
        "report_codes",
        sa.Column("area", sa.String(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("area", name=op.f("pk_report_codes")),
    )
    op.create_table(
        "public_reports",
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("receipt", sa.String(length=64), nullable=False),
        sa.Column("area", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("leader", sa.String(), nullable=True),
        sa.Column("told_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        _of_case("public_reports"),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_public_reports")),
        sa.UniqueConstraint("receipt", name=op.f("uq_public_reports_receipt")),
    )
    op.create_index("ix_public_reports_due_at", "public_reports", ["due_at"], unique=False)
    op.create_table(
        "case_photos",
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        _of_case("case_photos"),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_photos")),
    )
    op.create_table(
        "case_reporters",
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        _of_case("case_reporters"),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_reporters")),
    )
    op.create_table(
        "public_limits",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_public_limits")),
    )
    op.create_index("ix_public_limits_until", "public_limits", ["until"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_public_limits_until", table_name="public_limits")
    op.drop_table("public_limits")
    op.drop_table("case_reporters")
    op.drop_table("case_photos")
    op.drop_index("ix_public_reports_due_at", table_name="public_reports")
    op.drop_table("public_reports")
    op.drop_table("report_codes")
    op.drop_table("reconciliations")
    op.drop_table("confirmations")
    op.drop_index("ix_conflicts_day_kind", table_name="conflicts")
    op.drop_table("conflicts")
    op.drop_index("ix_mappings_noun_ours", table_name="mappings")
    op.drop_table("mappings")
    op.drop_table("case_codes")
    op.drop_table("platform_cases")


def _of_case(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f(f"fk_{table}_case_id_cases"))
