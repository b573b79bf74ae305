"""What a signal costs does not grow with the years: no table that grows is read whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import cast

import pytest
from sqlalchemy import event, select

from alerts import notify
from alerts.channel import Outcome
from alerts.directory import Directory
from alerts.ledger import deliveries, notices
from alerts.ledger.engine import Connection, Ledger
from alerts.ledger.tables import cases
from alerts.notice import Notice
from alerts.router import Heard, apply_heard, mark_stale
from alerts.sight import Visibility
from ingest.text import Text
from tests.alerts.county import NOW, do, look, signal

GROWING = frozenset({
    "cases", "case_history", "case_steps", "case_figures", "deliveries", "events", "evidence", "group_members",
    "incidents", "notice_groups", "notice_incidents", "notices", "outbox", "readings", "reading_spans", "rejected",
    "signal_marks", "tellings",
})  # fmt: skip
SENT = Outcome(ok=True, retry=False, reason="sent", code=204)
AWAY = Outcome(ok=False, retry=True, reason="timeout")
pytestmark = pytest.mark.parametrize("ledger", ["sqlite"], indirect=True)


class Plans:
    """How SQLite goes about each statement; its planner knows no numbers here, so the plan is that of any size."""

    def __init__(self) -> None:
        self.of: dict[str, list[str]] = {}
        self._asking = False

    def ask(
        self, conn: Connection, _cursor: object, statement: str, given: object, _context: object, many: bool
    ) -> None:
        """Before a statement is run."""
        if (
            self._asking
            or statement in self.of
            or not statement.startswith(("SELECT", "UPDATE", "DELETE", "WITH"))
        ):
            return
        self._asking = True
        first = cast("list[object]", given)[0] if many else given
        found = conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", cast("tuple[object, ...]", first))
        self.of[statement] = [str(row[3]) for row in found]
        self._asking = False

    def whole(self) -> list[str]:
        """Statements that read a growing table from its beginning to its end."""
        return [
            f"{step}: {statement}"
            for statement, steps in self.of.items()
            for step in steps
            if step.startswith("SCAN ") and step.split()[1] in GROWING
        ]


@contextmanager
def planned(ledger: Ledger) -> Iterator[Plans]:
    """The plans of what is run meanwhile."""
    plans = Plans()
    engines = {look(ledger, lambda conn: conn.engine), do(ledger, lambda conn: conn.engine)}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", plans.ask)
    yield plans
    for engine in engines:
        event.remove(engine, "before_cursor_execute", plans.ask)


def test_the_life_of_an_incident(ledger: Ledger, directory: Directory) -> None:
    """Raised, joined by a second device, told, renewed, stale, silent, over, back, with all that follows from it."""

    def hear(n: int, **changes: object) -> None:
        heard = [Heard(signal(n, **changes), "w")]
        now = NOW + timedelta(seconds=n)
        do(ledger, lambda conn: apply_heard(conn, heard, directory=directory, now=now))
        do(ledger, lambda conn: notify.advance(conn, directory, now))

    with planned(ledger) as plans:
        hear(1)
        hear(2, device="gas", rule="gas-level", kind="threshold", severity="life", place="school")
        hear(3, device="school-cam", rule="other", place="school/store")
        hear(12, value=9.9)
        do(ledger, lambda conn: mark_stale(conn, NOW + timedelta(minutes=2), directory))
        for n, state in (
            (200, "inactive"),
            (210, "active"),
            (220, "inactive"),
            (230, "active"),
            (240, "inactive"),
        ):
            hear(n, state=state)
        do(ledger, lambda conn: mark_stale(conn, NOW + timedelta(minutes=30), directory))
    assert len(plans.of) > 20
    assert plans.whole() == []


def test_what_is_due_at_a_channel(ledger: Ledger) -> None:
    """Found, failed, found again and sent; and which channels something is due at."""
    made = Notice(
        "n1", NOW, "new-group", "u", "g", None, ("i",), 1, "life",
        Visibility("east", "canteen-school", "school"), Text("热", "warm"), ("a",),
    )  # fmt: skip
    with planned(ledger) as plans:
        do(ledger, lambda conn: notices.add(conn, made))
        for outcome in (AWAY, SENT):
            due = look(ledger, lambda conn: deliveries.next_of(conn, "a", NOW))
            assert due is not None
            if outcome.ok:
                do(ledger, partial(deliveries.sent, due=due, outcome=outcome, now=NOW))
            else:
                do(ledger, partial(deliveries.failed, due=due, outcome=outcome, next_try=NOW))
            assert look(ledger, lambda conn: deliveries.channels(conn, NOW)) == ([] if outcome.ok else ["a"])
        assert look(ledger, lambda conn: deliveries.next_at(conn, "a")) is None
    assert plans.whole() == []


def test_the_measure_measures(ledger: Ledger) -> None:
    """A statement that does read a whole table is found."""
    with planned(ledger) as plans:
        look(ledger, lambda conn: conn.execute(select(cases.c.id).where(cases.c.title == "x")).all())
    assert len(plans.whole()) == 1
