"""Nobody is left untold, on a real ledger with the time given: chains, the empty room, each step once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError

from alerts import desk, duty
from alerts.directory import Directory, Person
from alerts.escalation import Chain, Step
from alerts.ledger import incidents, presence
from alerts.ledger import watches as watches_of
from alerts.ledger.check import violations
from alerts.ledger.duty_tables import room_spells, tellings, watches
from alerts.ledger.engine import Connection, Ledger
from alerts.ledger.notice_tables import deliveries, notices
from alerts.notify import advance, tell
from alerts.presence import Here
from alerts.roster import Roster, Shift
from alerts.route import Match
from alerts.router import apply_signals
from alerts.sight import Sight
from alerts.waiting import adopt
from config.escalations import with_own_escalations
from detectors.signal import Signal
from tests.alerts.county import NOW, OPERATOR, county, do, look, signal

DAILY = frozenset(range(7))
S = timedelta(seconds=1)
EAST = Sight(nouns=frozenset({"incident"}), areas=frozenset({"east"}))


def shift(start: int, end: int, users: tuple[str, ...], channels: tuple[str, ...]) -> Shift:
    """Whole hours of every day."""
    return Shift(DAILY, timedelta(hours=start), timedelta(hours=end), users, channels)


@pytest.fixture
def staffed() -> Directory:
    """The small county with a room that has a day and a night, two people each; NOW is 16:00 there."""
    day = shift(8, 18, ("dai", "dan"), ("chat", "sms"))
    night = shift(18, 8, ("nia",), ("phone",))
    return replace(
        county(),
        rosters={"room-duty": Roster("room-duty", "room", (day, night))},
        escalations=(
            *with_own_escalations(()),
            Chain(
                "major",
                Match(severity="major"),
                (Step(60 * S, "room-duty"), Step(180 * S, "market", ("fax",))),
            ),
        ),
        people={each: Person(each, "operator") for each in ("dai", "dan", "nia")},
    )


def gas(n: int = 1, **changes: object) -> Signal:
    """Life at the school."""
    return signal(n, condition="gas-level", severity="life", device="gas", rule="gas", **changes)


def step(ledger: Ledger, directory: Directory, seconds: float, *signals: Signal) -> int:
    """Signals, then a tick; at NOW and some seconds. Answers how many notices duty wrote."""
    now = NOW + seconds * S

    def act(conn: Connection) -> int:
        apply_signals(conn, signals, directory=directory, now=now, origin="serve")
        desk.expire_acknowledgements(conn, now)
        advance(conn, directory, now)
        return duty.tick(conn, directory, now)

    return do(ledger, act)


def told(ledger: Ledger) -> list[tuple[str, str, list[str]]]:
    """(why, addressee, channels) of duty's notices, the oldest first."""

    def read(conn: Connection) -> list[tuple[str, str, list[str]]]:
        rows = conn.execute(
            select(notices.c.id, notices.c.why, notices.c.addressee)
            .where(notices.c.why.in_(["not-acknowledged", "room-empty"]))
            .order_by(notices.c.at, notices.c.id)
        ).all()
        return [
            (
                row.why,
                row.addressee,
                sorted(
                    conn.execute(select(deliveries.c.channel).where(deliveries.c.notice == row.id)).scalars()
                ),
            )
            for row in rows
        ]

    return look(ledger, read)


def the_incident(ledger: Ledger, condition: str = "gas-level") -> str:
    """Its id."""
    found = look(ledger, lambda conn: incidents.open_at(conn, "school", condition))
    assert found is not None
    return found.incident.id


def acknowledge(ledger: Ledger, incident: str, seconds: float) -> None:
    """Somebody has seen it."""
    now = NOW + seconds * S
    do(
        ledger,
        lambda conn: desk.acknowledge(conn, Sight.everything(), incident, who=OPERATOR, note="", now=now),
    )


def here(ledger: Ledger, seconds: float, *people: Here, serve: str = "one") -> None:
    """Who is in the room from then on."""
    now = NOW + seconds * S

    def act(conn: Connection) -> None:
        presence.beat(conn, serve, people, started_at=NOW - timedelta(hours=1), now=now)
        presence.came_back(conn, presence.room(conn, now), now)

    do(ledger, act)


OLGA = Here("olga", "operator", EAST)


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


def test_an_empty_room_and_nobody_who_acknowledges(ledger: Ledger, staffed: Directory) -> None:
    """The first of the shift is told that nobody is there, the second that nobody has acknowledged it."""
    here(ledger, 0)
    step(ledger, staffed, 0, gas())
    here(ledger, 60)
    step(ledger, staffed, 60)
    assert [each[:2] for each in told(ledger)] == [("room-empty", "dai"), ("not-acknowledged", "dan")]


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


def the_incident_in(conn: Connection, condition: str) -> str:
    """Its id, inside a transaction."""
    found = incidents.open_at(conn, "school", condition)
    assert found is not None
    return found.incident.id


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


def test_an_empty_room_is_told_after_two_minutes(ledger: Ledger, staffed: Directory) -> None:
    """She left at 0 s. What comes at 10 s is told at 120 s, with what came at 20 s, in one notice; then she is back."""
    quiet = replace(staffed, escalations=())
    here(ledger, -100, OLGA)
    here(ledger, 0)
    step(ledger, quiet, 10, signal(1))
    step(ledger, quiet, 20, signal(2, condition="smoke-seen", rule="smoke", severity="critical"))
    here(ledger, 119)
    assert step(ledger, quiet, 119.9) == 0
    assert step(ledger, quiet, 120) == 1
    assert [step(ledger, quiet, 120 + n) for n in range(3)] == [0] * 3
    assert told(ledger) == [("room-empty", "dai", ["chat", "sms"])]
    of_both = select(notices.c.incidents).where(notices.c.why == "room-empty")
    assert len(look(ledger, lambda conn: conn.execute(of_both).scalar_one())) == 2
    here(ledger, 300, OLGA)
    spell = look(ledger, presence.spells)[0]
    assert (spell["ended_by"], spell["area"]) == ("olga", "east")
    assert spell["ended_at"] is not None
    step(ledger, quiet, 310, signal(3, condition="door-open", rule="door"))
    assert step(ledger, quiet, 999) == 0


