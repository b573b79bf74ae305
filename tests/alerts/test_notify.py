"""Notify: the log folded into groups, and groups into notices, in a real ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from alerts.directory import Directory
from alerts.ledger import notices
from alerts.ledger.engine import Connection, Ledger
from alerts.ledger.notice_tables import deliveries
from alerts.ledger.notice_tables import notices as rows
from alerts.notice import Why
from alerts.notify import advance, tell
from alerts.route import Match, Route
from alerts.router import apply_signals
from detectors.signal import Signal
from ingest.text import Text
from tests.alerts.county import NOW, county, do, look, signal


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def told(ledger: Ledger) -> list[tuple[float, str, str, int]]:
    """Every notice: seconds after NOW, why, to whom, of how many."""
    found = look(ledger, lambda conn: conn.execute(select(rows).order_by(rows.c.at, rows.c.id)).all())
    return [((row.at - NOW).total_seconds(), row.why, row.addressee, len(row.incidents)) for row in found]


def hear(ledger: Ledger, directory: Directory, when: float, *signals: Signal) -> int:
    """What an intake does: apply, then advance, in one transaction."""

    def act(conn: Connection) -> int:
        apply_signals(conn, signals, directory=directory, now=at(when), origin="serve")
        return advance(conn, directory, at(when))

    return do(ledger, act)


@pytest.fixture
def directory() -> Directory:
    """Kitchens: the market unit by two channels; the rest: the room."""
    routes = (
        Route("market", Match(site_kind="canteen-school"), id="kitchens", channels=("chat", "mail")),
        Route("room", workflow="four-step", id="rest", group_wait=timedelta(0)),
    )
    return replace(county(), routes=routes, conditions={"fridge-warm": Text("冰箱超温", "Fridge too warm")})


def test_the_first_notice_waits_and_goes_to_every_channel(ledger: Ledger, directory: Directory) -> None:
    """group_wait after the raise, once; a delivery is due on each channel of the route."""
    assert hear(ledger, directory, 1, signal()) == 0
    assert hear(ledger, directory, 30) == 0
    assert hear(ledger, directory, 31) == 1
    assert hear(ledger, directory, 32) == 0
    assert told(ledger) == [(31, "new-group", "market", 1)]
    row = look(ledger, lambda conn: conn.execute(select(rows)).one())
    assert row.title == {"zh": "小学：冰箱超温", "en": "Fridge too warm, School"}
    assert (row.route, row.open, row.severity) == ("kitchens", 1, "major")
    assert (row.area, row.site_kind, row.site, row.units) == ("east", "canteen-school", "school", ",market,")
    sent = look(ledger, lambda conn: conn.execute(select(deliveries.c.channel, deliveries.c.state)).all())
    assert {tuple(each) for each in sent} == {("chat", "pending"), ("mail", "pending")}


def test_life_safety_waits_for_nothing(ledger: Ledger, directory: Directory) -> None:
    """The notice is in the transaction of the raise, whatever the route's group_wait."""
    gas = signal(rule="gas", condition="gas-level", device="gas", severity="life")
    assert hear(ledger, directory, 1, gas) == 1
    assert told(ledger) == [(1, "new-group", "market", 1)]


def test_what_rolls_back_is_not_told(ledger: Ledger, directory: Directory) -> None:
    """The notice belongs to the transaction that gave the reason."""
    gas = signal(rule="gas", condition="gas-level", device="gas", severity="life")

    def act(conn: Connection) -> None:
        apply_signals(conn, [gas], directory=directory, now=at(1), origin="serve")
        assert advance(conn, directory, at(1)) == 1
        raise RuntimeError("the intake broke")

    with pytest.raises(RuntimeError):
        do(ledger, act)
    assert told(ledger) == []
    assert hear(ledger, directory, 2, gas) == 1


def test_others_may_tell(ledger: Ledger, directory: Directory) -> None:
    """tell() writes one notice about what it is told of; a test alarm is about nothing."""
    hear(ledger, directory, 1, signal())
    incident = look(ledger, lambda conn: conn.exec_driver_sql("SELECT id FROM incidents").scalar_one())

    def act(conn: Connection) -> tuple[Text, Text]:
        why: Why = "not-acknowledged"
        first = tell(
            conn, directory, why=why, addressee="wang", incidents=[incident], channels=["sms"], now=at(60)
        )
        second = tell(
            conn, directory, why="test-alarm", addressee="wang", incidents=[], channels=["sms"], now=at(60)
        )
        return first.title, second.title

    first, second = do(ledger, act)
    assert first == Text("小学：冰箱超温", "Fridge too warm, School")
    assert second.en.startswith("Test alarm")
    assert [why for _, why, _, _ in told(ledger)] == ["not-acknowledged", "test-alarm"]


def test_the_ledger_refuses_the_same_notice_twice(ledger: Ledger, directory: Directory) -> None:
    """One notice per group, addressee, reason and moment is the database's rule, not a habit of the code."""
    hear(ledger, directory, 1, signal(severity="life"))

    def again(conn: Connection) -> None:
        row = conn.execute(select(rows)).one()
        notice = tell(
            conn,
            directory,
            why="repeat",
            addressee=row.addressee,
            incidents=row.incidents,
            channels=[],
            now=row.at,
            group=row.group_key,
        )
        notices.add(conn, replace(notice, id="01ANOTHER"))

    with pytest.raises(IntegrityError):
        do(ledger, again)
    assert len(told(ledger)) == 1
