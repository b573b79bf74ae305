"""A message that the broker delivers again is told from its neighbours, with an identifier and without."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alerts.ledger import readings
from alerts.ledger.engine import Ledger
from alerts.ledger.reading_rows import TOGETHER, key_of
from ingest.reading import Reading
from tests.alerts.county import NOW, do, look

SINCE = NOW - timedelta(hours=24)


def reading(seconds: int, message_id: str = "", quantity: str = "temperature") -> Reading:
    """One value of the fridge, so many seconds after NOW."""
    at = NOW + timedelta(seconds=seconds)
    return Reading("fridge", quantity, 4.0, "°C", at, at, message_id=message_id)


@pytest.mark.parametrize(
    ("why", "again", "known"),
    [
        ("the same instant, no identifier", reading(0), True),
        ("a neighbour without identifier is another message", reading(1), False),
        ("another quantity", reading(0, quantity="humidity"), False),
        ("the same identifier, stamped at another arrival", reading(60, "m1"), True),
        ("another identifier", reading(2, "m2"), False),
        ("an identifier, where only its instant is known", reading(0, "m3"), False),
    ],
)
def test_what_was_stored_before(ledger: Ledger, why: str, again: Reading, known: bool) -> None:
    """Stored are one reading with its own instant and one with an identifier."""
    do(ledger, lambda tx: readings.add(tx, [reading(0), reading(2, "m1")]))
    found = look(ledger, lambda conn: readings.came(conn, [again], SINCE))
    assert (key_of(again) in found) is known, why


@pytest.mark.parametrize(
    ("why", "again", "known"),
    [
        ("the same key", reading(0), True),
        ("the same instant, another message", reading(0, "m9"), False),
        ("the same message, another instant", reading(3, "m1"), False),
        ("the same message and instant", reading(2, "m1"), True),
        ("an equal value at another time", reading(1), False),
    ],
)
def test_what_is_there_under_its_own_key(ledger: Ledger, why: str, again: Reading, known: bool) -> None:
    """The key is device, quantity, at and message: nothing else makes two readings one."""
    do(ledger, lambda tx: readings.add(tx, [reading(0), reading(2, "m1")]))
    assert (key_of(again) in look(ledger, lambda conn: readings.there(conn, [again]))) is known, why
    assert do(ledger, lambda tx: readings.add(tx, [again, again])) == (0 if known else 1), why


def test_a_large_batch_counts_what_is_new(ledger: Ledger) -> None:
    """However many rows one statement takes: doubles within the batch and of earlier ones are stored once."""
    do(ledger, lambda tx: readings.add(tx, [reading(0)]))
    many = [reading(seconds) for seconds in range(2 * TOGETHER + 7)]
    assert do(ledger, lambda tx: readings.add(tx, [*many, *many])) == len(many) - 1
    assert len(look(ledger, lambda conn: readings.there(conn, many))) == len(many)


def test_the_newest_of_each_quantity(ledger: Ledger) -> None:
    """Whatever came last: what was true last counts; a device that never spoke has none."""
    said = [reading(5), reading(3), reading(4, quantity="humidity")]
    do(ledger, lambda tx: readings.add(tx, said))
    assert look(ledger, lambda conn: readings.newest_of(conn, "fridge")) == {
        "temperature": reading(5).at,
        "humidity": reading(4).at,
    }
    assert look(ledger, lambda conn: readings.newest_of(conn, "oven")) == {}
