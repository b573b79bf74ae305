"""What an act leaves for its end is written then, and nobody inside or outside can tell that it waited."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event, select
from sqlalchemy.engine import Engine

from alerts.directory import Directory
from alerts.group import Group
from alerts.incident import Incident, fold
from alerts.ledger import counters, events, groups, incidents, journal
from alerts.ledger.engine import Connection, Ledger
from alerts.ledger.tables import case_history
from alerts.router import apply_signals
from alerts.sight import Sight, Visibility
from ingest.errors import NotFound
from tests.alerts.county import NOW, do, look, signal

ALL = Sight.everything()


def raised(name: str = "I1") -> Incident:
    """An incident that is not in the ledger yet."""
    made = fold(None, signal(), now=NOW, new_id=name).incident
    assert made is not None
    return made


def seen(conn: Connection) -> list[tuple[int, str, object]]:
    """(seq, type, what the incident was) of every event."""
    return [(each.seq, each.type, each.data["state"]) for each in events.after(conn, 0, 100, ALL)]


def test_each_event_says_what_was_true_when_it_happened(ledger: Ledger) -> None:
    """Raised and cleared in one act: the first event still says open."""

    def act(conn: Connection) -> None:
        before = raised()
        incidents.add(conn, before, Visibility(), None)
        journal.incident(conn, before.id, "incident.raised", now=NOW)
        over = replace(before, state="cleared", cleared_at=NOW + timedelta(seconds=9))
        incidents.save(conn, over)
        journal.incident(conn, before.id, "incident.cleared", now=NOW)

    do(ledger, act)
    assert look(ledger, seen) == [(1, "incident.raised", "open"), (2, "incident.cleared", "cleared")]


def test_a_case_is_told_with_the_incidents_it_had(ledger: Ledger, directory: Directory) -> None:
    """A second incident joins the case in the same act: the event of its opening knows only the first."""
    first = signal(1)
    second = signal(1, condition="cold-room", rule="cold-room")

    def act(conn: Connection) -> None:
        apply_signals(conn, [first, second], directory=directory, now=NOW, origin="w")

    do(ledger, act)
    for each in look(ledger, lambda conn: events.after(conn, 0, 100, ALL)):
        if each.type == "case.opened":
            assert len(each.data["incidents"]) == 1  # type: ignore[arg-type]  # JSON: a list of ids


def test_an_act_reads_what_it_has_written(ledger: Ledger) -> None:
    """Events, numbers and rows that wait are there for whoever asks inside."""

    def act(conn: Connection) -> tuple[int, int, int]:
        made = raised()
        incidents.add(conn, made, Visibility(), None)
        journal.incident(conn, made.id, "incident.raised", now=NOW)
        return counters.value(conn, counters.EVENTS), len(seen(conn)), counters.starting(conn, "ev")["events"]

    assert do(ledger, act) == (1, 1, 1)


def test_an_act_that_is_undone_takes_what_waits_with_it(ledger: Ledger) -> None:
    """Neither its events nor its numbers remain; the next act takes the same number."""

    def fails(conn: Connection) -> None:
        made = raised()
        incidents.add(conn, made, Visibility(), None)
        journal.incident(conn, made.id, "incident.raised", now=NOW)
        raise ValueError("changed its mind")

    with pytest.raises(ValueError, match="changed its mind"):
        do(ledger, fails)
    assert look(ledger, events.head) == 0
    made = raised("I2")
    do(ledger, lambda conn: incidents.add(conn, made, Visibility(), None))
    assert do(ledger, lambda conn: journal.incident(conn, made.id, "incident.raised", now=NOW)) == 1


def test_an_event_about_nothing_fails_its_act_alone(ledger: Ledger) -> None:
    """What is found out at the end of an act is its own affair."""
    wrong = ledger.write(lambda conn: journal.incident(conn, "I9", "incident.raised", now=NOW))
    right = ledger.write(lambda conn: events.append(conn, "device.changed", NOW, {"id": "d"}, Visibility()))
    with pytest.raises(NotFound, match="I9"):
        wrong.result(10)
    assert right.result(10) == 1


def test_a_child_may_wait_longer_than_its_parent(ledger: Ledger) -> None:
    """One incident joins a group that is there, the next begins one: both are written, whoever came first."""
    there, fresh = Group("g|u|1", "g", "u"), Group("g|u|2", "g", "u")

    def member(group: Group, incident: str) -> groups.Membership:
        return groups.Membership(group.key, incident, NOW, open=True, told=None)

    def begin(conn: Connection) -> None:
        for name in ("I1", "I2", "I3"):
            incidents.add(conn, replace(raised(name), place=name), Visibility(), None)
        groups.start(conn, there, member(there, "I1"), None)

    def join_and_begin(conn: Connection) -> None:
        groups.join(conn, member(there, "I2"))
        groups.start(conn, fresh, member(fresh, "I3"), None)

    do(ledger, begin)
    do(ledger, join_and_begin)
    found = look(ledger, lambda conn: groups.memberships(conn, ["I1", "I2", "I3"]))
    assert {name: list(of) for name, of in found.items()} == {
        "I1": [there.key],
        "I2": [there.key],
        "I3": [fresh.key],
    }


def test_a_hundred_raises_cost_few_statements(ledger: Ledger, directory: Directory) -> None:
    """Counted, not timed: at most eight each, history and case with their first entries included."""
    count = 0

    def counted(*_: object) -> None:
        nonlocal count
        count += 1

    fresh = [signal(1, condition=f"c{n}", rule=f"c{n}") for n in range(100)]
    event.listen(Engine, "before_cursor_execute", counted)
    try:
        do(ledger, lambda tx: apply_signals(tx, fresh, directory=directory, now=NOW, origin="w"))
    finally:
        event.remove(Engine, "before_cursor_execute", counted)
    assert look(ledger, lambda conn: len(conn.execute(select(case_history)).all())) == 100
    assert count < 800
