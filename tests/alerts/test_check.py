"""The checker finds each kind of damage, planted one by one; and nothing in a sound ledger."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import text

from alerts import desk
from alerts.case import Request
from alerts.directory import Directory
from alerts.ledger import events, evidence, incidents, notices, webhooks
from alerts.ledger.check import violations
from alerts.ledger.connect import writing_engine
from alerts.ledger.engine import Connection, Ledger
from alerts.notice import Notice
from alerts.router import apply_signals
from alerts.sight import Sight, Visibility
from ingest.text import Text
from tests.alerts.county import NOW, OPERATOR, do, look, signal

pytestmark = pytest.mark.slow

ALL = Sight.everything()


def notice(incident: str) -> Notice:
    """The market unit is told of a new group, on two channels."""
    return Notice(
        NOTICE, NOW, "new-group", "market", "g", None, (incident,), 1, "major", Visibility("east"),
        Text("冰箱", "fridge"), ("robot", "mail"),
    )  # fmt: skip


def live(ledger: Ledger, directory: Directory) -> None:
    """Two incidents, two cases, some acts, a webhook, evidence, a notice."""

    def story(tx: Connection) -> None:
        webhooks.add(tx, id="hook", url="https://x/", secret="s", types=[], sight=ALL, who="adam", now=NOW)
        apply_signals(
            tx, [signal(1, evidence_ref="e"), signal(1, place="cross", device="cross-cam")],
            directory=directory, now=NOW, origin="w",
        )  # fmt: skip
        (wanted, *_) = evidence.pending(tx)
        evidence.set_ready(tx, wanted.incident, "shown.jpg", path="a/b", sha256="0" * 64, size=1, now=NOW)
        for action in ("accept", "report"):
            desk.act(tx, ALL, "2026-000001", Request(action), who=OPERATOR, directory=directory, now=NOW)
        school = incidents.open_at(tx, "school", "fridge-warm")
        assert school is not None
        notices.add(tx, notice(school.incident.id))

    do(ledger, story)


NOTICE = "01NOTICE"

DAMAGE = [
    pytest.param(
        "DELETE FROM events WHERE seq = 2", {"event-gap 2", "case-without-event", "outbox-without-event 2.hook"},
        id="an event is gone",
    ),
    pytest.param(
        "DELETE FROM events WHERE seq = 6",
        {"event-counter 6", "log-behind 2026-000001", "outbox-without-event 6.hook"}, id="the last event is gone",
    ),
    pytest.param(
        "UPDATE counters SET value = 99 WHERE name = 'events'", {"event-counter 99"}, id="a number is lost"
    ),
    pytest.param(
        "DELETE FROM events",
        {"event-counter 6", "incident-without-event", "case-without-event", "outbox-without-event"}, id="no log",
    ),
    pytest.param(
        "UPDATE events SET seq = 1 WHERE seq = 3",
        {"event-double 1", "event-gap 3", "outbox-without-event 3.hook"}, id="a number given to two events",
    ),
    pytest.param(
        "UPDATE events SET subject = 'x' WHERE type = 'incident.raised' AND seq = 1",
        {"incident-without-event", "event-of-nothing 1"}, id="nobody was told of an incident",
    ),
    pytest.param(
        "UPDATE events SET subject = 'x' WHERE type = 'case.opened' AND seq = 2",
        {"case-without-event", "event-of-nothing 2"}, id="nobody was told of a case",
    ),
    pytest.param(
        "UPDATE events SET seq = 100 - seq WHERE type LIKE 'case.%' AND "
        "subject = (SELECT id FROM cases WHERE number = '2026-000001')",
        {"event-gap", "event-counter 6", "event-order", "log-behind 2026-000001", "outbox-without-event",
         "outbox-missing"},
        id="a case told backwards",
    ),
    pytest.param(
        "UPDATE events SET type = 'case.opened' WHERE seq = 5", {"event-twice"}, id="a case opened twice",
    ),
    pytest.param(
        "UPDATE events SET type = 'incident.updated' WHERE seq = 1", {"incident-without-event"},
        id="an incident that was never raised",
    ),
    pytest.param("UPDATE incidents SET place = 'school'", {"double-open-incident", "signal-mark"}, id="open twice"),
    pytest.param(
        "DELETE FROM incidents WHERE place = 'cross'", {"event-of-nothing 3"}, id="an incident is gone"
    ),
    pytest.param(
        "UPDATE incidents SET case_id = 'nowhere' WHERE place = 'cross'", {"incident-without-case"},
        id="an incident of no case",
    ),
    pytest.param(
        "UPDATE incidents SET cleared_at = 5 WHERE place = 'cross'", {"incident-state"}, id="open with an end"
    ),
    pytest.param(
        "UPDATE signal_marks SET n = 0 WHERE place = 'cross'", {"signal-mark"}, id="a signal that would count again"
    ),
    pytest.param("DELETE FROM signal_marks WHERE place = 'school'", {"signal-mark"}, id="a mark is gone"),
    pytest.param("UPDATE cases SET group_key = 'same'", {"double-live-case same"}, id="two cases of one group"),
    pytest.param(
        "UPDATE cases SET number = '2026-000005' WHERE number = '2026-000002'",
        {"case-number-gap 2026-000002", "case-number-gap 2026-000003", "case-number-gap 2026-000004",
         "case-number-double 2026-000005"},
        id="a number is skipped, and will be given again",
    ),
    pytest.param(
        "UPDATE cases SET number = '2026-000001'",
        {"case-number-double 2026-000001", "case-number-gap 2026-000002"}, id="a number twice",
    ),
    pytest.param(
        "UPDATE cases SET number = 'two' WHERE number = '2026-000002'",
        {"case-number-unreadable two", "case-number-gap 2026-000002"}, id="no number",
    ),
    pytest.param(
        "UPDATE counters SET value = 3 WHERE name = 'case:2026'", {"case-number-gap 2026-000003"},
        id="a number without a case",
    ),
    pytest.param(
        "UPDATE case_history SET entry = REPLACE(CAST(entry AS TEXT), 'olga', 'nobody') WHERE seq = 2",
        {"case-chain 2026-000001"}, id="a history was rewritten",
    ),
    pytest.param(
        "DELETE FROM case_history WHERE seq = 2", {"case-chain 2026-000001", "case-version 2026-000001"},
        id="an entry was taken out",
    ),
    pytest.param(
        "DELETE FROM case_history WHERE seq = 3", {"case-version 2026-000001"}, id="the newest entry was taken out"
    ),
    pytest.param(
        "DELETE FROM case_history WHERE case_id = (SELECT id FROM cases WHERE number = '2026-000002')",
        {"case-version 2026-000002"}, id="a history is gone",
    ),
    pytest.param(
        "UPDATE cases SET version = 9 WHERE number = '2026-000001'",
        {"case-version 2026-000001", "log-behind 2026-000001"}, id="a wrong version",
    ),
    pytest.param(
        "UPDATE incidents SET state = 'cleared', cleared_at = 5 WHERE place = 'cross'", {"log-behind"},
        id="cleared in silence",
    ),
    pytest.param(
        "UPDATE audit SET who = 'nobody' WHERE seq = 1", {"audit-chain 1"}, id="an audit row was rewritten"
    ),
    pytest.param("DELETE FROM audit WHERE seq = 1", {"audit-chain 2", "audit-gap 1"}, id="an audit row is gone"),
    pytest.param("DELETE FROM audit WHERE seq = 2", {"audit-gap 2"}, id="the newest audit row is gone"),
    pytest.param("UPDATE evidence SET sha256 = NULL", {"evidence-without-digest"}, id="evidence without digest"),
    pytest.param(
        "UPDATE outbox SET seq = 77 WHERE seq = 1", {"outbox-without-event 77.hook"}, id="a delivery of nothing"
    ),
    pytest.param("DELETE FROM outbox WHERE seq = 4", {"outbox-missing 4.hook"}, id="a webhook is left out once"),
    pytest.param(
        "UPDATE webhooks SET created_at = created_at - 61000; DELETE FROM outbox",
        {f"outbox-missing {seq}.hook" for seq in range(1, 7)}, id="a webhook is never told",
    ),
    pytest.param(
        "DELETE FROM notices", {f"delivery-of-nothing {NOTICE}/robot", f"delivery-of-nothing {NOTICE}/mail"},
        id="a message about nothing",
    ),
    pytest.param(
        "UPDATE deliveries SET state = 'sent' WHERE channel = 'mail'", {f"delivery-state {NOTICE}/mail"},
        id="sent at no time",
    ),
    pytest.param(
        "UPDATE notices SET incidents = '[\"nobody\"]'", {f"notice-of-nothing {NOTICE}"},
        id="a notice of an incident that never was",
    ),
    pytest.param("UPDATE notices SET open = 2", {f"notice-of-nothing {NOTICE}"}, id="more open than there are"),
]  # fmt: skip

UNGUARD = ("uq_incidents_open_place_condition", "uq_cases_live_group_key")
BARE = {
    "UPDATE cases SET number = '2026-000001'": "cases",
    "UPDATE events SET seq = 1 WHERE seq = 3": "events",
}
"""SQLite cannot drop a constraint of a table: for these the table is made anew without any."""


@pytest.mark.parametrize(
    "ledger", ["sqlite"], indirect=True
)  # on PostgreSQL the checker follows every router test
@pytest.mark.parametrize(("sql", "found"), DAMAGE)
def test_planted_damage_is_found(ledger: Ledger, directory: Directory, sql: str, found: set[str]) -> None:
    """Exactly these violations, each naming what it is about; what would forbid the damage is taken off first."""
    live(ledger, directory)
    assert look(ledger, violations) == []

    def damage(conn: Connection) -> None:
        for index in UNGUARD:
            conn.execute(text(f"DROP INDEX {index}"))
        if sql in BARE:
            conn.execute(text(f"CREATE TABLE bare AS SELECT * FROM {BARE[sql]}"))  # noqa: S608 - words of this file
            conn.execute(text(f"DROP TABLE {BARE[sql]}"))
            conn.execute(text(f"ALTER TABLE bare RENAME TO {BARE[sql]}"))
        for each in sql.split("; "):
            conn.execute(text(each))

    _without_keys(ledger, damage)
    seen = look(ledger, violations)
    kinds = {each for each in found if " " not in each}
    assert {each.what if each.what in kinds else f"{each.what} {each.where}" for each in seen} == found
    for each in seen:
        assert str(each).startswith(f"{each.what}: {each.where}: ")


def _without_keys(ledger: Ledger, damage: Callable[[Connection], None]) -> None:
    """Damage by somebody with a plain sqlite3: foreign keys are off there."""
    engine = writing_engine(ledger.url)
    with engine.connect() as conn:
        raw = conn.connection.driver_connection
        assert raw is not None
        raw.execute("PRAGMA foreign_keys=OFF")
        with conn.begin():
            damage(conn)
    engine.dispose()


def test_a_log_whose_beginning_was_forgotten_is_sound(ledger: Ledger, directory: Directory) -> None:
    """Retention cuts the beginning off: no gap, no complaint about what began before it."""
    live(ledger, directory)
    do(ledger, lambda tx: webhooks.remove(tx, "hook"))

    def forget(tx: Connection) -> int:
        tx.execute(text("UPDATE events SET at = at - 1000000 WHERE seq < 4"))
        tx.execute(text("UPDATE incidents SET updated_at = updated_at - 1000000"))
        tx.execute(text("UPDATE cases SET opened_at = opened_at - 1000000"))
        return events.forget(tx, NOW)

    assert do(ledger, forget) == 3
    assert look(ledger, events.oldest) == 4
    assert look(ledger, violations) == []


def test_an_empty_ledger_is_sound(ledger: Ledger) -> None:
    """Nothing to complain about."""
    assert look(ledger, violations) == []
