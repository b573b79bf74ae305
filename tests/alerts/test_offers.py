"""Offers: what is guessed of an unknown device, and how much is kept however many there are."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from alerts.directory import DeviceEntry, Directory, Site
from alerts.ledger import offers
from alerts.ledger.engine import Connection, Ledger
from alerts.offer import Heard, Offer, guess
from ingest.errors import NotFound
from ingest.text import Text

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
NAME = Text("点", "Place")
COUNTY = Directory(
    sites={each: Site(each, "county", "village", NAME) for each in ("school-1", "school-12", "village-1")},
    devices={"school-1-fridge": DeviceEntry("school-1-fridge", "sensor", "school-1", NAME)},
)
FOUND = {"temperature": {"value": 4.2, "unit": "°C", "at": "2026-11-22T08:00:00.000Z"}}


def offer(convention: str, topic: str, name: str, **more: object) -> Offer:
    """An offer of which only this matters."""
    base = Offer("0a1b2c3d4e5f6071", convention, topic, name, False, FOUND, (), None, "open", 1, NOW, NOW)
    return replace(base, **more)  # type: ignore[arg-type] # the test names the fields


@pytest.mark.parametrize(
    ("found", "wanted", "why"),
    [
        (
            offer("zigbee2mqtt", "zigbee2mqtt/school-1/door", "school-1/door"),
            {"id": "school-1-door", "site": "school-1", "kind": "sensor", "name": "door",
             "payload": "zigbee2mqtt", "topic": "zigbee2mqtt/school-1/door"},
            "the friendly name begins with the site",
        ),
        (
            offer("zigbee2mqtt", "zigbee2mqtt/school-1/fridge", "school-1/fridge"),
            {"id": "school-1-fridge-2", "site": "school-1"},
            "an id that is taken is numbered",
        ),
        (
            offer("tasmota", "tele/school-12-fridge/SENSOR", "school-12-fridge"),
            {"id": "school-12-fridge", "site": "school-12"},
            "the longest site that fits, school-12 before school-1",
        ),
        (
            offer("thingsboard-gateway", "v1/gateway/telemetry", "清河桥水位计", many=True),
            {"id": "thingsboard-gateway-0a1b2c", "external_id": "清河桥水位计", "name": "清河桥水位计"},
            "a name without a Latin letter, no place",
        ),
        (
            offer("native", "hub/v1/village-1/horn/telemetry", "village-1/horn",
                  found={"mains": {}, "button": {}, "battery": {}}),
            {"id": "village-1-horn", "site": "village-1", "kind": "speaker", "name": "horn"},
            "mains and a button: a loudspeaker node",
        ),
        (
            offer("mapped", "factory/7", "factory/7", many=True, mapping={"values": {"temperature": "t"}}),
            {"id": "7", "kind": "sensor", "payload": "mapped", "topic": "factory/7",
             "mapping": {"values": {"temperature": "t"}}},
            "no convention: by a mapping",
        ),
    ],
)  # fmt: skip
def test_guesses(found: Offer, wanted: dict[str, object], why: str) -> None:
    """Kind, place, id and the way to bind it; a place is left out rather than made up."""
    guessed = guess(found, COUNTY)
    assert {key: guessed[key] for key in wanted} == wanted, why
    assert ("site" in guessed) == ("site" in wanted), why


def heard(name: str) -> Heard:
    """A message of a device of this name."""
    return Heard("zigbee2mqtt", f"zigbee2mqtt/{name}", name, name, many=False, found=FOUND)


def kept(n: int = 0, payload: bytes = b"{}") -> offers.Kept:
    """A message, so many seconds after eight."""
    return offers.Kept("zigbee2mqtt/x", payload, retain=False, at=NOW + timedelta(seconds=n), packet=1)


def test_one_row_a_device(ledger: Ledger) -> None:
    """The first message is new, the next ones are counted; their values come together."""
    more = {"humidity": {"value": 61.0, "unit": "%", "at": "2026-11-22T08:00:01.000Z"}}

    def act(conn: Connection) -> list[bool]:
        again = replace(heard("a"), found=more, others=("linkquality",))
        return [offers.keep(conn, heard("a"), kept()), offers.keep(conn, again, kept(1))]

    assert ledger.write(act).result(10) == [True, False]
    with ledger.read() as conn:
        [found], following = offers.page(conn)
        assert (found.heard, sorted(found.found), found.others, following) == (
            2,
            ["humidity", "temperature"],
            ("linkquality",),
            None,
        )
        assert [each.at for each in offers.messages(conn, found.id)] == [NOW, NOW + timedelta(seconds=1)]


def test_messages_are_bounded(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """By number, by age, by size; and over all devices together."""
    monkeypatch.setattr(offers, "MESSAGES", 5)
    monkeypatch.setattr(offers, "ALL_MESSAGES", 8)

    def act(conn: Connection) -> None:
        for n in range(20):
            offers.keep(conn, heard("a"), kept(n))
        offers.keep(conn, heard("a"), kept(20, b"x" * (offers.BYTES + 1)))
        for n in range(6):
            offers.keep(conn, heard("b"), kept(n))

    ledger.write(act).result(10)
    with ledger.read() as conn:
        assert [each.at.second for each in offers.messages(conn, heard("a").id)] == [18, 19]
        assert len(offers.messages(conn, heard("b").id)) == 5
        assert offers.get(conn, heard("a").id).heard == 21, "what is not kept is counted"
    ledger.write(lambda conn: offers.keep(conn, heard("b"), kept(3 * 3600))).result(10)
    with ledger.read() as conn:
        assert len(offers.messages(conn, heard("b").id)) == 1, "the last hour only"


def test_a_flood_of_names_takes_no_device_away(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is heard again stays; names that are heard once push each other out."""
    monkeypatch.setattr(offers, "MOST", 50)
    monkeypatch.setattr(offers, "SLACK", 5)

    def act(conn: Connection) -> None:
        for n in range(2):
            offers.keep(conn, heard("real"), kept(n))
        for n in range(500):
            offers.keep(conn, heard(f"made-up-{n}"), kept(n))

    ledger.write(act).result(30)
    with ledger.read() as conn:
        found = offers.everyone(conn)
        assert 50 <= len(found) <= 55
        assert heard("real").id in {each.id for each in found}
        rows = conn.exec_driver_sql("SELECT count(*) FROM offered").scalar_one()
        assert rows <= 57, "the messages of those that went have gone with them"


def test_dismissed_is_counted_and_not_kept(ledger: Ledger) -> None:
    """It is listed on its own, keeps nothing, and can still be looked at."""

    def act(conn: Connection) -> None:
        offers.keep(conn, heard("a"), kept())
        offers.dismiss(conn, heard("a").id, who="admin", now=NOW)
        assert offers.keep(conn, heard("a"), kept(1)) is False

    ledger.write(act).result(10)
    with ledger.read() as conn:
        assert offers.page(conn)[0] == []
        [found], _ = offers.page(conn, state="dismissed")
        assert (found.heard, found.dismissed_by, offers.messages(conn, found.id)) == (2, "admin", [])
        with pytest.raises(NotFound):
            offers.get(conn, "no-such-offer")


def test_what_is_silent_goes(ledger: Ledger) -> None:
    """With its messages, after so long."""
    ledger.write(lambda conn: offers.keep(conn, heard("a"), kept())).result(10)
    assert ledger.write(lambda conn: offers.forget(conn, NOW)).result(10) == 0
    assert ledger.write(lambda conn: offers.forget(conn, NOW + timedelta(days=1))).result(10) == 1
    with ledger.read() as conn:
        assert offers.everyone(conn) == []
        assert offers.messages(conn, heard("a").id) == []
