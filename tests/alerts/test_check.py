"""The checker finds each kind of damage, planted one by one; and nothing in a sound ledger."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import text

from alerts import desk
from alerts.case import Request
from alerts.directory import Directory
from alerts.ledger import events, evidence, webhooks
from alerts.ledger.check import violations
from alerts.ledger.connect import writing_engine
from alerts.ledger.engine import Connection, Ledger
from alerts.router import apply_signals
from alerts.sight import Sight
from tests.alerts.county import NOW, OPERATOR, do, look, signal

pytestmark = pytest.mark.slow

ALL = Sight.everything()


def live(ledger: Ledger, directory: Directory) -> None:
    """Two incidents, two cases, some acts, a webhook, evidence."""

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

    do(ledger, story)


DAMAGE = [
    pytest.param(
        "DELETE FROM events WHERE seq = 2", {"event-gap", "case-without-event", "outbox-without-event"},
        id="an event is gone",
    ),
    pytest.param(
        "DELETE FROM events WHERE seq = 6", {"event-counter", "log-behind", "outbox-without-event"},
        id="the last event is gone",
    ),
    pytest.param("UPDATE counters SET value = 99 WHERE name = 'events'", {"event-counter"}, id="a number is lost"),
    pytest.param(
        "DELETE FROM events",
        {"event-counter", "incident-without-event", "case-without-event", "outbox-without-event"}, id="no log",
    ),
    pytest.param(
        "UPDATE events SET subject = 'x' WHERE type = 'incident.raised' AND seq = 1",
        {"incident-without-event"}, id="nobody was told of an incident",
    ),
    pytest.param(
        "UPDATE events SET subject = 'x' WHERE type = 'case.opened' AND seq = 2",
        {"case-without-event"}, id="nobody was told of a case",
    ),
    pytest.param("UPDATE incidents SET place = 'school'", {"double-open-incident"}, id="open twice"),
    pytest.param("UPDATE cases SET group_key = 'same'", {"double-live-case"}, id="two cases of one group"),
    pytest.param(
        "UPDATE cases SET number = '2026-000005' WHERE number = '2026-000002'",
        {"case-number-gap", "case-number-double"}, id="a number is skipped, and will be given again",
    ),
    pytest.param(
        "UPDATE cases SET number = '2026-000001'", {"case-number-double", "case-number-gap"}, id="a number twice"
    ),
    pytest.param(
        "UPDATE counters SET value = 3 WHERE name = 'case:2026'", {"case-number-gap"}, id="a number without a case"
    ),
    pytest.param(
        "UPDATE case_history SET entry = REPLACE(CAST(entry AS TEXT), 'olga', 'nobody') WHERE seq = 2",
        {"case-chain"}, id="a history was rewritten",
    ),
    pytest.param(
        "DELETE FROM case_history WHERE seq = 2", {"case-chain", "case-version"}, id="an entry was taken out"
    ),
    pytest.param(
        "DELETE FROM case_history WHERE seq = 3", {"case-version"}, id="the newest entry was taken out"
    ),
    pytest.param(
        "UPDATE cases SET version = 9 WHERE number = '2026-000001'", {"case-version", "log-behind"},
        id="a wrong version",
    ),
    pytest.param(
        "UPDATE incidents SET state = 'cleared' WHERE place = 'cross'", {"log-behind"}, id="cleared in silence"
    ),
    pytest.param("UPDATE audit SET who = 'nobody' WHERE seq = 1", {"audit-chain"}, id="an audit row was rewritten"),
    pytest.param("DELETE FROM audit WHERE seq = 1", {"audit-chain", "audit-gap"}, id="an audit row is gone"),
    pytest.param("DELETE FROM audit WHERE seq = 2", {"audit-gap"}, id="the newest audit row is gone"),
    pytest.param("UPDATE evidence SET sha256 = NULL", {"evidence-without-digest"}, id="evidence without digest"),
    pytest.param("UPDATE outbox SET seq = 77 WHERE seq = 1", {"outbox-without-event"}, id="a delivery of nothing"),
]  # fmt: skip

UNGUARD = ("uq_incidents_open_place_condition", "uq_cases_live_group_key")


@pytest.mark.parametrize(
    "ledger", ["sqlite"], indirect=True
)  # on PostgreSQL the checker follows every router test
@pytest.mark.parametrize(("sql", "found"), DAMAGE)
def test_planted_damage_is_found(ledger: Ledger, directory: Directory, sql: str, found: set[str]) -> None:
    """Exactly these kinds of violation; the indexes that would forbid the damage are taken off first."""
    live(ledger, directory)
    assert look(ledger, violations) == []

    def damage(conn: Connection) -> None:
        for index in UNGUARD:
            conn.execute(text(f"DROP INDEX {index}"))
        if "number = '2026-000001'" in sql and "WHERE" not in sql:
            # SQLite cannot drop a constraint of a table: make the table anew without it
            conn.execute(text("CREATE TABLE bare AS SELECT * FROM cases"))
            conn.execute(text("DROP TABLE cases"))
            conn.execute(text("ALTER TABLE bare RENAME TO cases"))
        conn.execute(text(sql))

    _without_keys(ledger, damage)
    assert {each.what for each in look(ledger, violations)} == found
    for each in look(ledger, violations):
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