def test_life_is_told_at_once_when_the_room_is_known_to_be_empty(ledger: Ledger, staffed: Directory) -> None:
    """Empty for ten minutes: in the tick in which it comes, and the next one too, however soon."""
    here(ledger, 0)
    assert step(ledger, staffed, 1, gas()) == 1
    assert step(ledger, staffed, 2, gas(2, place="school/store")) == 1
    assert [each[0] for each in told(ledger)] == ["room-empty", "room-empty"]


def test_who_sees_another_town_only_is_not_the_room(ledger: Ledger, staffed: Directory) -> None:
    """An operator of the west covers nothing in the east."""
    west = Here("wes", "operator", replace(EAST, areas=frozenset({"west"})))
    here(ledger, 0, west)
    assert step(ledger, staffed, 1, gas()) == 1


def test_a_serve_that_died_took_its_people_with_it(ledger: Ledger) -> None:
    """Two on one ledger: the one she was connected to says nothing for 30 s; then she counts as gone."""
    here(ledger, 0, OLGA, serve="dead")
    here(ledger, 0, serve="alive")
    here(ledger, 29, serve="alive")
    assert look(ledger, lambda conn: presence.room(conn, NOW + 29 * S)).present()
    here(ledger, 31, serve="alive")
    found = look(ledger, lambda conn: presence.room(conn, NOW + 31 * S))
    assert not found.present()
    assert [each.left_at for each in found.people] == [NOW]


def test_killed_between_two_steps_it_tells_each_once(
    tmp_path: Path, sqlite_template: Path, staffed: Directory
) -> None:
    """Closed and opened again after every tick, and two hubs ticking in turn: as many notices as steps."""
    path = tmp_path / "ledger.db"
    path.write_bytes(sqlite_template.read_bytes())

    @contextmanager
    def life() -> Iterator[Ledger]:
        ledger = Ledger.open(f"sqlite:///{path}", clock=lambda: NOW)
        yield ledger
        ledger.close()

    with life() as ledger:
        here(ledger, 0, OLGA)
        step(ledger, staffed, 0, gas())
    for seconds in (59, 60, 60, 61, 180, 180, 181, 600, 600, 700):
        with life() as ledger:
            here(ledger, seconds, OLGA)
            step(ledger, staffed, seconds)
    with life() as ledger:
        assert [each[1] for each in told(ledger)] == ["dai", "dan", "dai"]


def test_the_checker_knows_what_is_told_twice(ledger: Ledger, staffed: Directory) -> None:
    """A sound ledger has nothing to say; a notice written a second time, and a claim taken out, are found."""
    here(ledger, 0)
    step(ledger, staffed, 0, gas())
    step(ledger, staffed, 60)
    assert look(ledger, violations) == []
    again = partial(
        tell,
        directory=staffed,
        why="not-acknowledged",
        addressee="dan",
        incidents=(the_incident(ledger),),
        channels=(),
        now=NOW + 61 * S,
        group=f"escalation|{the_incident(ledger)}|0|0",
    )
    do(ledger, again)
    do(ledger, partial(Connection.execute, statement=delete(tellings).where(tellings.c.kind == "room")))
    assert [each.what for each in look(ledger, violations)] == ["told-twice", "told-unclaimed"]


def test_two_hubs_on_one_ledger_tell_each_step_once(ledger: Ledger, staffed: Directory) -> None:
    """Both tick at the same moment, five times each: one notice for each step and for the empty room."""
    here(ledger, 0)
    step(ledger, staffed, 0, gas())
    with closing(Ledger.open(ledger.url, clock=lambda: NOW)) as other:
        for seconds in (1, 60, 180, 600):
            here(ledger, seconds)
            act = partial(duty.tick, directory=staffed, now=NOW + seconds * S)
            ticks = [each.write(act) for _ in range(5) for each in (ledger, other)]
            assert sum(each.result(20) for each in ticks) == (0 if seconds == 1 else 1), seconds
    assert [each[0] for each in told(ledger)] == ["room-empty", *["not-acknowledged"] * 3]


def test_a_roster_holds_for_what_is_open_already(ledger: Ledger, staffed: Directory) -> None:
    """Gas came before the county had a roster: from then on it waits by it."""
    here(ledger, 0, OLGA)
    step(ledger, replace(staffed, rosters={}, escalations=()), 0, gas())
    do(ledger, lambda conn: adopt(conn, staffed, NOW + 100 * S))
    assert step(ledger, staffed, 159) == 0
    assert step(ledger, staffed, 160) == 1
    do(ledger, lambda conn: adopt(conn, staffed, NOW + 170 * S))
    assert step(ledger, staffed, 175) == 0


def test_a_step_cannot_be_told_twice_whatever_the_code_does(ledger: Ledger, staffed: Directory) -> None:
    """The ledger refuses it: a second telling of a step, and a second open spell of a place."""
    here(ledger, 0)
    step(ledger, staffed, 1, gas())
    for table in (tellings, room_spells):
        with ledger.read() as conn:
            row = dict(conn.execute(select(table)).one()._mapping)
        again = insert(table).values(**(row | ({"id": "another"} if "id" in row else {})))
        with pytest.raises(IntegrityError):
            ledger.write(partial(Connection.execute, statement=again)).result(10)


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
