"""Readings by the minute and by the hour say what SQL over the single readings says, also of what comes late."""

from __future__ import annotations

import random
from datetime import timedelta
from functools import partial
from itertools import pairwise
from typing import cast

import pytest
from sqlalchemy import text

from alerts.directory import Area, DeviceEntry, Directory, Site
from alerts.ledger import reading_expiry, reading_spans, readings
from alerts.ledger.engine import Connection, Ledger
from alerts.ledger.page import Page
from alerts.ledger.reading_spans import HOUR, MINUTE, SINGLE
from alerts.sight import Sight
from hub.serve.downsampling import GRACE, Downsampling
from ingest.instant import format_instant, parse_instant
from ingest.reading import Reading
from ingest.text import Text
from tests.alerts.county import NOW, do, look

NAME = Text("名", "name")
START = reading_spans.floor(NOW, HOUR)
COUNTY = Directory(
    areas={"county": Area("county", "county", NAME)},
    sites={"k1": Site("k1", "county", "canteen-school", NAME)},
    devices={each: DeviceEntry(each, "sensor", "k1", NAME) for each in ("fridge", "freezer")},
)
WHOLE = timedelta(hours=4)
"""After START: by then every reading of these tests is of a minute and an hour that are over."""


def reading(seconds: float, value: float, device: str = "fridge", quantity: str = "temperature") -> Reading:
    """One value, so long after START."""
    at = START + timedelta(seconds=seconds)
    return Reading(device, quantity, value, "°C", at, at)


def some(seed: int, count: int = 600) -> list[Reading]:
    """Values of two devices and two quantities over three hours."""
    chance = random.Random(seed)
    return [
        reading(
            chance.uniform(0, 10_800),
            chance.uniform(-20, 40),
            chance.choice(["fridge", "freezer"]),
            chance.choice(["temperature", "humidity"]),
        )
        for _ in range(count)
    ]


def sum_up(ledger: Ledger, after: timedelta = WHOLE) -> int:
    """What the job does so long after START."""
    job = Downsampling(ledger, clock=lambda: START + after)
    return sum(iter(job.once, 0))


def by_sql(conn: Connection, seconds: int) -> list[tuple[object, ...]]:
    """Plain SQL over the single readings: device, quantity, begin, number, lowest, highest, mean."""
    rows = conn.execute(
        text(
            f"SELECT device, quantity, at / {seconds}000 * {seconds}000 AS since, count(*), min(value), max(value),"  # noqa: S608 - numbers of this test
            " avg(value) FROM readings GROUP BY device, quantity, since ORDER BY since, device, quantity"
        )
    )
    return [tuple(row) for row in rows]


def by_page(conn: Connection, resolution: timedelta) -> list[tuple[object, ...]]:
    """The same through pages of the API, seven at a time."""
    found: list[tuple[object, ...]] = []
    cursor: str | None = None
    while True:
        page = readings.page(
            conn, Sight.everything(), directory=COUNTY, resolution=resolution, limit=7, cursor=cursor
        )
        for each in page.items:
            at = parse_instant(str(each["at"])).timestamp() * 1000
            figures = (each[name] for name in ("count", "low", "high", "value"))
            found.append((each["device"], each["quantity"], at, *figures))
        cursor = page.next
        if cursor is None:
            return found


def same(conn: Connection, resolution: timedelta) -> int:
    """Both agree; answers how many spans there are. Means are sums in another order, and floats."""
    expected, found = by_sql(conn, round(resolution.total_seconds())), by_page(conn, resolution)
    assert [each[:6] for each in found] == [each[:6] for each in expected]
    assert [each[6] for each in found] == [pytest.approx(each[6], rel=1e-9, abs=1e-9) for each in expected]
    return len(found)


def test_spans_are_what_sql_says(ledger: Ledger) -> None:
    """Minutes and hours of random values, in random order, stored in batches with sums between them."""
    for seed in range(4):
        do(ledger, partial(readings.add, new=some(seed)))
        sum_up(ledger)
        assert look(ledger, lambda conn: same(conn, MINUTE)) > 100
        assert look(ledger, lambda conn: same(conn, HOUR)) == 12
    assert sum_up(ledger) == 0, "nothing is due when nothing was stored"


def test_what_is_not_over_is_not_there(ledger: Ledger) -> None:
    """A minute appears some seconds after its end, its hour after the last of its minutes."""
    do(ledger, lambda tx: readings.add(tx, [reading(10, 4), reading(70, 6)]))
    sum_up(ledger, MINUTE + GRACE - timedelta(seconds=1))
    assert look(ledger, lambda conn: by_page(conn, MINUTE)) == []
    sum_up(ledger, MINUTE + GRACE)
    assert len(look(ledger, lambda conn: by_page(conn, MINUTE))) == 1
    sum_up(ledger, HOUR)
    assert look(ledger, lambda conn: by_page(conn, HOUR)) == []
    sum_up(ledger, HOUR + GRACE)
    assert look(ledger, lambda conn: same(conn, HOUR)) == 1


