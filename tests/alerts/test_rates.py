"""Every rate against numbers worked out by hand."""

from __future__ import annotations

import pytest
from sqlalchemy.engine import Connection

from alerts import rates
from alerts.ledger import reports
from alerts.ledger.engine import Ledger
from alerts.rates import Counts
from alerts.report import Words
from alerts.sight import NOUNS, Sight
from tests.alerts.counted import put, put_incident
from tests.alerts.county import county, do
from tests.alerts.rated import ALL, TABLE, WEEK, asked, at


def test_the_total_of_the_table(conn: Connection) -> None:
    """All of it, worked out by hand.

    opened: 1 to 7, 10, 11, 13, 14, 17 to 22 and 25, that is 7 + 2 + 2 + 6 + 1 = 18 (8, 9 and 24 merged or cancelled).
    accepted: all of these but 5, 19 and 21 = 15; the false alarms 7 and 22 are among them.
    owed: without 7 and 22 = 16; closed now: 1, 2, 3, 10, 13, 14, 17, 20, 25 = 9.
    closed in: 1, 2, 3, 10, 12, 16, 17, 20, 25 = 9; returned 3 and 16, reopened 10 and 16.
    hours to close: 4 + 24 + 24 + 10 + 0 + 19 × 24 + 1 + 5 × 24 + 2 = 641 (a millisecond for 12, one less for 20).
    answers: 5, 3, 4, 2, 1, 4, 5 = 7 answers, 24 together; 4 of them 4 or 5.
    due: two of 1, one of 2, two of 3, one each of 4 and 5, two of 10, one each of 11 and 16, two of 17, one of 19 = 14.
    in time: 2 + 0 + 2 + 0 + 0 + 2 + 1 + 0 + 2 + 0 = 9.
    own (only `handle` here): 1, 2, 3, 4, 10 twice, 16, 17 = 8, in time 1, 3, 10 twice, 17 = 5.
    """
    put(conn, TABLE)
    found = rates.total(reports.counted(conn, ALL, asked()).groups)
    assert found == Counts(
        opened=18, accepted=15, owed=16, completed=9, merged=2, closed=9, returned=2, reworked=2,
        open_ms=641 * 3_600_000, answers=7, satisfied=4, score=24, false_alarms=2, cancelled=2,
        due=14, on_time=9, own_due=8, own_on_time=5,
    )  # fmt: skip
    shown = rates.shown(found)
    assert shown["acceptance"] == {"n": 15, "of": 18, "rate": 0.8333}
    assert shown["completion"] == {"n": 9, "of": 16, "rate": 0.5625}
    assert shown["on_time"] == {"n": 9, "of": 14, "rate": 0.6429}
    assert shown["satisfaction"] == {"n": 4, "of": 7, "rate": 0.5714, "mean": 3.43}
    assert shown["returned"] == shown["rework"] == {"n": 2, "of": 9, "rate": 0.2222}
    assert shown["mean_hours"] == 71.22


def test_both_databases_count_alike(ledger: Ledger) -> None:
    """SQLite and PostgreSQL answer every question of a report the same."""
    do(ledger, lambda tx: put(tx, TABLE))
    with ledger.read() as conn:
        assert rates.total(reports.counted(conn, ALL, asked()).groups).open_ms == 641 * 3_600_000
        assert rates.total(reports.days(conn, ALL, asked())).due == 14
        assert reports.counted(conn, ALL, asked()).steps[0] == ("seven-step", "accept", 3, 3.78)
        assert reports.answers(conn, ALL, asked(unit="room"))[0]["n"] == 2
        assert reports.counted(conn, ALL, asked(unit="room")).raised == []
        assert reports.often(conn, ALL, asked()) == []


@pytest.mark.parametrize(
    ("unit", "acceptance", "completion", "on_time", "satisfaction", "returned", "rework"),
    [
        # opened 1 to 7 and 25, all but 5 accepted; owed without 7; closed 1, 2, 3, 25; own steps of 1, 2, 3, 4
        ("market", (7, 8), (4, 7), (2, 4), (2, 3), (1, 4), (0, 4)),
        # opened 10, 11, 13, 14; closed now 10, 13, 14; closed in 10 and 12 with answers 4 and 2; own steps of 10
        ("traffic", (4, 4), (3, 4), (2, 2), (1, 2), (0, 2), (1, 2)),
        # opened 17 to 20, all but 19 accepted; closed now 17, 20; closed in 16, 17, 20; own steps of 16 and 17
        ("room", (3, 4), (2, 4), (1, 2), (1, 2), (1, 3), (1, 3)),
    ],
)
def test_each_unit(
    conn: Connection,
    unit: str,
    acceptance: tuple[int, int],
    completion: tuple[int, int],
    on_time: tuple[int, int],
    satisfaction: tuple[int, int],
    returned: tuple[int, int],
    rework: tuple[int, int],
) -> None:
    """Late is a unit only for its own steps; and the same numbers come when only this unit is asked for."""
    put(conn, TABLE)
    counted = rates.by(
        reports.counted(conn, ALL, asked()).groups, lambda group: [group.unit] if group.unit else []
    )
    alone = rates.total(reports.counted(conn, ALL, asked(unit=unit)).groups)
    for counts in (counted[unit], alone):
        shown = rates.shown(counts, own=True)
        words = ("acceptance", "completion", "on_time", "satisfaction", "returned", "rework")
        found = [(shown[word]["n"], shown[word]["of"]) for word in words]  # type: ignore[index]  # each is a rate
        assert found == [acceptance, completion, on_time, satisfaction, returned, rework]


