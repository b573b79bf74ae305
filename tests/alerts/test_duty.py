"""Nobody is left untold, on a real ledger with the time given: chains, their steps, and who is called."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from alerts import desk, duty
from alerts.directory import Directory
from alerts.escalation import Chain, Step
from alerts.ledger import watches as watches_of
from alerts.ledger.duty_tables import watches
from alerts.ledger.engine import Ledger
from alerts.roster import Roster
from alerts.route import Match
from alerts.sight import Sight
from alerts.waiting import adopt
from config.escalations import with_own_escalations
from tests.alerts.county import NOW, OPERATOR, do, look, signal
from tests.alerts.duty_room import (
    OLGA,
    S,
    acknowledge,
    gas,
    here,
    shift,
    step,
    the_incident,
    the_incident_in,
    told,
)


def test_life_is_told_to_the_next_after_a_minute(ledger: Ledger, staffed: Directory) -> None:
    """Not at 59 s, at 60 s; then to the second of the shift, and each step once however often it ticks."""
    here(ledger, 0, OLGA)
    step(ledger, staffed, 1, gas())
    assert step(ledger, staffed, 60.9) == 0
    assert step(ledger, staffed, 61) == 1
    assert [step(ledger, staffed, 61 + n) for n in range(5)] == [0] * 5
    assert told(ledger) == [("not-acknowledged", "dai", ["chat", "sms"])]
    here(ledger, 181, OLGA)
    assert step(ledger, staffed, 181) == 1
    assert told(ledger)[1:] == [("not-acknowledged", "dan", ["chat", "sms"])]
    step(ledger, staffed, 601)
    step(ledger, staffed, 6001)
    assert len(told(ledger)) == 3


def test_what_becomes_a_matter_of_life_begins_anew(ledger: Ledger, staffed: Directory) -> None:
    """Its chain was the slow one of major; a minute after it became life the next on duty is told by that of life."""
    slow = Chain("slow", Match(severity="major"), (Step(timedelta(hours=1), "market"),))
    both = replace(staffed, escalations=(slow, *with_own_escalations(())))
    here(ledger, 0, OLGA)
    step(ledger, both, 0, signal(1))
    step(ledger, both, 100, signal(2, severity="life"))
    assert step(ledger, both, 159) == 0
    assert step(ledger, both, 160) == 1
    assert told(ledger) == [("not-acknowledged", "dai", ["chat", "sms"])]


def test_life_goes_before_all_others(ledger: Ledger, staffed: Directory) -> None:
    """However many wait for longer: the next look takes the matters of life first."""
    here(ledger, 0)
    others = [signal(n, place=f"school/{n}", severity="minor") for n in range(1, 6)]
    step(ledger, replace(staffed, rosters={}, escalations=()), 0, *others, gas(9))
    do(ledger, lambda conn: adopt(conn, staffed, NOW + S))
    first = look(ledger, lambda conn: watches_of.due(conn, NOW + 2 * S, 2))
    assert [each.incident for each in first][:1] == [the_incident(ledger)]
    assert len(first) == 2


def test_a_step_names_its_own_channels_and_unit(ledger: Ledger, staffed: Directory) -> None:
    """The county's chain for major: first the roster, then the unit that has none, by the step's channel."""
    here(ledger, 0, OLGA)
    step(ledger, staffed, 0, signal(0))
    step(ledger, staffed, 60)
    step(ledger, staffed, 180)
    assert told(ledger) == [
        ("not-acknowledged", "dai", ["chat", "sms"]),
        ("not-acknowledged", "market", ["fax"]),
    ]


def test_by_another_channel(ledger: Ledger, staffed: Directory) -> None:
    """What the route told by is not tried first again."""
    by_chat = replace(staffed, routes=tuple(replace(each, channels=("chat",)) for each in staffed.routes))
    here(ledger, 0, OLGA)
    step(ledger, by_chat, 0, gas())
    step(ledger, by_chat, 60)
    assert told(ledger) == [("not-acknowledged", "dai", ["sms"])]


def test_an_acknowledgement_stops_it_and_its_end_begins_it_anew(ledger: Ledger, staffed: Directory) -> None:
    """Seen at 30 s: nothing at 60 s. The acknowledgement ends after four hours: told 60 s later, to the night."""
    here(ledger, 0, OLGA)
    step(ledger, staffed, 0, gas())
    acknowledge(ledger, the_incident(ledger), 30)
    assert step(ledger, staffed, 61) == 0
    over = 30 + desk.ACK_LASTS.total_seconds()
    assert step(ledger, staffed, over + 1) == 0
    assert step(ledger, staffed, over + 59) == 0
    assert step(ledger, staffed, over + 60) == 1
    assert told(ledger) == [("not-acknowledged", "nia", ["phone"])]


def test_what_is_over_is_not_told(ledger: Ledger, staffed: Directory) -> None:
    """Cleared before the minute; and a verdict that it was nothing."""
    here(ledger, 0, OLGA)
    step(ledger, staffed, 0, gas(1))
    step(ledger, staffed, 10, gas(2, state="inactive"))
    step(ledger, staffed, 20, signal(3))
    now = NOW + 25 * S
    do(
        ledger,
        lambda conn: desk.judge(
            conn,
            Sight.everything(),
            the_incident_in(conn, "fridge-warm"),
            verdict=False,
            who=OPERATOR,
            reason="door",
            now=now,
        ),
    )
    assert step(ledger, staffed, 400) == 0
    assert told(ledger) == []
    assert look(ledger, lambda conn: conn.execute(select(watches.c.due_at)).scalars().all()) == [None, None]


def test_where_nobody_is_on_duty_the_next_step_is_told(ledger: Ledger, staffed: Directory) -> None:
    """A roster of mornings only is passed over in the afternoon; a county with nobody at all waits for somebody."""
    mornings = Roster("mornings", "market", (shift(6, 8, ("mo",), ("chat",)),))
    chain = Chain("life", Match(severity="life"), (Step(60 * S, "mornings"), Step(600 * S, "room-duty")))
    both = replace(staffed, rosters={**staffed.rosters, "mornings": mornings}, escalations=(chain,))
    here(ledger, 0, OLGA)
    step(ledger, both, 0, gas())
    assert step(ledger, both, 60) == 1
    assert told(ledger) == [("not-acknowledged", "dai", ["chat", "sms"])]


def test_who_comes_on_duty_later_is_told_then(ledger: Ledger, staffed: Directory) -> None:
    """At 16:00 nobody is; the next shift begins at 06:00 and is told within a minute."""
    mornings = Roster("mornings", "room", (shift(6, 8, ("mo",), ("chat",)),))
    early = replace(staffed, rosters={"mornings": mornings})
    here(ledger, 0, OLGA)
    step(ledger, early, 0, gas())
    assert step(ledger, early, 60) == 0
    six = 14 * 3600
    here(ledger, six - 1, OLGA)
    assert step(ledger, early, six - 1) == 0
    assert step(ledger, early, six + 60) == 1
    assert told(ledger) == [("not-acknowledged", "mo", ["chat"])]


def test_a_roster_holds_for_what_is_open_already(ledger: Ledger, staffed: Directory) -> None:
    """Gas came before the county had a roster: from then on it waits by it."""
    here(ledger, 0, OLGA)
    step(ledger, replace(staffed, rosters={}, escalations=()), 0, gas())
    do(ledger, lambda conn: adopt(conn, staffed, NOW + 100 * S))
    assert step(ledger, staffed, 159) == 0
    assert step(ledger, staffed, 160) == 1
    do(ledger, lambda conn: adopt(conn, staffed, NOW + 170 * S))
    assert step(ledger, staffed, 175) == 0


def test_nothing_is_written_for_a_county_without_rosters(ledger: Ledger, directory: Directory) -> None:
    """Whoever has no roster pays nothing: no row, no look."""
    plain = replace(directory, escalations=with_own_escalations((), shipped=False))
    step(ledger, plain, 0, gas(), signal(5))
    assert step(ledger, plain, 600) == 0
    assert look(ledger, lambda conn: conn.execute(select(watches)).all()) == []


def test_who_is_nearest(staffed: Directory) -> None:
    """The unit that has the case, then the own town, then the county; never the other town."""
    units = {
        **staffed.units,
        "east-office": replace(staffed.units["room"], id="east-office", area="east"),
        "west-office": replace(staffed.units["room"], id="west-office", area="west"),
    }
    shifts = staffed.rosters["room-duty"].shifts
    named = {"a-west": "west-office", "b-county": "room", "c-east": "east-office", "d-market": "market"}
    rosters = {each: Roster(each, unit, shifts) for each, unit in named.items()}
    whole = replace(staffed, units=units, rosters=rosters)
    place = whole.visibility("school")
    assert [each.id for each in duty.nearest(whole, place)] == ["c-east", "b-county", "d-market"]
    assert [each.id for each in duty.nearest(whole, place, ["market"])] == ["d-market", "c-east", "b-county"]


def test_whom_a_word_reaches(staffed: Directory) -> None:
    """A roster on duty, a unit with or without one, a person; nobody for an unknown word."""
    place, night = staffed.visibility("school"), datetime(2026, 11, 22, 15, tzinfo=UTC)
    assert duty.called(staffed, "room-duty", place, night) == duty.Called("room", ("nia",), ("phone",))
    assert duty.called(staffed, "room", place, night) == duty.Called("room", ("nia",), ("phone",))
    assert duty.called(staffed, "market", place, night) == duty.Called("market")
    assert duty.called(staffed, "nia", place, NOW) == duty.Called("nia", ("nia",))
    assert duty.called(staffed, "gone", place, NOW) is None
