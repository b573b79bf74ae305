"""The empty room, on a real ledger with the time given: after how long it is told, and to whom."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select

from alerts.directory import Directory
from alerts.ledger import presence
from alerts.ledger.engine import Ledger
from alerts.ledger.notice_tables import notices
from alerts.presence import Here
from tests.alerts.county import NOW, look, signal
from tests.alerts.duty_room import (
    EAST,
    OLGA,
    S,
    gas,
    here,
    step,
    told,
)


def test_an_empty_room_and_nobody_who_acknowledges(ledger: Ledger, staffed: Directory) -> None:
    """The first of the shift is told that nobody is there, the second that nobody has acknowledged it."""
    here(ledger, 0)
    step(ledger, staffed, 0, gas())
    here(ledger, 60)
    step(ledger, staffed, 60)
    assert [each[:2] for each in told(ledger)] == [("room-empty", "dai"), ("not-acknowledged", "dan")]


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