def test_what_comes_meanwhile_is_not_lost(ledger: Ledger) -> None:
    """A reading that is stored between the sum and its writing: the sum is not written, and is made again."""
    do(ledger, lambda tx: readings.add(tx, [reading(1, 4)]))
    due = look(ledger, lambda conn: reading_spans.due(conn, MINUTE, START + WHOLE, 10))[0]
    read = look(ledger, lambda conn: reading_spans.sums(conn, due))
    do(ledger, lambda tx: readings.add(tx, [reading(2, 8)]))
    assert do(ledger, lambda tx: reading_spans.settle(tx, due, read)) is False
    assert sum_up(ledger) == 2
    assert look(ledger, lambda conn: same(conn, MINUTE)) == 1


def test_a_double_makes_nothing_due(ledger: Ledger) -> None:
    """What is stored already changes no sum."""
    do(ledger, lambda tx: readings.add(tx, [reading(1, 4)]))
    sum_up(ledger)
    do(ledger, lambda tx: readings.add(tx, [reading(1, 4)]))
    assert look(ledger, lambda conn: reading_spans.oldest_due(conn, MINUTE)) is None


def test_nothing_goes_before_it_is_summed_up(ledger: Ledger) -> None:
    """Single readings of a minute that is due stay; afterwards they go, the minute keeps what it said."""
    do(ledger, lambda tx: readings.add(tx, [reading(0, 4), reading(61, 6), reading(7200, 8)]))
    before = START + timedelta(minutes=30)
    assert look(ledger, lambda conn: reading_expiry.limit(conn, SINGLE, before)) == START
    sum_up(ledger)
    said = look(ledger, lambda conn: by_page(conn, MINUTE))
    assert look(ledger, lambda conn: reading_expiry.limit(conn, SINGLE, before)) == before
    gone = do(ledger, lambda tx: reading_expiry.forget(tx, SINGLE, before, HOUR))
    assert (gone.rows, gone.done) == (2, True)
    assert look(ledger, lambda conn: reading_spans.stock(conn)[SINGLE].rows) == 1
    do(ledger, lambda tx: readings.add(tx, [reading(5, 40)]))
    sum_up(ledger)
    assert look(ledger, lambda conn: by_page(conn, MINUTE)) == said, (
        "its other readings are gone: it stays as it was"
    )
    assert look(ledger, lambda conn: reading_spans.oldest_due(conn, MINUTE)) is None


def test_pieces(ledger: Ledger) -> None:
    """The oldest go first, a piece at a time; the count of rows follows."""
    do(ledger, lambda tx: readings.add(tx, [reading(60 * each, each) for each in range(10)]))
    sum_up(ledger)
    before = START + timedelta(minutes=7)
    pieces: list[reading_expiry.Piece] = []
    while not pieces or not pieces[-1].done:
        pieces.append(do(ledger, lambda tx: reading_expiry.forget(tx, SINGLE, before, timedelta(minutes=3))))
    assert [each.rows for each in pieces] == [3, 3, 1]
    assert look(ledger, lambda conn: reading_spans.stock(conn)[SINGLE].rows) == 3
    assert look(ledger, lambda conn: reading_spans.stock(conn)[MINUTE].rows) == 10
    assert look(ledger, lambda conn: reading_expiry.before_of(conn, SINGLE, 1)) == START + timedelta(
        minutes=8
    )
    assert look(ledger, lambda conn: reading_expiry.before_of(conn, SINGLE, 3)) is None


@pytest.mark.parametrize("quantity", [None, "temperature"])
@pytest.mark.parametrize("device", [None, "fridge"])
def test_pages_join_without_gap(ledger: Ledger, device: str | None, quantity: str | None) -> None:
    """Single readings of one device or of all, in the order of their time, each once, also where times are equal."""
    new = [
        reading(each // 3, each % 5, name, word)
        for each in range(60)
        for name in ("fridge", "freezer")
        for word in ("temperature", "humidity")
    ]
    do(ledger, lambda tx: readings.add(tx, new))
    since, until = START + timedelta(seconds=3), START + timedelta(seconds=17)
    found: list[tuple[str, str, str]] = []
    cursor: str | None = None
    while True:

        def ask(conn: Connection, cursor: str | None = cursor) -> Page:
            return readings.page(
                conn, Sight.everything(), directory=COUNTY, device=device, quantity=quantity,
                since=since, until=until, limit=5, cursor=cursor,
            )  # fmt: skip

        page = look(ledger, ask)
        found += [
            cast("tuple[str, str, str]", (each["at"], each["device"], each["quantity"]))
            for each in page.items
        ]
        cursor = page.next
        if cursor is None:
            break
    expected = {
        (format_instant(each.at), each.device, each.quantity)
        for each in new
        if since <= each.at < until and device in {None, each.device} and quantity in {None, each.quantity}
    }
    assert set(found) == expected
    assert all(one < two for one, two in pairwise(found))
