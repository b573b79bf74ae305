"""The duty room of the small county: who is on duty, who is there, and what duty told; time is given."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from alerts import desk, duty
from alerts.directory import Directory, Person
from alerts.escalation import Chain, Step
from alerts.ledger import incidents, presence
from alerts.ledger.engine import Connection, Ledger
from alerts.ledger.notice_tables import deliveries, notices
from alerts.notify import advance
from alerts.presence import Here
from alerts.roster import Roster, Shift
from alerts.route import Match
from alerts.router import apply_signals
from alerts.sight import Sight
from config.escalations import with_own_escalations
from detectors.signal import Signal
from tests.alerts.county import NOW, OPERATOR, county, do, look, signal

DAILY = frozenset(range(7))
S = timedelta(seconds=1)
EAST = Sight(nouns=frozenset({"incident"}), areas=frozenset({"east"}))


def shift(start: int, end: int, users: tuple[str, ...], channels: tuple[str, ...]) -> Shift:
    """Whole hours of every day."""
    return Shift(DAILY, timedelta(hours=start), timedelta(hours=end), users, channels)


def staffed_county() -> Directory:
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


def the_incident_in(conn: Connection, condition: str) -> str:
    """Its id, inside a transaction."""
    found = incidents.open_at(conn, "school", condition)
    assert found is not None
    return found.incident.id
