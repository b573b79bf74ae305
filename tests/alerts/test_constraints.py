"""Uniqueness is the database's: whoever goes around the router, the desk and every lock meets a constraint."""

from __future__ import annotations

import pytest
from sqlalchemy import Table, insert, select
from sqlalchemy.exc import IntegrityError

from alerts.directory import Directory
from alerts.intake import Report, report
from alerts.ledger import audit, evidence, idempotency, incidents, notices, readings, webhooks
from alerts.ledger import tables as t
from alerts.ledger.engine import Connection, Ledger
from alerts.ledger.group_tables import group_members, notice_groups
from alerts.ledger.idempotency import Answer
from alerts.ledger.notice_tables import deliveries
from alerts.ledger.notice_tables import notices as notice_rows
from alerts.notice import Notice
from alerts.notify import advance
from alerts.router import apply_signals
from alerts.sight import Sight, Visibility
from ingest.reading import Reading
from ingest.text import Text
from tests.alerts.county import NOW, OPERATOR, do, signal

ALL = Sight.everything()


def story(conn: Connection, directory: Directory) -> None:
    """A row in every table below, written the ordinary way."""
    webhooks.add(conn, id="hook", url="https://x/", secret="s", types=[], sight=ALL, who="adam", now=NOW)
    apply_signals(conn, [signal(1, evidence_ref="e")], directory=directory, now=NOW, origin="w")
    readings.add(conn, [Reading("fridge", "temperature", 9.5, "°C", NOW, NOW, message_id="m1")])
    new = Report(kind="rubbish", title="垃圾", source="hotline", site="cross", external_id="12345-1")
    report(conn, ALL, new, who=OPERATOR, directory=directory, now=NOW)
    advance(conn, directory, NOW)
    raised = incidents.open_at(conn, "school", "fridge-warm")
    assert raised is not None
    (wanted, *_) = evidence.pending(conn)
    evidence.set_ready(conn, wanted.incident, "shown.jpg", path="a/b", sha256="0" * 64, size=1, now=NOW)
    notices.add(
        conn,
        Notice(
            "01NOTICE", NOW, "new-group", "market", "g", None, (raised.incident.id,), 1, "major",
            Visibility("east"), Text("冰箱", "fridge"), ("robot",),
        ),
    )  # fmt: skip
    audit.add(conn, at=NOW, who=OPERATOR, action="look", noun="case", subject="x")
    idempotency.keep(conn, who="city", key="k", request="0" * 64, answer=Answer(202, {}), now=NOW)


TWICE: list[tuple[str, Table, dict[str, object]]] = [
    ("a second open incident of one place and condition", t.incidents, {"id": "other"}),
    ("a case number given twice", t.cases, {"id": "other", "group_key": None, "external_id": None}),
    (
        "a second live case of one group",
        t.cases,
        {"id": "other", "number": "2026-000009", "external_id": None},
    ),
    ("a hotline's request taken twice", t.cases, {"id": "other", "number": "2026-000009", "group_key": None}),
    ("two entries of one place in a history", t.case_history, {}),
    ("a seq given to two events", t.events, {}),
    ("an event twice for one webhook", t.outbox, {}),
    ("a counter twice", t.counters, {}),
    ("a signal's mark twice", t.signal_marks, {}),
    ("a reading twice", t.readings, {}),
    ("a picture twice", t.evidence, {}),
    ("an audit row twice", t.audit, {}),
    ("an idempotency key twice", t.idempotency, {}),
    ("a notice of one group, addressee, reason and moment twice", notice_rows, {"id": "other"}),
    ("a notice twice on one channel", deliveries, {}),
    ("a group twice", notice_groups, {}),
    ("an incident twice in one group", group_members, {}),
]


@pytest.mark.parametrize(("why", "table", "changes"), TWICE, ids=[row[0] for row in TWICE])
def test_the_database_refuses(
    ledger: Ledger, directory: Directory, why: str, table: Table, changes: dict[str, object]
) -> None:
    """Each row once more, as somebody with plain SQL would write it; nothing of that transaction stays."""
    do(ledger, lambda conn: story(conn, directory))

    def again(conn: Connection) -> None:
        row = _row(conn, table, changes)
        conn.execute(insert(table).values(**row))

    with pytest.raises(IntegrityError, match=r"(?i)unique"):
        do(ledger, again)
    assert why


ANOTHER: list[tuple[str, Table, dict[str, object]]] = [
    ("a cleared incident beside an open one", t.incidents, {"id": "other", "state": "cleared"}),
    ("another condition there", t.incidents, {"id": "other", "condition": "smoke"}),
    ("a closed case of the group beside a live one", t.cases,
     {"id": "other", "number": "2026-000009", "state": "closed", "external_id": None}),
    ("the same number of another source", t.cases,
     {"id": "other", "number": "2026-000009", "group_key": None, "source": "grid"}),
    ("a reading of the same instant with another identifier", t.readings, {"message_id": "m2"}),
    ("a notice for somebody else", notice_rows, {"id": "other", "addressee": "traffic"}),
    ("a notice on another channel", deliveries, {"channel": "mail"}),
]  # fmt: skip


@pytest.mark.parametrize(("why", "table", "changes"), ANOTHER, ids=[row[0] for row in ANOTHER])
def test_and_refuses_no_more_than_that(
    ledger: Ledger, directory: Directory, why: str, table: Table, changes: dict[str, object]
) -> None:
    """What only looks alike goes in."""
    do(ledger, lambda conn: story(conn, directory))
    do(ledger, lambda conn: conn.execute(insert(table).values(**_row(conn, table, changes))).rowcount)
    assert why


def _row(conn: Connection, table: Table, changes: dict[str, object]) -> dict[str, object]:
    """A row that is there, with other values; of cases the one that has what the change leaves."""
    query = select(table)
    if table is t.cases:
        wants_group = "group_key" not in changes
        query = query.where(
            t.cases.c.group_key.is_not(None) if wants_group else t.cases.c.external_id.is_not(None)
        )
    row = conn.execute(query.limit(1)).one()
    return {**row._mapping, **changes}
