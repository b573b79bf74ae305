"""Clocks by calendar: which calendar a case counts in, when it turns yellow and red, what was supervised.

Limits become texts (`4h`), because working hours and days are no milliseconds. Going back, a working hour becomes
an hour, a working day a day.

Revision: 0007, after 0006
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

CASES = sa.table(
    "cases",
    sa.column("id", sa.String),
    sa.column("state", sa.String),
    sa.column("clocks", sa.JSON),
    sa.column("red_from", sa.BigInteger),
)
UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "wh": 3_600_000, "wd": 86_400_000}


def upgrade() -> None:
    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.add_column(sa.Column("calendar", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("red_from", sa.BigInteger(), nullable=True))
        batch_op.create_index("ix_cases_red_from", ["red_from"], unique=False)
    _rewrite(_forward)
    conn = op.get_bind()
    for row in conn.execute(sa.select(CASES.c.id, CASES.c.clocks).where(CASES.c.state == "open")).all():
        last = row.clocks[-1] if isinstance(row.clocks, list) and row.clocks else {}
        if last.get("due_at") is not None and last.get("paused_at") is None and last.get("done_at") is None:
            conn.execute(sa.update(CASES).where(CASES.c.id == row.id).values(red_from=last["due_at"]))


def downgrade() -> None:
    _rewrite(_back)
    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.drop_index("ix_cases_red_from")
        batch_op.drop_column("red_from")
        batch_op.drop_column("calendar")


def _rewrite(change: Callable[[dict[str, object]], dict[str, object]]) -> None:
    conn = op.get_bind()
    for row in conn.execute(sa.select(CASES.c.id, CASES.c.clocks)).all():
        if not isinstance(row.clocks, list):
            continue
        after = [change(each) for each in row.clocks]
        if json.dumps(after) != json.dumps(row.clocks):
            conn.execute(sa.update(CASES).where(CASES.c.id == row.id).values(clocks=after))


def _forward(clock: dict[str, object]) -> dict[str, object]:
    limit, due = clock["limit"], clock["due_at"]
    if not isinstance(limit, int) or not isinstance(due, int):
        return clock
    return {**clock, "limit": f"{limit}ms", "yellow_at": due - limit // 4, "supervised_at": None}


def _back(clock: dict[str, object]) -> dict[str, object]:
    found = re.fullmatch(r"([\d.]+)([a-z]+)", str(clock["limit"]))
    limit = round(float(found[1]) * UNITS[found[2]]) if found else 0
    kept = {key: value for key, value in clock.items() if key not in {"yellow_at", "supervised_at"}}
    return {**kept, "limit": limit}
