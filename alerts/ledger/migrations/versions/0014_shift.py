"""Shifts and their signed records, modes, and the figures of cases that reports count.

Revision: 0014, after 0013
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

INDEXES = (
    ("ix_cases_opened_at", "cases", ["opened_at"]),
    ("ix_cases_closed_at", "cases", ["closed_at"]),
    ("ix_incidents_cleared_at", "incidents", ["cleared_at"]),
    ("ix_audit_action_at", "audit", ["action", "at"]),
)


def upgrade() -> None:
    for name, table, columns in INDEXES:
        op.create_index(name, table, columns, unique=False)
    _figures()
    _shifts()
    op.create_table(
        "modes",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        *_stands(),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("begun_by", sa.String(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_modes")),
    )
    _unique_while("uq_modes_active_area", "modes", "ended_at IS NULL")
    _take_out_of_histories()


def downgrade() -> None:
    op.drop_index("uq_modes_active_area", table_name="modes")
    op.drop_table("modes")
    op.drop_table("shift_records")
    op.drop_table("shift_notes")
    op.drop_index("uq_shifts_running_area", table_name="shifts")
    op.drop_table("shifts")
    op.drop_index("ix_case_steps_done_at", table_name="case_steps")
    op.drop_index("ix_case_steps_due_at", table_name="case_steps")
    op.drop_table("case_steps")
    op.drop_table("case_figures")
    for name, table, _ in reversed(INDEXES):
        op.drop_index(name, table_name=table)


def _figures() -> None:
    op.create_table(
        "case_figures",
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("accepted_at", sa.BigInteger(), nullable=True),
        sa.Column("returns", sa.Integer(), nullable=False),
        sa.Column("reopens", sa.Integer(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("score_by", sa.String(), nullable=True),
        sa.Column("score_how", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_figures_case_id_cases")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_figures")),
    )
    op.create_table(
        "case_steps",
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=True),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("paused_at", sa.BigInteger(), nullable=True),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.Column("completed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_steps_case_id_cases")),
        sa.PrimaryKeyConstraint("case_id", "n", name=op.f("pk_case_steps")),
    )
    op.create_index("ix_case_steps_due_at", "case_steps", ["due_at"], unique=False)
    op.create_index("ix_case_steps_done_at", "case_steps", ["done_at"], unique=False)


def _shifts() -> None:
    op.create_table(
        "shifts",
        sa.Column("id", sa.String(), nullable=False),
        *_stands(),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("previous", sa.String(), nullable=True),
        sa.Column("offered_at", sa.BigInteger(), nullable=True),
        sa.Column("offer", sa.JSON(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("taken_by", sa.String(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "state IN ('open', 'offered', 'handed-over', 'left')", name=op.f("ck_shifts_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shifts")),
    )
    _unique_while("uq_shifts_running_area", "shifts", "state IN ('open', 'offered')")
    op.create_table(
        "shift_notes",
        sa.Column("shift", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["shift"], ["shifts.id"], name=op.f("fk_shift_notes_shift_shifts")),
        sa.PrimaryKeyConstraint("shift", "seq", name=op.f("pk_shift_notes")),
    )
    op.create_table(
        "shift_records",
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("shift", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("entry", sa.JSON(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["shift"], ["shifts.id"], name=op.f("fk_shift_records_shift_shifts")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_shift_records")),
        sa.UniqueConstraint("shift", name=op.f("uq_shift_records_shift")),
    )


def _stands() -> tuple[sa.Column[str], ...]:
    return (
        sa.Column("area", sa.String(), nullable=True),
        sa.Column("site_kind", sa.String(), nullable=True),
        sa.Column("site", sa.String(), nullable=True),
        sa.Column("units", sa.String(), server_default="", nullable=False),
    )


def _unique_while(name: str, table: str, condition: str) -> None:
    op.create_index(
        name,
        table,
        ["area"],
        unique=True,
        sqlite_where=sa.text(condition),
        postgresql_where=sa.text(condition),
    )


def _take_out_of_histories() -> None:
    """The figures of the cases that are there, read from their clocks and histories."""
    conn = op.get_bind()
    cases = sa.table("cases", *map(sa.column, ("id", "unit")), sa.column("clocks", sa.JSON()))
    history = sa.table(
        "case_history", *map(sa.column, ("case_id", "seq", "at")), sa.column("entry", sa.JSON())
    )
    figures = sa.table("case_figures", *map(sa.column, ("case_id", "accepted_at", "returns", "reopens")))
    names = ("case_id", "n", "step", "unit", "started_at", "due_at", "paused_at", "done_at", "completed")
    steps = sa.table("case_steps", *map(sa.column, names))
    for case in conn.execute(sa.select(cases)).all():
        entries = conn.execute(
            sa.select(history.c.at, history.c.entry)
            .where(history.c.case_id == case.id)
            .order_by(history.c.seq)
        ).all()
        done = [(at, entry) for at, entry in entries if isinstance(entry, dict)]
        completed = [(at, str(entry["action"])) for at, entry in done if _completes(entry)]
        words = [str(entry.get("action")) for _, entry in done]
        conn.execute(
            sa.insert(figures).values(
                case_id=case.id,
                accepted_at=completed[0][0] if completed else None,
                returns=words.count("return"),
                reopens=words.count("reopen"),
            )
        )
        for row in _clock_rows(case.clocks):
            was = (row["done_at"], row["step"]) in completed
            conn.execute(sa.insert(steps).values(case_id=case.id, unit=case.unit, completed=was, **row))


def _completes(entry: Mapping[str, object]) -> bool:
    return entry.get("action") is not None and entry.get("action") == entry.get("from")


def _clock_rows(clocks: object) -> Iterator[dict[str, object]]:
    kept = ("step", "started_at", "due_at", "paused_at", "done_at")
    for n, clock in enumerate(clocks if isinstance(clocks, list) else []):
        yield {"n": n, **{name: clock.get(name) for name in kept}}