def test_each_area_and_kind(conn: Connection) -> None:
    """East has 1 to 7, 10, 11 and 25; the county has both; thresholds are 1 to 7, 17 to 19 and 25."""
    put(conn, TABLE)
    found = reports.counted(conn, ALL, asked()).groups
    areas = rates.by(found, Words(county()).above)
    assert {key: each.opened for key, each in areas.items()} == {"county": 18, "east": 10, "west": 8}
    kinds = rates.by(found, lambda group: [group.kind])
    assert {key: each.opened for key, each in kinds.items()} == {"threshold": 11, "noise": 7}
    only = rates.total(reports.counted(conn, ALL, asked(areas={"west"}, kind="noise")).groups)
    assert (only.opened, only.closed) == (5, 2)  # opened 13, 14, 20, 21, 22; closed in 12, 20


def test_what_is_not_over_yet_is_not_due(conn: Connection) -> None:
    """Asked on Sunday at 20:00, the step of 5 has twenty minutes left."""
    put(conn, TABLE)
    found = rates.total(reports.counted(conn, ALL, asked(as_of=at("22 20:00"))).groups)
    assert (found.due, found.on_time) == (13, 9)


def test_the_week_before(conn: Connection) -> None:
    """Of the table only 12 was opened in it, and its step was due in it; 23 was opened in it and cancelled."""
    put(conn, TABLE)
    found = rates.total(reports.counted(conn, ALL, asked(WEEK.before())).groups)
    assert (found.opened, found.accepted, found.completed, found.closed) == (1, 1, 1, 0)
    assert (found.due, found.on_time, found.cancelled) == (1, 1, 0)


def test_steps_and_answers(conn: Connection) -> None:
    """Mean times of completed steps: clocks began four hours before they were due.

    accept: 1 took 3:40, 11 took 3:50, 17 took 3:50: 11:20 for three = 3.78 h.
    handle: 1 4:00, 2 4:00:01, 3 3:00, 10 3:00 and 3:00, 16 28:00, 17 1:00: 46:00:01 for seven = 6.57 h.
    """
    put(conn, TABLE)
    assert reports.counted(conn, ALL, asked()).steps == [
        ("seven-step", "accept", 3, 3.78),
        ("seven-step", "handle", 7, 6.57),
    ]
    assert reports.answers(conn, ALL, asked()) == [{"by": "reporter", "how": "call", "n": 7, "mean": 3.43}]


def test_incidents(conn: Connection) -> None:
    """Verdicts, stale ones, and what comes again and again at one place; the edges as for cases."""
    for number, moment in enumerate(["16 00:00", "17 10:00", "18 10:00", "22 23:59:59.999"]):
        put_incident(conn, number, raised=at(moment))
    put_incident(conn, 10, raised=at("23 00:00"))
    put_incident(conn, 11, raised=at("18 10:00"), condition="gas-level", verdict=True, flapping=True)
    put_incident(conn, 12, raised=at("18 11:00"), condition="gas-level", verdict=False)
    put_incident(
        conn, 13, raised=at("18 12:00"), condition="gas-level", state="open", stale=True, verdict=False
    )
    found = rates.total(reports.counted(conn, ALL, asked()).groups)
    assert (found.raised, found.stale, found.flapping, found.judged, found.judged_false) == (7, 1, 1, 3, 2)
    assert rates.shown(found)["false_incidents"] == {"n": 2, "of": 3, "rate": 0.6667}
    assert [(word, counts.raised) for word, _, counts in reports.counted(conn, ALL, asked()).raised] == [
        ("fridge-warm", 4),
        ("gas-level", 3),
    ]
    assert reports.often(conn, ALL, asked()) == [{"place": "school", "condition": "fridge-warm", "raised": 4}]


def test_days_add_up(conn: Connection) -> None:
    """Each day has what happened on it, and together they are the week."""
    put(conn, TABLE)
    days = reports.days(conn, ALL, asked())
    counted = rates.by(days, lambda group: [str(group.day)])
    assert rates.total(days) == rates.total(reports.counted(conn, ALL, asked()).groups)
    assert {key: each.opened for key, each in counted.items()} == {
        "2026-11-16": 4, "2026-11-17": 1, "2026-11-18": 2, "2026-11-19": 2, "2026-11-20": 4,
        "2026-11-21": 3, "2026-11-22": 2,
    }  # fmt: skip


def test_nobody_reads_more_than_he_sees(conn: Connection) -> None:
    """The same question of the east's reader, of a unit's, and of nobody."""
    put(conn, TABLE)
    east = Sight(nouns=NOUNS, areas=frozenset({"east"}))
    room = Sight(nouns=NOUNS, areas=None, units=frozenset({"room"}))
    assert rates.total(reports.counted(conn, east, asked()).groups).opened == 10
    assert rates.total(reports.counted(conn, room, asked()).groups).opened == 4
    assert rates.total(reports.counted(conn, Sight(), asked()).groups) == Counts()
